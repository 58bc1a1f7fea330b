"""A server of its own for tests of Pub/Sub, as a process."""

import os
import pathlib
import re
import subprocess
import tempfile
import time

STARTED = re.compile(r"^  pubsub +http://(\S+)/v1$", re.MULTILINE)
START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 20


class Hub:
    """`tradewind serve` in a folder, with an address for Pub/Sub that a restart keeps."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="pubsub-clients-")
        self.bind = "127.0.0.1:0"
        self.process: "subprocess.Popen | None" = None

    def start(self) -> str:
        """Starts it; gives the address of Pub/Sub."""
        binary = os.environ["TRADEWIND"]
        settings = {
            "TRADEWIND__HTTP__BIND": "127.0.0.1:0",
            "TRADEWIND__PUBSUB__BIND": self.bind,
            "TRADEWIND__LIMITS__ENABLED": "false",
            "TRADEWIND__LOG__FILTER": "warn",
        }
        log = pathlib.Path(self.folder.name, "server.log")
        with log.open("ab") as output:
            began = output.tell()
            self.process = subprocess.Popen(
                [binary, "serve"],
                cwd=self.folder.name,
                env={**os.environ, **settings},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self.process.poll() is None:
            started = STARTED.search(log.read_bytes()[began:].decode())
            if started:
                self.bind = started.group(1)
                return self.bind
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"the server does not start: {log.read_text()}")

    def stop(self) -> None:
        """SIGTERM, and waits for the end."""
        self._end(subprocess.Popen.terminate)

    def kill(self) -> None:
        """SIGKILL."""
        self._end(subprocess.Popen.kill)

    def _end(self, how) -> None:
        process, self.process = self.process, None
        if process:
            how(process)
            process.wait(STOP_SECONDS_MAX)

    def close(self) -> None:
        self.stop()
        self.folder.cleanup()
