"""What a plain program needs for the rows that messages to devices cost: each inserted, and updated once its device
has said that it has the message."""

import contextlib
import random
import sqlite3
import statistics
import time

# Rows of a transaction: of the hub's steps, and of its usual batches.
INSERTED, UPDATED = 2_000, 256
# As the hub's writer.
PRAGMAS = ["journal_mode = WAL", "synchronous = FULL", "cache_size = -65536"]
INSERT = "INSERT INTO deliveries (device_id, message_id, acked) VALUES (?, ?, 0)"
UPDATE = "UPDATE deliveries SET acked = 1 WHERE device_id = ? AND message_id = ?"


def chunks(rows, size):
    return (rows[start : start + size] for start in range(0, len(rows), size))


def write(connection, statement, rows, size):
    """Microseconds of CPU a row."""
    before = time.process_time()
    for some in chunks(rows, size):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, some)
        connection.execute("COMMIT")
    return (time.process_time() - before) * 1e6 / len(rows)


@contextlib.contextmanager
def connected(database):
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        devices = [row[0] for row in connection.execute("SELECT id FROM devices ORDER BY id")]
        yield connection, devices
    finally:
        connection.close()


def measure(database, messages, in_order):
    """Microseconds of CPU for a row to each device of a database of the hub, inserted and updated: in the order of
    the devices, or in none."""
    inserted, updated = 0.0, 0.0
    with connected(database) as (connection, devices):
        for message in range(1, messages + 1):
            rows = [(device, message) for device in devices]
            inserted += write(connection, INSERT, rows, INSERTED)
            if not in_order:
                random.shuffle(rows)
            updated += write(connection, UPDATE, rows, UPDATED)
    return inserted / messages, updated / messages


def lone(database, commits, pause):
    """Microseconds from the beginning of a transaction with one row to the end of its commit, the median of some
    with pauses between them: a disk, and a CPU, that had nothing to do take longer."""
    took = []
    with connected(database) as (connection, devices):
        for message in range(1, commits + 1):
            time.sleep(pause)
            begun = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(INSERT, (devices[0], message))
            connection.execute("COMMIT")
            took.append((time.perf_counter() - begun) * 1e6)
    return statistics.median(took)
