-- Who has logged in from a network before is not kept out of it by what strangers elsewhere try.
ALTER TABLE logins ADD COLUMN network TEXT;
