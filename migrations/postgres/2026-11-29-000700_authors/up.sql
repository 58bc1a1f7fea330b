-- Who has written in a group, be he a member still or not: so others who read there can learn who it was,
-- without a look through the messages. One row the first time somebody writes; later ones cost nothing.
CREATE TABLE authors (
    room_id BIGINT NOT NULL REFERENCES room_groups (room_id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (room_id, user_id)
);

INSERT INTO authors (room_id, user_id)
SELECT DISTINCT m.room_id, m.author_id FROM messages m JOIN room_groups g ON g.room_id = m.room_id;

CREATE INDEX authors_user_id ON authors (user_id);
