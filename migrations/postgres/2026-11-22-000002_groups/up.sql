-- A room is of two users, or a group; closed once one of the two, or the group, is no more.
ALTER TABLE rooms ALTER COLUMN low DROP NOT NULL;
ALTER TABLE rooms ALTER COLUMN high DROP NOT NULL;
ALTER TABLE rooms ADD COLUMN closed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE rooms ADD CHECK ((low IS NULL) = (high IS NULL));
CREATE INDEX rooms_high ON rooms (high);
CREATE INDEX rooms_ended ON rooms (id) WHERE closed AND low IS NULL;

-- version grows with every change of the group or its members.
CREATE TABLE room_groups (
    room_id BIGINT NOT NULL PRIMARY KEY REFERENCES rooms (id),
    title TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- role: 0 = owner, 1 = moderator, 2 = member. unaware: added by somebody whom the member blocks, and so
-- a member for all but himself.
CREATE TABLE members (
    room_id BIGINT NOT NULL REFERENCES room_groups (room_id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role SMALLINT NOT NULL CHECK (role IN (0, 1, 2)),
    unaware BOOLEAN NOT NULL,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (room_id, user_id)
);

CREATE INDEX members_user_id ON members (user_id);

CREATE TABLE bans (
    room_id BIGINT NOT NULL REFERENCES room_groups (room_id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (room_id, user_id)
);

CREATE INDEX bans_user_id ON bans (user_id);

CREATE TABLE read_marks (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    room_id BIGINT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    PRIMARY KEY (user_id, room_id)
);

CREATE INDEX read_marks_room_id ON read_marks (room_id);

-- From whom a message with the mark hidden is hidden. withdrawn: he could see it before.
CREATE TABLE hidings (
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    reader_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    withdrawn BOOLEAN NOT NULL,
    PRIMARY KEY (message_id, reader_id)
);

CREATE INDEX hidings_reader_id ON hidings (reader_id);

INSERT INTO hidings (message_id, reader_id, withdrawn)
SELECT m.id, CASE WHEN m.author_id = r.low THEN r.high ELSE r.low END, FALSE
FROM messages m JOIN rooms r ON r.id = m.room_id WHERE m.hidden;

CREATE INDEX blocks_blocked_id ON blocks (blocked_id);

-- Blocks that are over: what was said under them stays hidden, also from those who join a group later.
CREATE TABLE lifted_blocks (
    blocker_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    lifted_at BIGINT NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id, created_at)
);

CREATE INDEX lifted_blocks_blocked_id ON lifted_blocks (blocked_id);

-- When the user's last session of any protocol ended, as far as it is known.
ALTER TABLE users ADD COLUMN last_seen_at BIGINT;
