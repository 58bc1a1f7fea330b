DROP TABLE service_keys;
DROP TABLE blocks;

-- What was hidden must not come to light: it is taken back instead.
UPDATE messages SET deleted = TRUE WHERE hidden;
ALTER TABLE messages DROP COLUMN hidden;
