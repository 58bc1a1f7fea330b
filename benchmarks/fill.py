#!/usr/bin/env python3
"""Fills a SQLite database with conversations: one long one of the first two users, and short ones of the
pairs behind them, all growing at the same time.

    tradewind migrate
    tradewind seed --users 20002 --friends none --out users.json
    benchmarks/fill.py data/tradewind.db users.json --messages 10000000 --long 1000000

The hub must not run meanwhile. Messages are a millisecond apart, from 2026-01-01 00:00 UTC on, so that
none has the id of one that is sent later. Their content is what the load tester reads: a stamp of run 0
with the conversation and the number in it.
"""

import argparse
import json
import sqlite3

# Microseconds; ids count milliseconds since then, shifted by their 12 bits of node and sequence.
EPOCH = 1_767_225_600_000_000
SPACING = 1_000
ID_SHIFT = 12

ROOM_COLUMNS = "id, low, high"
MESSAGE_COLUMNS = (
    "id, room_id, seq, sent_rev, rev, author_id, created_at, edited_at, deleted, content"
)

# Every :share-th message belongs to the long conversation, number 0; the short ones take turns.
PLACES = """
WITH RECURSIVE
    moment (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM moment WHERE i < :messages),
    other (i, j) AS (SELECT i, i - i / :share - 1 FROM moment),
    place (i, room, seq) AS (
        SELECT i,
               iif(i % :share = 0, 0, 1 + j % :short),
               iif(i % :share = 0, i / :share, 1 + j / :short)
        FROM other
    )
"""
MESSAGES = f"""{PLACES}
INSERT INTO messages ({MESSAGE_COLUMNS})
SELECT i << {ID_SHIFT}, rooms.id, place.seq, place.seq, place.seq,
       iif(place.seq % 2, low, high), {EPOCH} + i * {SPACING}, NULL, 0,
       printf('tw%016x%08x%08x%016x', 0, room, place.seq, i) || :rest
FROM place CROSS JOIN rooms ON rooms.id = room + 1
"""
# A file that is made anew needs no safety; the index of many rooms needs room in memory.
PRAGMAS = ["journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"]


def pairs(users):
    """Low and high of neighbours."""
    ids = [int(user["id"]) for user in users]
    return [sorted(pair) for pair in zip(ids[::2], ids[1::2])]


def fill(database, users, messages, long, size=100):
    """Writes the messages, `long` of them into the conversation of the first two users."""
    rooms = [(number + 1, low, high) for number, (low, high) in enumerate(pairs(users))]
    places = {"messages": messages, "share": messages // long, "short": len(rooms) - 1}
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("BEGIN")
        marks = ", ".join("?" * len(rooms[0]))
        connection.executemany(f"INSERT INTO rooms ({ROOM_COLUMNS}) VALUES ({marks})", rooms)
        connection.execute(MESSAGES, places | {"rest": "." * (size - 50)})
        connection.execute("COMMIT")
    finally:
        connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("database")
    parser.add_argument("users")
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--long", type=int, default=1_000_000)
    args = parser.parse_args()
    with open(args.users, encoding="utf-8") as file:
        users = json.load(file)
    fill(args.database, users, args.messages, args.long)


if __name__ == "__main__":
    main()
