-- Whether a message waits for devices that are not there. Those that do not are counted apart, so that they push out no
-- message that waits.
ALTER TABLE downstreams ADD COLUMN queued INTEGER NOT NULL DEFAULT 1 CHECK (queued IN (0, 1));
ALTER TABLE deliveries ADD COLUMN queued INTEGER NOT NULL DEFAULT 1 CHECK (queued IN (0, 1));
