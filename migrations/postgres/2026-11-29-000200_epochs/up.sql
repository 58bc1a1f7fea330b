-- The name of this history: revisions of another one say nothing here. No row: a copy that nobody has started
-- yet, which gets a name of its own at its first start.
CREATE TABLE epochs (
    id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL
);
