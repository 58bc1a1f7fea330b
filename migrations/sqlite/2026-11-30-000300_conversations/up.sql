-- Customer chat. A conversation is a group of chat with more to it: user_id is the visitor, none between agents;
-- assigned_id the only agent, if there is one. kind: 0 = visitor and agents, 1 = agents. status: 0 = new,
-- 1 = open, 2 = closed.
CREATE TABLE conversations (
    room_id INTEGER NOT NULL PRIMARY KEY REFERENCES room_groups (room_id) ON DELETE CASCADE,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    assigned_id INTEGER REFERENCES users (id),
    kind INTEGER NOT NULL CHECK (kind IN (0, 1)),
    status INTEGER NOT NULL CHECK (status IN (0, 1, 2)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    offline_told_at INTEGER
) STRICT;

CREATE INDEX conversations_user ON conversations (app_id, user_id, updated_at);

-- What a message of a conversation has beyond one of chat. uuid: its sender's name for it. device_id: what it was
-- sent from. is_machine: by the app itself, in the name of its author.
CREATE TABLE conversation_messages (
    message_id INTEGER NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    uuid TEXT NOT NULL,
    subtype TEXT NOT NULL,
    is_machine INTEGER NOT NULL CHECK (is_machine IN (0, 1)),
    device_id INTEGER,
    UNIQUE (app_id, uuid)
) STRICT;

-- A message that a member has not acknowledged.
CREATE TABLE pushes (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX pushes_message_id ON pushes (message_id);

-- Visitors who wait for the first agent of their app.
CREATE TABLE conversation_waits (
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    since INTEGER NOT NULL,
    PRIMARY KEY (app_id, user_id)
) STRICT, WITHOUT ROWID;

-- Files that users of apps have sent up, by a name that nobody can guess.
CREATE TABLE app_files (
    id TEXT NOT NULL PRIMARY KEY,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    mime TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX app_files_user_id ON app_files (user_id);

-- Pages that a visitor has come from, the latest of them.
CREATE TABLE visits (
    id INTEGER NOT NULL PRIMARY KEY,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX visits_user_id ON visits (user_id, id);
