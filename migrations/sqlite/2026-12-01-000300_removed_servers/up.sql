-- A registration that has ended is marked and loses its name; its row goes once nothing is left of what it has sent.
ALTER TABLE app_servers ADD COLUMN removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1));

CREATE INDEX app_servers_removed ON app_servers (id) WHERE removed;
