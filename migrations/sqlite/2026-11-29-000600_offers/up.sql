-- Who may put a user into groups: 0 = friends, 1 = nobody.
ALTER TABLE users ADD COLUMN added_by INTEGER NOT NULL DEFAULT 0 CHECK (added_by IN (0, 1));

-- Groups that were offered to a member by their owner. hidden: he blocked the maker, and knows nothing of it.
CREATE TABLE group_offers (
    room_id INTEGER NOT NULL PRIMARY KEY,
    maker_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    heir_id INTEGER NOT NULL,
    hidden INTEGER NOT NULL CHECK (hidden IN (0, 1)),
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (room_id, heir_id) REFERENCES members (room_id, user_id) ON DELETE CASCADE
) STRICT;

CREATE INDEX group_offers_heir_id ON group_offers (heir_id);
CREATE INDEX group_offers_maker_id ON group_offers (maker_id);
