-- Every time is in microseconds since 1970-01-01T00:00:00Z.
-- INTEGER PRIMARY KEY makes the id the rowid: one B-tree, in the order of the ids.

CREATE TABLE users (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    profile TEXT,
    imported INTEGER NOT NULL CHECK (imported IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

-- state: 0 = low has asked, 1 = high has asked, 2 = friends.
CREATE TABLE friendships (
    low INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    high INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    state INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (low, high),
    CHECK (low < high)
) STRICT, WITHOUT ROWID;

CREATE INDEX friendships_high ON friendships (high);

-- seq and rev are the last ones given out; last_at is the time of message seq.
CREATE TABLE rooms (
    id INTEGER NOT NULL PRIMARY KEY,
    low INTEGER NOT NULL REFERENCES users (id),
    high INTEGER NOT NULL REFERENCES users (id),
    seq INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    last_at INTEGER,
    UNIQUE (low, high),
    CHECK (low < high)
) STRICT;

-- content comes last, so that no other column lies behind its overflow pages.
CREATE TABLE messages (
    id INTEGER NOT NULL PRIMARY KEY,
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    author_id INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    edited_at INTEGER,
    deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
    content TEXT NOT NULL,
    UNIQUE (room_id, seq)
) STRICT;

-- AUTOINCREMENT: the id of a registration that is gone must never name another one.
CREATE TABLE registrations (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE verification_keys (
    key_hash BLOB NOT NULL PRIMARY KEY,
    registration_id INTEGER NOT NULL REFERENCES registrations (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX verification_keys_registration_id ON verification_keys (registration_id);

CREATE TABLE mails (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    registration_id INTEGER NOT NULL UNIQUE REFERENCES registrations (id) ON DELETE CASCADE,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL
) STRICT;
