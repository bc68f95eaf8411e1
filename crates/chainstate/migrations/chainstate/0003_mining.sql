-- One row: when producers are to make blocks. A setting of this node, no rule of the chain.
CREATE TABLE mining (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- A MiningMode of the gRPC contract; 3 = MIXED.
    mode INTEGER NOT NULL CHECK (mode BETWEEN 1 AND 4),
    -- Pause before a block without transactions; NULL = the producer's own.
    interval_ms INTEGER CHECK (interval_ms > 0),
    -- Blocks that were asked for and are not there yet.
    blocks_wanted INTEGER NOT NULL CHECK (blocks_wanted >= 0)
) STRICT;
INSERT INTO mining (id, mode, interval_ms, blocks_wanted) VALUES (1, 3, NULL, 0);
