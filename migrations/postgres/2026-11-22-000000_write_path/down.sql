DROP TABLE nonces;
DROP INDEX messages_edited;
ALTER TABLE messages DROP COLUMN sent_rev;

ALTER TABLE rooms
    ADD COLUMN seq BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN rev BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN last_at BIGINT;
UPDATE rooms SET
    seq = (SELECT count(*) FROM messages WHERE room_id = rooms.id),
    rev = (SELECT count(*) FROM messages WHERE room_id = rooms.id) + edits,
    last_at = (SELECT max(created_at) FROM messages WHERE room_id = rooms.id);
ALTER TABLE rooms DROP COLUMN edits;
