-- Every time is in microseconds since 1970-01-01T00:00:00Z.

CREATE TABLE users (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    profile TEXT,
    imported BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

-- state: 0 = low has asked, 1 = high has asked, 2 = friends.
CREATE TABLE friendships (
    low BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    high BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    state SMALLINT NOT NULL CHECK (state IN (0, 1, 2)),
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (low, high),
    CHECK (low < high)
);

CREATE INDEX friendships_high ON friendships (high);

-- seq and rev are the last ones given out; last_at is the time of message seq.
CREATE TABLE rooms (
    id BIGINT NOT NULL PRIMARY KEY,
    low BIGINT NOT NULL REFERENCES users (id),
    high BIGINT NOT NULL REFERENCES users (id),
    seq BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    last_at BIGINT,
    UNIQUE (low, high),
    CHECK (low < high)
);

CREATE TABLE messages (
    id BIGINT NOT NULL PRIMARY KEY,
    room_id BIGINT NOT NULL REFERENCES rooms (id),
    seq BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    author_id BIGINT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    edited_at BIGINT,
    deleted BOOLEAN NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (room_id, seq)
);

CREATE TABLE registrations (
    id BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE verification_keys (
    key_hash BYTEA NOT NULL PRIMARY KEY,
    registration_id BIGINT NOT NULL REFERENCES registrations (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);

CREATE INDEX verification_keys_registration_id ON verification_keys (registration_id);

CREATE TABLE mails (
    id BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    registration_id BIGINT NOT NULL UNIQUE REFERENCES registrations (id) ON DELETE CASCADE,
    attempts INTEGER NOT NULL,
    due_at BIGINT NOT NULL
);
