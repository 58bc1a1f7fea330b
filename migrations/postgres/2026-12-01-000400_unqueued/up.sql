-- Whether a message waits for devices that are not there. Those that do not are counted apart, so that they push out no
-- message that waits.
ALTER TABLE downstreams ADD COLUMN queued BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE deliveries ADD COLUMN queued BOOLEAN NOT NULL DEFAULT TRUE;
