DROP TABLE nonces;
DROP INDEX messages_edited;
ALTER TABLE messages DROP COLUMN sent_rev;

ALTER TABLE rooms ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN last_at INTEGER;
UPDATE rooms SET
    seq = (SELECT count(*) FROM messages WHERE room_id = rooms.id),
    rev = (SELECT count(*) FROM messages WHERE room_id = rooms.id) + edits,
    last_at = (SELECT max(created_at) FROM messages WHERE room_id = rooms.id);
ALTER TABLE rooms DROP COLUMN edits;
