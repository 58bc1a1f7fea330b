-- What a user may do only so often in a day, and how often he has. kind: 0 = ask for friendship, 1 = be added
-- to groups by others, 2 = the same by those whom the user blocks.
CREATE TABLE quotas (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind SMALLINT NOT NULL CHECK (kind IN (0, 1, 2)),
    since BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (user_id, kind)
);
