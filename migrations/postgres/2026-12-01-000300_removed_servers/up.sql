-- A registration that has ended is marked and loses its name; its row goes once nothing is left of what it has sent.
ALTER TABLE app_servers ADD COLUMN removed BOOLEAN NOT NULL DEFAULT FALSE;

CREATE INDEX app_servers_removed ON app_servers (id) WHERE removed;
