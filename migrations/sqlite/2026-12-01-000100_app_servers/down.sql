DROP INDEX downstreams_server_id;
