-- By what a name is unique and found: folded, so that it is the same however the name is typed. SQL
-- cannot fold; the program does, in the same transaction (`store::tables::name_keys`).
ALTER TABLE users ADD COLUMN name_key TEXT;
-- 0 for the one who is found by the key. Of users who had names of one key before keys were, the others
-- have their own id here.
ALTER TABLE users ADD COLUMN name_clash INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX users_by_name_key ON users (name_key, name_clash);
