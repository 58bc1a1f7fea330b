-- Apps. service_hash: the SHA-256 of the service's id, a secret. request_ms: the time in the name of the last
-- request, in milliseconds; it grows with each. welcome and offline_text are shown to visitors. A removed app has no keys any more, and is
-- kept until all that belonged to it is gone.
CREATE TABLE apps (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    service_hash BLOB NOT NULL UNIQUE,
    allowed_origins TEXT NOT NULL,
    welcome TEXT NOT NULL,
    offline_text TEXT NOT NULL,
    return_offline INTEGER NOT NULL CHECK (return_offline IN (0, 1)),
    trust_email INTEGER NOT NULL CHECK (trust_email IN (0, 1)),
    request_ms INTEGER NOT NULL,
    removed INTEGER NOT NULL CHECK (removed IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

-- level: 0 = PPCOM, 1 = PPKEFU, 2 = THIRD_PARTY_CONSOLE, 3 = PPCONSOLE. Of secrets only the SHA-256; the one
-- before the last rotation works as well, until it is ended.
CREATE TABLE app_keys (
    key TEXT NOT NULL PRIMARY KEY,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    level INTEGER NOT NULL CHECK (level IN (0, 1, 2, 3)),
    secret_hash BLOB NOT NULL,
    old_secret_hash BLOB,
    created_at INTEGER NOT NULL,
    UNIQUE (app_id, level)
) STRICT, WITHOUT ROWID;

-- Who has shown a key, by the SHA-256 of the token that he got. user_id: whose it is, once it is somebody's.
-- lifetime_ms: how long it lives after it was last used; one that does not slide has 0.
CREATE TABLE app_tokens (
    hash BLOB NOT NULL PRIMARY KEY,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    level INTEGER NOT NULL CHECK (level IN (0, 1, 2, 3)),
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    lifetime_ms INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX app_tokens_app_id ON app_tokens (app_id);
CREATE INDEX app_tokens_user_id ON app_tokens (user_id);
CREATE INDEX app_tokens_expires_at ON app_tokens (expires_at);

-- Servers of an app that have registered, besides the hub itself.
CREATE TABLE app_servers (
    id INTEGER NOT NULL PRIMARY KEY,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    UNIQUE (app_id, name)
) STRICT;

-- Users of an app. A visitor is found by trace_hash, the SHA-256 of the secret in the widget's cookie, or by
-- an e-mail address that the app vouches for; an agent logs in with the address of the user, which is kept here, too.
-- browser_device_id, mobile_device_id: what an agent has logged in at last.
CREATE TABLE app_users (
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    is_agent INTEGER NOT NULL CHECK (is_agent IN (0, 1)),
    shown_name TEXT NOT NULL,
    icon TEXT,
    email TEXT,
    password_hash TEXT,
    trace_hash BLOB,
    browser_device_id INTEGER,
    mobile_device_id INTEGER,
    updated_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, user_id),
    UNIQUE (app_id, trace_hash),
    UNIQUE (app_id, email)
) STRICT, WITHOUT ROWID;

CREATE INDEX app_users_user_id ON app_users (user_id);
CREATE INDEX app_users_seen_at ON app_users (seen_at);

-- What a user of an app sits at. terminal_hash: the SHA-256 of what the client tells it apart by.
CREATE TABLE devices (
    id INTEGER NOT NULL PRIMARY KEY,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    owner_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    terminal_hash BLOB NOT NULL,
    os INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    UNIQUE (app_id, owner_id, terminal_hash)
) STRICT;

CREATE INDEX devices_app_id ON devices (app_id, id);
CREATE INDEX devices_owner_id ON devices (owner_id);
CREATE INDEX devices_seen_at ON devices (seen_at);

-- Devices that are told together. version grows with each change of the members; a group that has ended is kept
-- until nothing is on its way to it.
CREATE TABLE device_groups (
    id INTEGER NOT NULL PRIMARY KEY,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    size INTEGER NOT NULL,
    version INTEGER NOT NULL,
    ended INTEGER NOT NULL CHECK (ended IN (0, 1))
) STRICT;

CREATE INDEX device_groups_app_id ON device_groups (app_id);
CREATE INDEX device_groups_ended ON device_groups (id) WHERE ended;

-- Who is in a group from one version to another: what was sent at a version goes to those who were in it then.
CREATE TABLE device_group_members (
    group_id INTEGER NOT NULL REFERENCES device_groups (id) ON DELETE CASCADE,
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    since INTEGER NOT NULL,
    until INTEGER,
    PRIMARY KEY (group_id, device_id, since)
) STRICT, WITHOUT ROWID;

CREATE INDEX device_group_members_device_id ON device_group_members (device_id);
CREATE INDEX device_group_members_past ON device_group_members (group_id) WHERE until IS NOT NULL;

-- What an app sends to devices. audience: 0 = devices that were named, 1 = all of the app, 2 = a group as it was at
-- a version. reached: up to which device the deliveries have been made; none when all have.
CREATE TABLE downstreams (
    id INTEGER NOT NULL PRIMARY KEY,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    server_id INTEGER REFERENCES app_servers (id) ON DELETE SET NULL,
    audience INTEGER NOT NULL CHECK (audience IN (0, 1, 2)),
    group_id INTEGER,
    version INTEGER,
    reached INTEGER,
    sent_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    title TEXT,
    body TEXT,
    data TEXT NOT NULL
) STRICT;

CREATE INDEX downstreams_app_id ON downstreams (app_id);
CREATE INDEX downstreams_expires_at ON downstreams (expires_at);
CREATE INDEX downstreams_open ON downstreams (id) WHERE reached IS NOT NULL;

-- A message that a device does not have yet, as far as it has said. One that it has said it has (acked) is gone, but
-- for messages whose deliveries have still to be made: those must not be made twice.
CREATE TABLE deliveries (
    device_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    acked INTEGER NOT NULL CHECK (acked IN (0, 1)),
    PRIMARY KEY (device_id, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_message_id ON deliveries (message_id, device_id);
