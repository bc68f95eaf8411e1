CREATE TABLE owner (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    signer BLOB NOT NULL CHECK (length(signer) = 20),
    chain_id INTEGER NOT NULL
) STRICT;
CREATE TABLE signed (
    block_hash BLOB PRIMARY KEY CHECK (length(block_hash) = 32),
    parent BLOB NOT NULL CHECK (length(parent) = 32),
    burn_view BLOB NOT NULL CHECK (length(burn_view) = 32),
    signature BLOB NOT NULL CHECK (length(signature) = 65)
) STRICT, WITHOUT ROWID;
CREATE INDEX signed_by_parent ON signed (parent);
CREATE TABLE place (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    cursor BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    tip BLOB NOT NULL CHECK (length(tip) = 32),
    chain_length INTEGER NOT NULL,
    burn_tip BLOB NOT NULL CHECK (length(burn_tip) = 32),
    elected BLOB NOT NULL CHECK (length(elected) = 20)
) STRICT;
