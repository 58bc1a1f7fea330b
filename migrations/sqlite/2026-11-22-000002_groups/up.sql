-- A room is of two users, or a group; closed once one of the two, or the group, is no more. SQLite cannot
-- drop NOT NULL, so the table is made anew; the messages find their rooms again before the commit.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE old_rooms AS SELECT id, low, high, edits FROM rooms;
DROP TABLE rooms;
CREATE TABLE rooms (
    id INTEGER NOT NULL PRIMARY KEY,
    low INTEGER REFERENCES users (id),
    high INTEGER REFERENCES users (id),
    edits INTEGER NOT NULL DEFAULT 0,
    closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    UNIQUE (low, high),
    CHECK ((low IS NULL) = (high IS NULL)),
    CHECK (low < high)
) STRICT;
INSERT INTO rooms (id, low, high, edits) SELECT id, low, high, edits FROM old_rooms ORDER BY id;
DROP TABLE old_rooms;
CREATE INDEX rooms_high ON rooms (high);
CREATE INDEX rooms_ended ON rooms (id) WHERE closed = 1 AND low IS NULL;

-- version grows with every change of the group or its members.
CREATE TABLE room_groups (
    room_id INTEGER NOT NULL PRIMARY KEY REFERENCES rooms (id),
    title TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- role: 0 = owner, 1 = moderator, 2 = member. unaware: added by somebody whom the member blocks, and so
-- a member for all but himself.
CREATE TABLE members (
    room_id INTEGER NOT NULL REFERENCES room_groups (room_id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role INTEGER NOT NULL CHECK (role IN (0, 1, 2)),
    unaware INTEGER NOT NULL CHECK (unaware IN (0, 1)),
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_user_id ON members (user_id);

CREATE TABLE bans (
    room_id INTEGER NOT NULL REFERENCES room_groups (room_id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX bans_user_id ON bans (user_id);

CREATE TABLE read_marks (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    room_id INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    PRIMARY KEY (user_id, room_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX read_marks_room_id ON read_marks (room_id);

-- From whom a message with the mark hidden is hidden. withdrawn: he could see it before.
CREATE TABLE hidings (
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    reader_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
    PRIMARY KEY (message_id, reader_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX hidings_reader_id ON hidings (reader_id);

INSERT INTO hidings (message_id, reader_id, withdrawn)
SELECT m.id, CASE WHEN m.author_id = r.low THEN r.high ELSE r.low END, 0
FROM messages m JOIN rooms r ON r.id = m.room_id WHERE m.hidden = 1;

CREATE INDEX blocks_blocked_id ON blocks (blocked_id);

-- Blocks that are over: what was said under them stays hidden, also from those who join a group later.
CREATE TABLE lifted_blocks (
    blocker_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    lifted_at INTEGER NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id, created_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX lifted_blocks_blocked_id ON lifted_blocks (blocked_id);

-- When the user's last session of any protocol ended, as far as it is known.
ALTER TABLE users ADD COLUMN last_seen_at INTEGER;
