#!/usr/bin/env python3
"""A device: connects, shows its token, prints each message and acknowledges it, and comes back.

    device.py URL TOKEN DEVICE [--count N] [--say TEXT]

    device.py ws://127.0.0.1:8080/device/ws "$TOKEN" "$DEVICE"

Python's standard library is all it needs. A message is printed as its id, a space and its text as JSON. With --count it
ends after so many messages; with --say it sends something to the app's servers when it has been let in.
"""

import argparse
import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import sys
import time
from urllib.parse import urlsplit

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
FRAME_BYTES_MAX = 16 * 1024 * 1024
# Close codes after which coming back is of no use: another socket of the device, a token that lets nobody in.
FOR_GOOD = {4001, 4401}


class Closed(Exception):
    """The socket is closed, with a code and a reason."""

    def __init__(self, code, reason):
        super().__init__(f"{code} {reason}")
        self.code = code


class WebSocket:
    """The client's half of RFC 6455, for text."""

    def __init__(self, url, timeout):
        parts = urlsplit(url)
        secure = parts.scheme == "wss"
        port = parts.port or (443 if secure else 80)
        # The hub pings more often than that: who hears nothing for so long is cut off.
        self.socket = socket.create_connection((parts.hostname, port), timeout)
        if secure:
            context = ssl.create_default_context()
            self.socket = context.wrap_socket(self.socket, server_hostname=parts.hostname)
        self.reader = self.socket.makefile("rb")
        self._shake(parts, port)

    def _shake(self, parts, port):
        key = base64.b64encode(os.urandom(16)).decode()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {host}:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        status = self.reader.readline(4096).decode("latin-1").strip()
        headers = {}
        while line := self.reader.readline(4096).decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        if " 101 " not in f"{status} " or headers.get("sec-websocket-accept") != accept:
            raise ConnectionError(status or "no answer")

    def _send(self, opcode, payload):
        mask = os.urandom(4)
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self.socket.sendall(head + mask + masked)

    def _read(self, size):
        data = self.reader.read(size)
        if len(data) < size:
            raise ConnectionError("the connection has ended")
        return data

    def _frame(self):
        first, second = self._read(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._read(8))
        if size > FRAME_BYTES_MAX:
            raise ConnectionError("a frame is too long")
        return first & 0x80, first & 0x0F, self._read(size)

    def send(self, action, **body):
        self._send(TEXT, json.dumps({"action": action, "body": body}).encode())

    def receive(self):
        """The next message; pings are answered meanwhile."""
        text = b""
        while True:
            is_last, opcode, payload = self._frame()
            if opcode == PING:
                self._send(PONG, payload)
            elif opcode == CLOSE:
                self._send(CLOSE, payload[:2])
                code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                raise Closed(code, payload[2:].decode(errors="replace"))
            elif opcode != PONG:
                text += payload
                if len(text) > FRAME_BYTES_MAX:
                    raise ConnectionError("a message is too long")
                if is_last:
                    return json.loads(text)

    def close(self):
        self._send(CLOSE, struct.pack("!H", 1000))
        self.socket.close()


class Device:
    def __init__(self, arguments):
        self.arguments = arguments
        self.left = arguments.count
        # A message may come twice: if it was received, and the connection ended before that was acknowledged.
        self.seen = {}

    def live(self):
        """One connection, from its first frame to its last. Gives whether the device is done."""
        ws = WebSocket(self.arguments.url, timeout=90)
        ws.send("auth", apiToken=self.arguments.token, deviceId=self.arguments.device)
        answer = ws.receive()["body"]
        if answer["resultCode"] != 1:
            ws.receive()
        print(f"in as {answer['deviceRegId']}", file=sys.stderr)
        if self.arguments.say is not None:
            ws.send("sendUpstreamMsg", data=self.arguments.say, serverRegId=None, umi="said")
        while self.left is None or self.left > 0:
            self.hear(ws)
        # An acknowledgement has no answer. This has one, and comes after it.
        ws.send("sendUpstreamMsg", data="bye", serverRegId=None, umi="bye")
        while not self.hear(ws):
            pass
        ws.close()

    def hear(self, ws):
        """Handles a frame; whether it answers our goodbye."""
        frame = ws.receive()
        action, body = frame["action"], frame["body"]
        if action == "onMsgReceived":
            # The newest comes first.
            for message in reversed(body["msgs"]):
                self.take(message)
            ws.send("ackMsgs", msgIds=[message["msgId"] for message in body["msgs"]])
        elif action == "onSendUpstreamMsgResult":
            print(f"{body['umi']}: {body['resultCode']} {body['resultMsg']}", file=sys.stderr)
            return body["umi"] == "bye"
        else:
            print(json.dumps(frame, ensure_ascii=False), file=sys.stderr)
        return False

    def take(self, message):
        if message["msgId"] in self.seen:
            return
        self.seen[message["msgId"]] = True
        if len(self.seen) > 10_000:
            del self.seen[next(iter(self.seen))]
        print(message["msgId"], json.dumps(message["data"], ensure_ascii=False), flush=True)
        if self.left is not None:
            self.left -= 1


def main():
    parser = argparse.ArgumentParser(description="A device of Tradewind.")
    parser.add_argument("url", help="such as ws://127.0.0.1:8080/device/ws")
    parser.add_argument("token", help="a token of the device's user")
    parser.add_argument("device", help="the device's id")
    parser.add_argument("--count", type=int, help="end after so many messages")
    parser.add_argument("--say", help="something for the app's servers")
    device, wait = Device(parser.parse_args()), 1.0
    while True:
        began = time.monotonic()
        try:
            return device.live()
        except Closed as closed:
            print(f"closed: {closed}", file=sys.stderr)
            if closed.code in FOR_GOOD:
                sys.exit(1)
        except (OSError, ValueError) as fault:
            print(f"no connection: {fault}", file=sys.stderr)
        # The longer the hub is away, the more rarely it is asked.
        wait = 1.0 if time.monotonic() - began > 60 else min(wait * 2, 30.0)
        time.sleep(wait / 2)


if __name__ == "__main__":
    main()
