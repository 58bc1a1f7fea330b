-- Topics. config: what is set of it, as JSON; nothing is looked for in it.
CREATE TABLE ps_topics (
    id BIGINT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    config TEXT NOT NULL,
    UNIQUE (project, name)
);

-- Subscriptions. topic_id: also of a topic that has been deleted. filter, retains_acked, retention and
-- expires_after (both in microseconds; without the latter it never ends) stand in config, too. active_at: when it last was of use to somebody, by the hour.
CREATE TABLE ps_subscriptions (
    id BIGINT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    topic_id BIGINT NOT NULL,
    detached BOOLEAN NOT NULL,
    filter TEXT NOT NULL,
    retains_acked BOOLEAN NOT NULL,
    retention BIGINT NOT NULL,
    expires_after BIGINT,
    active_at BIGINT NOT NULL,
    config TEXT NOT NULL,
    UNIQUE (project, name)
);

CREATE INDEX ps_subscriptions_topic_id ON ps_subscriptions (topic_id);

-- What was published and somebody waits for, or may seek back to. id: when, in microseconds; it grows strictly over all topics.
-- attributes: as JSON, or nothing.
CREATE TABLE ps_messages (
    id BIGINT NOT NULL PRIMARY KEY,
    topic_id BIGINT NOT NULL,
    data BYTEA NOT NULL,
    attributes TEXT NOT NULL,
    ordering_key TEXT NOT NULL
);

-- The last id of a message that was given; one row.
CREATE TABLE ps_clock (
    id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL
);

INSERT INTO ps_clock (id, last) VALUES (1, 0);

-- What a subscription has not acknowledged. attempt: how often it has failed, counted where there is a policy for dead letters.
CREATE TABLE ps_backlog (
    subscription_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    PRIMARY KEY (subscription_id, message_id)
);

-- What it has acknowledged and may seek back to.
CREATE TABLE ps_retained (
    subscription_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    PRIMARY KEY (subscription_id, message_id)
);

-- Snapshots: what was not acknowledged of all up to position, and all that is newer.
CREATE TABLE ps_snapshots (
    id BIGINT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    topic_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    labels TEXT NOT NULL,
    UNIQUE (project, name)
);

CREATE INDEX ps_snapshots_topic_id ON ps_snapshots (topic_id);

CREATE TABLE ps_snapshot_messages (
    snapshot_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    PRIMARY KEY (snapshot_id, message_id)
);

-- Subscriptions that have been deleted or detached, until what waited for them is gone.
CREATE TABLE ps_leavings (
    subscription_id BIGINT NOT NULL PRIMARY KEY
);
