-- A registration that ends is taken out of the messages that it has sent: they are found by it.
CREATE INDEX downstreams_server_id ON downstreams (server_id) WHERE server_id IS NOT NULL;
