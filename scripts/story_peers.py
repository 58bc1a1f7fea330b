"""The two sides of scripts/story.py: the server as a process, and a client on a WebSocket. They know
the form of frames, deadlines and how to compare; what is said when is the story's business.
"""

import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 10
FRAME_SECONDS_MAX = 15

CREATED_AT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")
CLOSE_SERVICE_RESTART = 1012


class Difference(Exception):
    """The server did something else than the story says."""


def check(condition, message):
    if not condition:
        raise Difference(message)


def check_equal(found, expected, what):
    check(found == expected, f"{what}:\n  expected {shorten(expected)}\n  found    {shorten(found)}")


def shorten(value):
    text = repr(value)
    return text if len(text) <= 600 else f"{text[:600]}... ({len(text)} characters)"


def wait_for(what, seconds_max, look):
    """Looks until there is something to see, and returns it."""
    deadline = time.monotonic() + seconds_max
    while True:
        seen = look()
        if seen:
            return seen
        check(time.monotonic() < deadline, f"{what}: nothing in {seconds_max} s")
        time.sleep(0.02)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """The program under test: one folder and one port for its whole life, but many starts."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.outbox = folder / "outbox"
        self.log = folder / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self, **settings):
        """Starts it with the story's settings and those given, e.g. DM__AUDIENCE="friends"."""
        settings = {
            "HTTP__BIND": f"127.0.0.1:{self.port}",
            "STORE__URL": f"sqlite://{self.folder}/tradewind.db",
            "MAIL__URL": f"file://{self.outbox}",
            "AUTH__SECRET_FILE": f"{self.folder}/jwt.key",
            # The two talk faster than people do.
            "LIMITS__ENABLED": "false",
            **settings,
        }
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TRADEWIND__")}
        environment |= {f"TRADEWIND__{key}": value for key, value in settings.items()}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve"],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_for("/readyz answers 200", START_SECONDS_MAX, self.is_ready)

    def is_ready(self):
        status = self.process.poll()
        check(status is None, f"the server ended at its start with status {status}")
        try:
            with OPENER.open(f"{self.url}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self):
        """Like a power cut for the process: no signal handler runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self, clients):
        """Asks it to end, as a service manager does; all clients must be told why."""
        self.process.terminate()
        for client in clients:
            check_equal(client.close_code(), CLOSE_SERVICE_RESTART, f"close code seen by {client.name}")
        try:
            status = self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            raise Difference(f"the server still runs {STOP_SECONDS_MAX} s after SIGTERM") from None
        check_equal(status, 0, "exit status after SIGTERM")


# Loopback is never reached through a proxy, whatever the environment says.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def http(url, fields=None, as_json=False):
    """GETs, or POSTs the fields as a form or as JSON; returns status and JSON body."""
    body, headers = None, {"Accept": "application/json"}
    if fields is not None:
        body = json.dumps(fields).encode() if as_json else urllib.parse.urlencode(fields).encode()
        kind = "application/json" if as_json else "application/x-www-form-urlencoded; charset=utf-8"
        headers["Content-Type"] = kind
    try:
        with OPENER.open(urllib.request.Request(url, body, headers), timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


class Client:
    """One WebSocket of one user. Frames are taken in the order they come; none may be left over."""

    def __init__(self, server, name, token):
        self.name = name
        self.fences = 0
        self.socket = connect(
            f"ws://127.0.0.1:{server.port}/ws",
            proxy=None,
            open_timeout=10,
            close_timeout=5,
            ping_interval=None,
        )
        self.fence()
        self.send("auth", {"auth": token})
        self.auth = self.expect("auth")
        self.user = self.auth["self_user"]
        self.id = self.user["id"]

    def send(self, kind, payload):
        self.socket.send(json.dumps({"type": kind, "payload": payload}, ensure_ascii=False))

    def receive_text(self):
        try:
            text = self.socket.recv(timeout=FRAME_SECONDS_MAX)
        except TimeoutError:
            raise Difference(f"{self.name}: no frame in {FRAME_SECONDS_MAX} s") from None
        except ConnectionClosed as closed:
            raise Difference(f"{self.name}: the connection was closed: {closed}") from None
        check(isinstance(text, str), f"{self.name}: a binary frame came")
        return text

    def receive(self):
        frame = json.loads(self.receive_text())
        check(sorted(frame) == ["payload", "type"], f"{self.name}: not a frame: {shorten(frame)}")
        return frame

    def expect(self, kind):
        """The payload of the next frame, which must be of this type."""
        frame = self.receive()
        check(frame["type"] == kind, f"{self.name}: expected a frame of type {kind}, found {shorten(frame)}")
        return frame["payload"]

    def expect_error(self, code, reason):
        check_equal(self.expect("error"), {"code": code, "reason": reason}, f"{self.name}: error")

    def texts_before_fence(self):
        """All frames that were on their way, as they came: answers leave in the order of the requests,
        so what is asked before a heartbeat is answered before its echo."""
        self.fences += 1
        fence = {"type": "heartbeat", "payload": {"count": self.fences}}
        self.send("heartbeat", fence["payload"])
        texts = []
        while True:
            text = self.receive_text()
            if json.loads(text) == fence:
                return texts
            texts.append(text)

    def fence(self):
        """Nothing may be left over."""
        check_equal(self.texts_before_fence(), [], f"{self.name}: frames that nobody asked for")

    def close_code(self):
        """Reads to the end of the connection; no further frame may come."""
        try:
            frame = self.socket.recv(timeout=STOP_SECONDS_MAX)
        except TimeoutError:
            raise Difference(f"{self.name}: not closed in {STOP_SECONDS_MAX} s") from None
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None
        raise Difference(f"{self.name}: a frame instead of the end: {shorten(frame)}")


def room_of(one, other):
    return str(int(one.id) ^ int(other.id))


def check_chat(chat, kind, author, room, content):
    keys = ["chat_id", "content", "created_at", "id", "type", "user_id"]
    check_equal(sorted(chat), keys, "keys of a chat object")
    found = [chat["type"], chat["user_id"], chat["chat_id"], chat["content"]]
    check_equal(found, [kind, author.id, room, content], "chat object")
    check(CREATED_AT.fullmatch(chat["created_at"]), f"form of created_at: {chat['created_at']}")
    check_id(chat["id"])


def check_id(text):
    check(isinstance(text, str) and re.fullmatch(r"[1-9][0-9]*", text), f"not an id: {text!r}")
    check(int(text) < 2**53, f"id {text} is not exact as a JavaScript number")
