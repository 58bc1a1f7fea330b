-- What a user may do only so often in a day, and how often he has. kind: 0 = ask for friendship, 1 = be added
-- to groups by others.
CREATE TABLE quotas (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind INTEGER NOT NULL CHECK (kind IN (0, 1)),
    since INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (user_id, kind)
) STRICT, WITHOUT ROWID;
