"""Runs a command with a server of its own, whose address it finds in PUBSUB_EMULATOR_HOST."""

import os
import subprocess
import sys

from hub import Hub

hub = Hub()
try:
    environment = {**os.environ, "PUBSUB_EMULATOR_HOST": hub.start()}
    sys.exit(subprocess.run(sys.argv[1:], env=environment, check=False).returncode)
finally:
    hub.close()
