-- Contracts that have the StackerDB functions on the followed fork, in the order in which they were found.
CREATE TABLE stackerdb_contracts (
    number   INTEGER PRIMARY KEY,
    contract TEXT NOT NULL UNIQUE CHECK (length(contract) BETWEEN 1 AND 256),
    -- Why what it said last is no configuration; empty when it is in force.
    refusal  TEXT NOT NULL DEFAULT ''
) STRICT;

-- The tip as of which the instances are what their contracts say. It may lag behind the chain's, never lead it.
CREATE TABLE stackerdb_followed (
    only_row     INTEGER PRIMARY KEY CHECK (only_row = 1),
    tip_block_id BLOB NOT NULL CHECK (length(tip_block_id) = 32)
) STRICT;
