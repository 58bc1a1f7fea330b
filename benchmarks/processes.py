"""Processes that are measured: how they are built, started on which CPU, and stopped by their pid."""

import contextlib
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
PEERS = ROOT / "benchmarks" / "peers"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 20


class Missing(Exception):
    """Something that is measured beside the hub is not to be had here."""


class Broken(Exception):
    """A process did not do what it is for."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def cpus():
    """One CPU for the server and one for the tester, where there are two."""
    there = sorted(os.sched_getaffinity(0))
    return (there[0], there[1]) if len(there) > 1 else (None, None)


def prepare(cpu):
    """What a child does before it becomes its program: choose its CPU, allow it many files."""

    def in_child():
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    return in_child


def run(command, **options):
    """Runs a command to its end, which must be good; what it said."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise Broken(f"{pathlib.Path(words[0]).name} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout


# How servers say where they listen, by what the address is called here.
LISTENS = {
    "address": r"listens on (?:http://)?(?:127\.0\.0\.1:)?(\d+)",
}


class Server:
    """A process that says where it listens. To be used in `with`, which stops it."""

    def __init__(self, command, folder, cpu=None, says=LISTENS, is_heard=True):
        self.says = says
        self.log = pathlib.Path(folder) / "server.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if is_heard else log,
                stderr=log,
                text=True,
                preexec_fn=prepare(cpu),
            )
        self.pid = self.process.pid
        for name in says:
            setattr(self, name, None)

    def __enter__(self):
        timer = threading.Timer(START_SECONDS_MAX, self.process.kill)
        timer.start()
        missing = dict(self.says)
        try:
            for line in self.process.stdout:
                for name, pattern in list(missing.items()):
                    if found := re.search(pattern, line):
                        setattr(self, name, f"127.0.0.1:{found[1]}")
                        del missing[name]
                if not missing:
                    return self
        finally:
            timer.cancel()
            if missing:
                self.stop()
        raise Broken(f"the server did not start: {self.log.read_text()[-500:]}")

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


class PortServer(Server):
    """A process that is told where to listen, and says nothing that is waited for. To be used in `with`."""

    def __init__(self, command, folder, port):
        super().__init__(command, folder, is_heard=False)
        self.address = f"127.0.0.1:{port}"
        self.port = port

    def __enter__(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return self
            time.sleep(0.05)
        self.stop()
        raise Broken(f"the server did not start: {self.log.read_text()[-500:]}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cargo(*args, target=TARGET):
    words = ["cargo", "build", "--release", "--locked", *args]
    say(" ".join(words))
    run([*words, "--quiet", "--target-dir", target], cwd=ROOT)
    return target / "release"


def build():
    """The hub, as it is delivered, the tester, the echo and the floor: the folder they are in."""
    cargo()
    return cargo("--package", "tradewind-loadtest", "--bins", "--examples")


def build_storing_nothing():
    """The hub that answers as always and stores nothing."""
    if "storing-nothing" not in (ROOT / "Cargo.toml").read_text(encoding="utf-8"):
        raise Missing("the hub has no feature `storing-nothing`")
    return cargo("--package", "tradewind", "--features", "storing-nothing", target=TARGET / "storing-nothing") / "tradewind"


def install_peers():
    """Puts the servers of npm into the target folder; the folder they are in."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise Missing(f"{tool} is not installed")
    folder = TARGET / "peers"
    is_new = not (folder / "node_modules").is_dir() or (
        (folder / "package.json").read_bytes() != (PEERS / "package.json").read_bytes()
    )
    shutil.copytree(PEERS, folder, dirs_exist_ok=True)
    if is_new:
        say("npm install (bun, ws, socket.io)")
        command = ["npm", "install", "--omit=dev", "--no-package-lock", "--no-audit", "--no-fund"]
        try:
            run(command, cwd=folder)
        except Broken as error:
            say(str(error))
            (folder / "package.json").unlink()
            raise Missing("npm could not install the other servers") from None
    return folder
