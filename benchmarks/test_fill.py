"""What the filler writes fits the schema, and is what the load tester expects."""

import pathlib
import sqlite3
import tempfile
import unittest

from fill import EPOCH, fill

ROOT = pathlib.Path(__file__).resolve().parent.parent
USERS = [{"id": str(number * 2)} for number in range(1, 9)]


def filled(path):
    connection = sqlite3.connect(path)
    for migration in sorted((ROOT / "migrations" / "sqlite").glob("*/up.sql")):
        connection.executescript(migration.read_text(encoding="utf-8"))
    columns = "id, name, email, password_hash, imported, created_at"
    add = f"INSERT INTO users ({columns}) VALUES (?, ?, ?, 'x', 0, 0)"
    connection.executemany(add, [(user["id"], user["id"], user["id"]) for user in USERS])
    connection.commit()
    connection.close()
    fill(path, USERS, 100, 10)
    return sqlite3.connect(path)


class Fill(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.connection = filled(pathlib.Path(folder.name) / "tradewind.db")
        self.addCleanup(self.connection.close)

    def all(self, query):
        return self.connection.execute(query).fetchall()

    def test_the_schema_agrees(self):
        self.assertEqual(self.all("PRAGMA foreign_key_check"), [])
        self.assertEqual(self.all("PRAGMA integrity_check"), [("ok",)])

    def test_rooms_are_as_long_as_asked(self):
        rooms = self.all("SELECT max(seq), max(rev) FROM messages GROUP BY room_id ORDER BY room_id")
        self.assertEqual(rooms, [(10, 10), (30, 30), (30, 30), (30, 30)])
        self.assertEqual(self.all("SELECT max(created_at) FROM messages"), [(EPOCH + 100 * 1000,)])

    def test_numbers_have_no_holes_and_times_grow_with_them(self):
        rows = self.all("SELECT room_id, seq, created_at FROM messages ORDER BY room_id, seq")
        for before, (room, seq, created_at) in zip([(0, 0, 0), *rows], rows):
            expected = before[1] + 1 if room == before[0] else 1
            self.assertEqual(seq, expected)
            self.assertTrue(room != before[0] or created_at > before[2])

    def test_the_content_is_a_stamp_of_run_0(self):
        content = self.all("SELECT content FROM messages WHERE room_id = 2 AND seq = 26")[0][0]
        self.assertEqual(len(content), 100)
        self.assertTrue(content.startswith("tw" + "0" * 16 + "00000001" + "0000001a"), content)


if __name__ == "__main__":
    unittest.main()
