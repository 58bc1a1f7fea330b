"""The hubs that are measured: the build of this tree and, with --against, others beside it."""

import functools
import hashlib
import pathlib
import tomllib

from processes import run


class Build:
    """A binary of the hub, and which settings it knows."""

    def __init__(self, key, binary):
        self.key = key
        self.binary = pathlib.Path(binary)

    @classmethod
    def olds(cls, binaries):
        """Those after --against, numbered if they are several."""
        numbers = range(1, len(binaries) + 1) if len(binaries) > 1 else [""]
        return [cls(f"old{number}", binary.resolve()) for number, binary in zip(numbers, binaries)]

    def __str__(self):
        return f"the {self.key} build"

    @functools.cached_property
    def known(self):
        """The settings of its default file."""
        sections = tomllib.loads(run([self.binary, "config", "default"]))
        return {
            f"{section}.{key}"
            for section, settings in sections.items()
            if isinstance(settings, dict)
            for key in settings
        }

    def split(self, settings):
        """Of settings, those that it knows, and the names of the others."""
        keys = [setting.split("=", 1)[0] for setting in settings]
        known = [setting for setting, key in zip(settings, keys) if key in self.known]
        return known, [key for key in keys if key not in self.known]

    @functools.cached_property
    def identity(self):
        """What tells it from others: its version and its bytes."""
        digest = hashlib.sha256(self.binary.read_bytes()).hexdigest()
        return f"{run([self.binary, '--version']).strip()}, sha256 {digest[:12]}"
