-- Pushes that have come to this hub, the latest of them. message_id: none if the sender gave none. token, claims: of
-- those that have shown a good one; claims as JSON. payload: its beginning; payload_bytes: how long it was.
CREATE TABLE ps_received (
    id INTEGER NOT NULL PRIMARY KEY,
    subscription TEXT NOT NULL,
    message_id TEXT,
    token TEXT,
    claims TEXT,
    payload BLOB NOT NULL,
    payload_bytes INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    UNIQUE (subscription, message_id)
) STRICT;
