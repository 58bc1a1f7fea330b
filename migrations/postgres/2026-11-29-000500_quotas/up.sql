-- What a user may do only so often in a day, and how often he has. kind: 0 = ask for friendship, 1 = be added
-- to groups by others.
CREATE TABLE quotas (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind SMALLINT NOT NULL CHECK (kind IN (0, 1)),
    since BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (user_id, kind)
);
