CREATE TABLE old_mails (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    registration_id INTEGER NOT NULL UNIQUE REFERENCES registrations (id) ON DELETE CASCADE,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL
) STRICT;
INSERT INTO old_mails SELECT id, registration_id, attempts, due_at FROM mails
WHERE registration_id IS NOT NULL;
DROP TABLE mails;
ALTER TABLE old_mails RENAME TO mails;

DROP TABLE reset_keys;
DROP TABLE resets;
