"""Where measurements are made: a folder on a disk, servers that are started afresh in it, and the tester."""

import contextlib
import json
import math
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import fill
import processes
from builds import Build
from processes import LISTENS, Broken, Missing, Server, run, say

APPENDS = 2_000
PAGE = bytes(4 << 10)
# Opening, warming up, draining and writing the report, beside what is measured.
LOAD_SECONDS_MAX = 400


class Load:
    """A run of the tester."""

    def __init__(self, lab, mode, command, path, cpu):
        self.lab, self.mode, self.path = lab, mode, path
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=processes.prepare(cpu),
        )

    def has_ended(self):
        return self.process.poll() is not None

    def ended(self, signal=None):
        """Its report, once it is over; a signal ends it before its time."""
        if signal is not None:
            self.process.send_signal(signal)
        said, _ = self.process.communicate(timeout=LOAD_SECONDS_MAX + self.lab.seconds)
        if self.process.returncode != 0:
            raise Broken(f"the tester found a fault or could not run:\n{said}")
        report = json.loads(self.path.read_text())
        for words, count in report["errors"].items():
            self.lab.note(f"`{self.mode}` met {words!r} {count} times")
        return report

    def stop(self):
        if not self.has_ended():
            self.process.kill()
            self.process.communicate()


class Lab:
    """One run of the benchmark. Everything lies in one folder, which is gone afterwards."""

    def __init__(self, options):
        self.options = options
        self.seconds = options.seconds
        self.server_cpu, self.tester_cpu = processes.cpus()
        self.notes = []
        self.failures = 0
        self.folder = None
        self.bin = None
        # The hubs to measure, and the one that is measured now.
        self.builds = []
        self.build = None
        self._made = {}

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tradewind-bench.", dir=self.options.disk))
        try:
            self.bin = processes.build()
            self.builds = [Build("new", self.bin / "tradewind"), *Build.olds(self.options.against)]
            self.build = self.builds[0]
            for build in self.builds:
                say(f"{build}: {build.identity}")
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def on(self, build):
        """Within it, hubs are of that build."""
        before, self.build = self.build, build
        try:
            yield
        finally:
            self.build = before

    def once(self, key, make):
        """What is made at most once in a run, or is missing for all of it."""
        if key not in self._made:
            try:
                self._made[key] = make()
            except Missing as missing:
                self._made[key] = missing
        made = self._made[key]
        if isinstance(made, Missing):
            raise made
        return made

    def peers(self):
        return self.once("peers", processes.install_peers)

    def storing_nothing(self):
        return self.once("storing nothing", processes.build_storing_nothing)

    # Databases

    def tradewind(self, folder, *args, settings=(), binary=None, url=None):
        """The command line of a hub whose files are in a folder; it is given what it knows."""
        url = url or f"sqlite://{folder}/tradewind.db"
        usual = {
            "http.bind": "127.0.0.1:0",
            "store.url": url,
            "mail.url": f"file://{folder}/outbox",
            "auth.secret_file": f"{folder}/jwt.key",
            "limits.enabled": "false",
        }
        wanted = [*(f"{key}={value}" for key, value in usual.items()), *settings]
        known, unknown = self.build.split(wanted)
        for key in unknown:
            self.note(f"{self.build} has no setting `{key}`")
        sets = [word for setting in known for word in ("--set", setting)]
        return [binary or self.build.binary, *args, *sets]

    def seed(self, folder, users, friends="none", url=None):
        folder.mkdir(exist_ok=True)
        words = ["seed", "--users", str(users), "--friends", friends]
        words += ["--out", folder / "users.json"]
        run(self.tradewind(folder, *words, url=url), cwd=folder)
        return folder

    def seeded(self, users, friends="none"):
        """A folder with a database of so many users, to be copied."""
        folder = self.folder / f"seeded-{users}-{friends}-{self.build.key}"
        return self.once(folder, lambda: self.seed(folder, users, friends))

    def devices(self, count, users=0):
        """A folder with a database of an app with so many devices, to be copied."""

        def make():
            folder = self.folder / f"devices-{count}-{users}-{self.build.key}"
            folder.mkdir()
            if users:
                self.seed(folder, users)
            words = ["seed", "--devices", str(count), "--out", folder / "devices.json"]
            run(self.tradewind(folder, *words), cwd=folder)
            return folder

        return self.once(("devices", count, users, self.build.key), make)

    def filled(self, messages, long, short):
        """A folder with a database of messages, to be read only."""

        def make():
            rooms = 1 + math.ceil((messages - long) / short)
            folder = self.seed(self.folder / f"filled-{self.build.key}", rooms * 2)
            say(f"filling {messages:,} messages into {rooms:,} rooms")
            users = json.loads((folder / "users.json").read_text())
            fill.fill(folder / "tradewind.db", users, messages, long)
            (folder / "short.json").write_text(json.dumps(users[2:]))
            return folder

        return self.once(("filled", messages, long, short, self.build.key), make)

    @contextlib.contextmanager
    def fresh(self):
        """An empty folder."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            yield pathlib.Path(folder)

    @contextlib.contextmanager
    def copy(self, folder):
        with self.fresh() as fresh:
            yield pathlib.Path(shutil.copytree(folder, fresh, dirs_exist_ok=True))

    # Servers

    def hub(self, folder, settings=(), pinned=False, binary=None, url=None, says=LISTENS):
        """The hub on a folder."""
        settings = [*settings, "http.workers=1"] if pinned else settings
        command = self.tradewind(folder, "serve", settings=settings, binary=binary, url=url)
        return Server(command, folder, self.server_cpu if pinned else None, says)

    def peer(self, name):
        """A server to compare with, pinned."""
        own = {"tcp": "tcp-echo", "floor": "publish-floor"}
        if name in own:
            command = [self.bin / "examples" / own[name]]
        else:
            folder = self.peers()
            runtime = folder / "node_modules" / ".bin" / "bun" if name == "bun" else "node"
            command = [runtime, folder / f"{name}.js"]
        return Server(command, self.folder, self.server_cpu)

    # Measurements

    def load(self, mode, server, *args, **options):
        """Runs the tester, and returns its report."""
        with self.loading(mode, server, *args, **options) as load:
            return load.ended()

    @contextlib.contextmanager
    def loading(self, mode, server, *args, accounts=None, pinned=False, seconds=None):
        """The tester at work, stopped if it is left."""
        # Two may be at work.
        handle, path = tempfile.mkstemp(prefix=f"report-{mode}-", suffix=".json", dir=self.folder)
        os.close(handle)
        path = pathlib.Path(path)
        command = [self.bin / "tradewind-loadtest", mode, *args, "--address", server.address]
        command += ["--server-pid", server.pid, "--json", path]
        command += ["--seconds", seconds or self.seconds]
        if accounts:
            command += ["--accounts", accounts]
        load = Load(self, mode, command, path, self.tester_cpu if pinned else None)
        try:
            yield load
        finally:
            load.stop()

    def note(self, text):
        say(f"note: {text}")
        self.notes.append(text)

    def take_notes(self):
        notes, self.notes = self.notes, []
        return notes

    def disk(self):
        """Microseconds that appending 4 KiB and waiting for the disk takes."""
        path = self.folder / "append"
        times = []
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            for _ in range(APPENDS):
                begun = time.perf_counter_ns()
                os.write(file, PAGE)
                os.fdatasync(file)
                times.append((time.perf_counter_ns() - begun) / 1e3)
        finally:
            os.close(file)
            path.unlink()
        times.sort()
        return {"p50": times[len(times) // 2], "p99": times[len(times) * 99 // 100]}
