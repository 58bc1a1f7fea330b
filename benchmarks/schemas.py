#!/usr/bin/env python3
"""What each index on the messages costs the writer, on SQLite: rows a second and bytes written a row.

    benchmarks/schemas.py [--rows 200000] [--rounds 3] [--disk FOLDER]

Batches of 256 rows are committed with a sync, into rooms taken at random. The schema of the hub is `one index`;
each other one is that with something more, or something else. The figures are of Python's sqlite3 and
compare with each other only.
"""

import argparse
import pathlib
import random
import sqlite3
import statistics
import tempfile
import time

BATCH = 256
CONTENT = "x" * 100
COLUMNS = """
    room_id INTEGER NOT NULL, seq INTEGER NOT NULL, sent_rev INTEGER NOT NULL, rev INTEGER NOT NULL,
    author_id INTEGER NOT NULL, created_at INTEGER NOT NULL, edited_at INTEGER, deleted INTEGER NOT NULL,
    content TEXT NOT NULL
"""
EDITED = "CREATE INDEX edited ON messages (room_id, rev) WHERE edited_at IS NOT NULL;"
BY_ID = f"CREATE TABLE messages (id INTEGER PRIMARY KEY, {COLUMNS}"
ONE = f"{BY_ID}, UNIQUE (room_id, seq)); {EDITED}"
ROOMS = "CREATE TABLE rooms (id INTEGER PRIMARY KEY, seq INTEGER, rev INTEGER, last_at INTEGER);"
SCHEMAS = {
    "none: no history": f"{BY_ID});",
    "one index: (room, seq)": ONE,
    "and counters in a row of the room": ONE + ROOMS,
    "and (room, rev)": f"{ONE} CREATE INDEX by_rev ON messages (room_id, rev);",
    "and (room, rev), (room, time)": f"""{ONE} CREATE INDEX by_rev ON messages (room_id, rev);
        CREATE INDEX by_time ON messages (room_id, created_at);""",
    "in the order of (room, seq), index on id": f"""CREATE TABLE messages (id INTEGER NOT NULL UNIQUE,
        {COLUMNS}, PRIMARY KEY (room_id, seq)) WITHOUT ROWID; {EDITED}""",
}
PRAGMAS = ["journal_mode = WAL", "synchronous = FULL", "cache_size = -65536",
           "wal_autocheckpoint = 20000"]
INSERT = "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, NULL, 0, ?)"
UPDATE = "UPDATE rooms SET seq = ?, rev = ?, last_at = ? WHERE id = ?"


def measure(folder, schema, rooms, rows):
    """Rows a second and bytes written a row, after as many rows that are not counted."""
    connection = sqlite3.connect(pathlib.Path(folder) / "schema.db", isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.executescript(schema)
    counts = "TABLE rooms" in schema
    if counts:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO rooms VALUES (?, 0, 0, 0)", ((n,) for n in range(rooms)))
        connection.execute("COMMIT")
    seqs, draw, number = [0] * rooms, random.Random(1), 0
    # The second half counts.
    for _ in range(2):
        start, before = time.perf_counter(), written()
        for _ in range(rows // BATCH):
            new = []
            for _ in range(BATCH):
                number += 1
                room = draw.randrange(rooms)
                seqs[room] += 1
                new.append((number, room, seqs[room], seqs[room], seqs[room], 2, number, CONTENT))
            connection.execute("BEGIN")
            connection.executemany(INSERT, new)
            if counts:
                last = {row[1]: (row[2], row[2], row[0], row[1]) for row in new}
                connection.executemany(UPDATE, last.values())
            connection.execute("COMMIT")
    took, bytes_written = time.perf_counter() - start, written() - before
    connection.close()
    return rows / took, bytes_written / rows


def written():
    """Bytes this process has written, to the log and by its checkpoints."""
    with open("/proc/self/io", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("wchar"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--disk", default=None, help="a folder on the disk to measure")
    args = parser.parse_args()
    cases = [(name, rooms) for rooms in (64, 1_000, 20_000) for name in SCHEMAS]
    found = {case: [] for case in cases}
    for round in range(args.rounds):
        for name, rooms in cases if round % 2 == 0 else reversed(cases):
            with tempfile.TemporaryDirectory(dir=args.disk) as folder:
                found[name, rooms].append(measure(folder, SCHEMAS[name], rooms, args.rows))
    print("| schema | 64 rooms | 1,000 rooms | 20,000 rooms |\n| --- | --- | --- | --- |")
    for name in SCHEMAS:
        cells = []
        for rooms in (64, 1_000, 20_000):
            rate, size = (statistics.median(column) for column in zip(*found[name, rooms]))
            cells.append(f"{rate / 1e3:.0f} k, {size:,.0f} B")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
