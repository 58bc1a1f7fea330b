-- A send writes its message and two entries of indexes, and no row of rooms: seq is that of the
-- last message, rev is seq and the number of edits.

ALTER TABLE rooms ADD COLUMN edits BIGINT NOT NULL DEFAULT 0;
UPDATE rooms SET edits = rev - seq;
ALTER TABLE rooms DROP COLUMN seq, DROP COLUMN rev, DROP COLUMN last_at;

-- sent_rev is the rev of the sending, and never changes: it grows with seq.
ALTER TABLE messages ADD COLUMN sent_rev BIGINT;

-- The rev at which an edited message was sent is not known any more; a lower one that still grows
-- with seq does as well, because edited messages are found by their present rev.
UPDATE messages SET sent_rev = known.sent_rev FROM (
    SELECT id, seq + coalesce(max(CASE WHEN edited_at IS NULL THEN rev - seq END)
                              OVER (PARTITION BY room_id ORDER BY seq), 0) AS sent_rev
    FROM messages
) AS known WHERE known.id = messages.id;
ALTER TABLE messages ALTER COLUMN sent_rev SET NOT NULL;

-- Holds only what was edited or deleted, so a send costs nothing here.
CREATE INDEX messages_edited ON messages (room_id, rev) WHERE edited_at IS NOT NULL;

-- What a client has sent with a nonce. In the order of the ids, which hold the time, so that what is
-- too old is at one end.
CREATE TABLE nonces (
    message_id BIGINT NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    author_id BIGINT NOT NULL,
    nonce TEXT NOT NULL,
    UNIQUE (author_id, nonce)
);
