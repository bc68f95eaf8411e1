-- Blocks whose signature the key's slot held and this record did not have, when a start with --new-record said that it may.
CREATE TABLE given_up (
    block_hash BLOB PRIMARY KEY CHECK (length(block_hash) = 32)
) STRICT, WITHOUT ROWID;
