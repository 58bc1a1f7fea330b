DELETE FROM mails WHERE registration_id IS NULL;
ALTER TABLE mails DROP COLUMN reset_id;
ALTER TABLE mails ALTER COLUMN registration_id SET NOT NULL;

DROP TABLE reset_keys;
DROP TABLE resets;
