-- Somebody wants a new password for an address. Stored whether a user has that address or not, so
-- that whoever asks cannot tell; that is seen when the mail is sent.
CREATE TABLE resets (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    email TEXT NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE reset_keys (
    key_hash BLOB NOT NULL PRIMARY KEY,
    reset_id INTEGER NOT NULL REFERENCES resets (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX reset_keys_reset_id ON reset_keys (reset_id);
CREATE INDEX reset_keys_user_id ON reset_keys (user_id);

-- Each mail is about one of two things.
CREATE TABLE new_mails (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    registration_id INTEGER UNIQUE REFERENCES registrations (id) ON DELETE CASCADE,
    reset_id INTEGER UNIQUE REFERENCES resets (id) ON DELETE CASCADE,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    CHECK ((registration_id IS NULL) <> (reset_id IS NULL))
) STRICT;
INSERT INTO new_mails SELECT id, registration_id, NULL, attempts, due_at FROM mails;
DROP TABLE mails;
ALTER TABLE new_mails RENAME TO mails;
