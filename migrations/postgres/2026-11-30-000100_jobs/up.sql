-- What has still to be done later, of any kind. A kind has one job a key at a time; rev grows when the payload
-- of a job that waits is replaced. The process that does a job holds a lease on it, and no other takes the job
-- before the lease runs out.
CREATE TABLE jobs (
    id BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    rev BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at BIGINT NOT NULL,
    lease_by SMALLINT,
    lease_until BIGINT,
    UNIQUE (kind, key),
    CHECK ((lease_by IS NULL) = (lease_until IS NULL))
);

CREATE INDEX jobs_due ON jobs (kind, due_at);

-- What only one process does at a time, such as a sweep; a row is left behind, and runs out.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder SMALLINT NOT NULL,
    until BIGINT NOT NULL
);

-- Mails are the first kind. A mail to an address is found by the address, so that the next registration with
-- it replaces what the mail is about; if several wait, the others keep keys of their own.
INSERT INTO jobs (kind, key, payload, rev, attempts, due_at)
SELECT 'mail',
       CASE WHEN r.id IS NULL THEN 'reset/' || m.reset_id
            WHEN row_number() OVER (PARTITION BY r.email ORDER BY m.id) = 1 THEN 'to/' || r.email
            ELSE 'registration/' || r.id END,
       CASE WHEN r.id IS NULL THEN 'reset/' || m.reset_id ELSE 'registration/' || r.id END,
       0, m.attempts, m.due_at
FROM mails m LEFT JOIN registrations r ON r.id = m.registration_id
ORDER BY m.due_at, m.id;

DROP TABLE mails;
