ALTER TABLE logins DROP COLUMN network;
