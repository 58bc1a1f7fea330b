DROP INDEX app_servers_removed;
DELETE FROM app_servers WHERE removed;
ALTER TABLE app_servers DROP COLUMN removed;
