-- Who may put a user into groups: 0 = friends, 1 = nobody.
ALTER TABLE users ADD COLUMN added_by SMALLINT NOT NULL DEFAULT 0 CHECK (added_by IN (0, 1));

-- Groups that were offered to a member by their owner. hidden: he blocked the maker, and knows nothing of it.
CREATE TABLE group_offers (
    room_id BIGINT NOT NULL PRIMARY KEY,
    maker_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    heir_id BIGINT NOT NULL,
    hidden BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (room_id, heir_id) REFERENCES members (room_id, user_id) ON DELETE CASCADE
);

CREATE INDEX group_offers_heir_id ON group_offers (heir_id);
CREATE INDEX group_offers_maker_id ON group_offers (maker_id);
