DROP TABLE group_offers;
ALTER TABLE users DROP COLUMN added_by;
