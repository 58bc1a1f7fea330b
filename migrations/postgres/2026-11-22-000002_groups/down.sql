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
DROP INDEX rooms_high;
DROP INDEX rooms_ended;
ALTER TABLE rooms DROP COLUMN closed;
ALTER TABLE rooms ALTER COLUMN low SET NOT NULL;
ALTER TABLE rooms ALTER COLUMN high SET NOT NULL;
