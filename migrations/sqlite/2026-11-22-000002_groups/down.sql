ALTER TABLE users DROP COLUMN last_seen_at;
DROP TABLE lifted_blocks;
DROP INDEX blocks_blocked_id;
DROP TABLE hidings;
DROP TABLE read_marks;
DROP TABLE bans;
DROP TABLE members;
DROP TABLE room_groups;

-- Groups go, with what was said in them.
DELETE FROM messages WHERE room_id IN (SELECT id FROM rooms WHERE low IS NULL);
DELETE FROM rooms WHERE low IS NULL;
PRAGMA defer_foreign_keys = ON;
CREATE TABLE old_rooms AS SELECT id, low, high, edits FROM rooms;
DROP TABLE rooms;
CREATE TABLE rooms (
    id INTEGER NOT NULL PRIMARY KEY,
    low INTEGER NOT NULL REFERENCES users (id),
    high INTEGER NOT NULL REFERENCES users (id),
    edits INTEGER NOT NULL DEFAULT 0,
    UNIQUE (low, high),
    CHECK (low < high)
) STRICT;
INSERT INTO rooms (id, low, high, edits) SELECT id, low, high, edits FROM old_rooms ORDER BY id;
DROP TABLE old_rooms;
