-- Somebody wants a new password for an address. Stored whether a user has that address or not, so
-- that whoever asks cannot tell; that is seen when the mail is sent.
CREATE TABLE resets (
    id BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
);

CREATE TABLE reset_keys (
    key_hash BYTEA NOT NULL PRIMARY KEY,
    reset_id BIGINT NOT NULL REFERENCES resets (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);

CREATE INDEX reset_keys_reset_id ON reset_keys (reset_id);
CREATE INDEX reset_keys_user_id ON reset_keys (user_id);

-- Each mail is about one of two things.
ALTER TABLE mails ALTER COLUMN registration_id DROP NOT NULL;
ALTER TABLE mails ADD COLUMN reset_id BIGINT UNIQUE REFERENCES resets (id) ON DELETE CASCADE;
ALTER TABLE mails ADD CHECK ((registration_id IS NULL) <> (reset_id IS NULL));
