CREATE TABLE owner (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    signer BLOB NOT NULL CHECK (length(signer) = 20),
    chain_id INTEGER NOT NULL
) STRICT;
CREATE TABLE signed (
    number INTEGER NOT NULL UNIQUE,
    burn_view BLOB NOT NULL CHECK (length(burn_view) = 32),
    chain_length INTEGER NOT NULL CHECK (chain_length > 0),
    parent BLOB NOT NULL CHECK (length(parent) = 32),
    block_hash BLOB NOT NULL CHECK (length(block_hash) = 32),
    block_id BLOB NOT NULL CHECK (length(block_id) = 32),
    bytes BLOB,
    PRIMARY KEY (burn_view, chain_length)
) STRICT, WITHOUT ROWID;
CREATE INDEX signed_by_parent ON signed (parent);
