-- Bridges: what is said in rooms goes to a topic, or what comes to a subscription goes to consoles or devices of an
-- app. config: from where and to where, as JSON; nothing is looked for in it. since: what is older is not bridged.
-- ended: it has been removed, and its places are being forgotten.
CREATE TABLE ps_bridges (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    config TEXT NOT NULL,
    since INTEGER NOT NULL,
    ended INTEGER NOT NULL CHECK (ended IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX ps_bridges_name ON ps_bridges (name) WHERE NOT ended;

-- How far a bridge has come in a room: up to which message, and up to which change of the room.
CREATE TABLE ps_bridge_rooms (
    bridge_id INTEGER NOT NULL,
    room_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    PRIMARY KEY (bridge_id, room_id)
) STRICT, WITHOUT ROWID;
