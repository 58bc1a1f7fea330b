CREATE TABLE mails (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    registration_id INTEGER UNIQUE REFERENCES registrations (id) ON DELETE CASCADE,
    reset_id INTEGER UNIQUE REFERENCES resets (id) ON DELETE CASCADE,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    CHECK ((registration_id IS NULL) <> (reset_id IS NULL))
) STRICT;

INSERT INTO mails (registration_id, reset_id, attempts, due_at)
SELECT r.id, s.id, j.attempts, j.due_at
FROM jobs j
LEFT JOIN registrations r ON j.payload = 'registration/' || r.id
LEFT JOIN resets s ON j.payload = 'reset/' || s.id
WHERE j.kind = 'mail' AND (r.id IS NOT NULL OR s.id IS NOT NULL)
ORDER BY j.due_at, j.id;

DROP TABLE leases;
DROP TABLE jobs;
