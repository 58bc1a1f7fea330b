#!/usr/bin/env python3
"""A real SMTP server on a free loopback port that keeps nothing and tells everything.

    target/test-venv/bin/python scripts/smtp-sink.py [--refuse N | --reject]

Prints "port N" first, then one JSON line {"from", "to", "data"} for every mail it accepted; "data" is
the mail as it came, line ends included. Ends when its standard input is closed.
"""

import argparse
import asyncio
import json
import sys

from aiosmtpd.smtp import SMTP


class Sink:
    """Decides about each mail, and prints those it takes."""

    def __init__(self, refusals: int, reject: bool) -> None:
        self.refusals_left = refusals
        self.reject = reject

    async def handle_DATA(self, _server, _session, envelope) -> str:
        if self.reject:
            return "550 5.7.1 This server takes no mail"
        if self.refusals_left > 0:
            self.refusals_left -= 1
            return "451 4.3.0 Try again later"
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.original_content.decode("utf-8", "backslashreplace"),
        }
        print(json.dumps(mail), flush=True)
        return "250 2.0.0 Taken"


async def serve(sink: Sink) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(sink, hostname="localhost", enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    answer = parser.add_mutually_exclusive_group()
    answer.add_argument("--refuse", type=int, default=0, metavar="N", help="451 to the first N mails")
    answer.add_argument("--reject", action="store_true", help="550 to every mail")
    options = parser.parse_args()
    asyncio.run(serve(Sink(options.refuse, options.reject)))


if __name__ == "__main__":
    main()
