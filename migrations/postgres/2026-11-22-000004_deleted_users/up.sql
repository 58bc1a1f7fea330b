-- A deleted user stays as a row, for the history of others, without anything that was his.
ALTER TABLE users ADD COLUMN deleted_at BIGINT;
