ALTER TABLE deliveries DROP COLUMN queued;
ALTER TABLE downstreams DROP COLUMN queued;
