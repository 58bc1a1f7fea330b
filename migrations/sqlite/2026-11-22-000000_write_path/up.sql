-- A send writes its message and one entry of one index, and no row of rooms: seq is that of the
-- last message, rev is seq and the number of edits.

ALTER TABLE rooms ADD COLUMN edits INTEGER NOT NULL DEFAULT 0;
UPDATE rooms SET edits = rev - seq;
ALTER TABLE rooms DROP COLUMN seq;
ALTER TABLE rooms DROP COLUMN rev;
ALTER TABLE rooms DROP COLUMN last_at;

-- sent_rev is the rev of the sending, and never changes: it grows with seq.
CREATE TABLE new_messages (
    id INTEGER NOT NULL PRIMARY KEY,
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    sent_rev INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    author_id INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    edited_at INTEGER,
    deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
    content TEXT NOT NULL,
    UNIQUE (room_id, seq)
) STRICT;

-- The rev at which an edited message was sent is not known any more; a lower one that still grows
-- with seq does as well, because edited messages are found by their present rev.
INSERT INTO new_messages
SELECT id, room_id, seq,
       seq + coalesce(max(CASE WHEN edited_at IS NULL THEN rev - seq END)
                      OVER (PARTITION BY room_id ORDER BY seq), 0),
       rev, author_id, created_at, edited_at, deleted, content
FROM messages ORDER BY id;

DROP TABLE messages;
ALTER TABLE new_messages RENAME TO messages;

-- Holds only what was edited or deleted, so a send costs nothing here.
CREATE INDEX messages_edited ON messages (room_id, rev) WHERE edited_at IS NOT NULL;

-- What a client has sent with a nonce. In the order of the ids, which hold the time, so that what is
-- too old is at one end.
CREATE TABLE nonces (
    message_id INTEGER NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    author_id INTEGER NOT NULL,
    nonce TEXT NOT NULL,
    UNIQUE (author_id, nonce)
) STRICT;
