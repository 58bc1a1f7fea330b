-- Bridges: what is said in rooms goes to a topic, or what comes to a subscription goes to consoles or devices of an
-- app. config: from where and to where, as JSON; nothing is looked for in it. since: what is older is not bridged.
-- ended: it has been removed, and its places are being forgotten.
CREATE TABLE ps_bridges (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    config TEXT NOT NULL,
    since BIGINT NOT NULL,
    ended BOOLEAN NOT NULL
);

CREATE UNIQUE INDEX ps_bridges_name ON ps_bridges (name) WHERE NOT ended;

-- How far a bridge has come in a room: up to which message, and up to which change of the room.
CREATE TABLE ps_bridge_rooms (
    bridge_id BIGINT NOT NULL,
    room_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (bridge_id, room_id)
);
