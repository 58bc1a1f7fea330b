-- The log-ins of users, by the name that their tokens carry (jti). Revoked ones are kept until their
-- last token has expired, since a token is checked without a look at this table.
CREATE TABLE logins (
    id TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    renewed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    agent TEXT
);

CREATE INDEX logins_user_id ON logins (user_id);
CREATE INDEX logins_expires_at ON logins (expires_at);

-- Tokens of a user that were issued up to a moment are void, but for those of one log-in: this ends
-- tokens that no row of logins tells of.
CREATE TABLE token_voids (
    user_id BIGINT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    through BIGINT NOT NULL,
    kept TEXT
);
