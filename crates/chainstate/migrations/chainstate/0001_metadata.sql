CREATE TABLE clarity_metadata (
    block_id BLOB NOT NULL CHECK (length(block_id) = 32),
    contract TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (block_id, contract, key)
) STRICT;
