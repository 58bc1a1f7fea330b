-- What a user may do only so often in a day, and how often he has. kind: 0 = ask for friendship, 1 = be added
-- to groups by others, 2 = the same by those whom the user blocks.
CREATE TABLE quotas (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind INTEGER NOT NULL CHECK (kind IN (0, 1, 2)),
    since INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (user_id, kind)
) STRICT, WITHOUT ROWID;
