DROP TABLE service_keys;
DROP TABLE blocks;

-- What was hidden must not come to light: it is taken back instead.
UPDATE messages SET deleted = 1 WHERE hidden = 1;
ALTER TABLE messages DROP COLUMN hidden;
