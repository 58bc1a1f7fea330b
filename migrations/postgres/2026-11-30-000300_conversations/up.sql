-- Customer chat. A conversation is a group of chat with more to it: user_id is the visitor, none between agents;
-- assigned_id the only agent, if there is one. kind: 0 = visitor and agents, 1 = agents. status: 0 = new,
-- 1 = open, 2 = closed.
CREATE TABLE conversations (
    room_id BIGINT NOT NULL PRIMARY KEY REFERENCES room_groups (room_id) ON DELETE CASCADE,
    app_id BIGINT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    assigned_id BIGINT REFERENCES users (id),
    kind SMALLINT NOT NULL CHECK (kind IN (0, 1)),
    status SMALLINT NOT NULL CHECK (status IN (0, 1, 2)),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    offline_told_at BIGINT
);

CREATE INDEX conversations_user ON conversations (app_id, user_id, updated_at);

-- What a message of a conversation has beyond one of chat. uuid: its sender's name for it. device_id: what it was
-- sent from. is_machine: by the app itself, in the name of its author.
CREATE TABLE conversation_messages (
    message_id BIGINT NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    app_id BIGINT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    uuid TEXT NOT NULL,
    subtype TEXT NOT NULL,
    is_machine BOOLEAN NOT NULL,
    device_id BIGINT,
    UNIQUE (app_id, uuid)
);

-- A message that a member has not acknowledged.
CREATE TABLE pushes (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, message_id)
);

CREATE INDEX pushes_message_id ON pushes (message_id);

-- Visitors who wait for the first agent of their app.
CREATE TABLE conversation_waits (
    app_id BIGINT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    since BIGINT NOT NULL,
    PRIMARY KEY (app_id, user_id)
);

-- Files that users of apps have sent up, by a name that nobody can guess.
CREATE TABLE app_files (
    id TEXT NOT NULL PRIMARY KEY,
    app_id BIGINT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    mime TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    bytes BYTEA NOT NULL
);

CREATE INDEX app_files_user_id ON app_files (user_id);

-- Pages that a visitor has come from, the latest of them.
CREATE TABLE visits (
    id BIGINT NOT NULL PRIMARY KEY,
    app_id BIGINT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE INDEX visits_user_id ON visits (user_id, id);
