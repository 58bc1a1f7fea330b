"""The plain program writes what the hub would."""

import pathlib
import sqlite3
import tempfile
import unittest

import plain

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEVICES = 3_000


class Plain(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "tradewind.db"
        connection = sqlite3.connect(self.path)
        for migration in sorted((ROOT / "migrations" / "sqlite").glob("*/up.sql")):
            connection.executescript(migration.read_text(encoding="utf-8"))
        columns = "id, app_id, owner_id, terminal_hash, os, created_at, seen_at"
        rows = [(number, number.to_bytes(32)) for number in range(1, DEVICES + 1)]
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.executemany(
            f"INSERT INTO devices ({columns}) VALUES (?, 1, 1, ?, 0, 0, 0)", rows
        )
        connection.commit()
        connection.close()

    def count(self, where):
        connection = sqlite3.connect(self.path)
        self.addCleanup(connection.close)
        return connection.execute(f"SELECT count(*) FROM deliveries WHERE {where}").fetchone()[0]

    def test_each_row_is_inserted_and_updated(self):
        for in_order in (True, False):
            inserted, updated = plain.measure(self.path, 1, in_order)
            self.assertTrue(inserted > 0 and updated > 0)
            self.assertEqual((self.count("acked"), self.count("NOT acked")), (DEVICES, 0))
            connection = sqlite3.connect(self.path)
            connection.execute("DELETE FROM deliveries")
            connection.commit()
            connection.close()

    def test_lone_commits_take_their_time(self):
        self.assertGreater(plain.lone(self.path, 3, 0.001), 0)
        self.assertEqual(self.count("NOT acked"), 3)


if __name__ == "__main__":
    unittest.main()
