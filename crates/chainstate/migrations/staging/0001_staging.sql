CREATE TABLE staging_blocks (
    -- Order of arrival. AUTOINCREMENT: a number is never used twice, so a follower can ask "what came after".
    arrival           INTEGER PRIMARY KEY AUTOINCREMENT,
    block_id          BLOB    NOT NULL UNIQUE CHECK (length(block_id) = 32),
    parent_id         BLOB    NOT NULL CHECK (length(parent_id) = 32),
    burn_hash         BLOB    NOT NULL CHECK (length(burn_hash) = 32),
    chain_length      INTEGER NOT NULL CHECK (chain_length >= 0),
    -- A block has at most 2 MiB.
    size_bytes        INTEGER NOT NULL CHECK (size_bytes BETWEEN 0 AND 2097152),
    burn_attachable   INTEGER NOT NULL CHECK (burn_attachable IN (0, 1)),
    stacks_attachable INTEGER NOT NULL CHECK (stacks_attachable IN (0, 1)),
    state             TEXT    NOT NULL CHECK (state IN ('stored', 'processed', 'orphaned')),
    -- Why it is orphaned, and the ancestor that took it along if it broke no rule itself.
    reason            INTEGER CHECK (reason BETWEEN -2147483648 AND 2147483647),
    reason_detail     TEXT,
    reason_ancestor   BLOB    CHECK (reason_ancestor IS NULL OR length(reason_ancestor) = 32),
    CHECK ((state = 'orphaned') = (reason IS NOT NULL)),
    CHECK ((state = 'orphaned') = (reason_detail IS NOT NULL)),
    CHECK (state = 'orphaned' OR reason_ancestor IS NULL),
    CHECK (state <> 'processed' OR (burn_attachable = 1 AND stacks_attachable = 1))
) STRICT;

-- The bytes, apart from the row whose flags change, so that a change rewrites no block. Old orphaned blocks lose theirs.
CREATE TABLE staging_block_data (
    arrival INTEGER PRIMARY KEY REFERENCES staging_blocks (arrival) ON DELETE CASCADE,
    data    BLOB    NOT NULL
) STRICT;

-- The next processable block is the first entry.
CREATE INDEX staging_processable ON staging_blocks (chain_length, arrival)
    WHERE state = 'stored' AND burn_attachable = 1 AND stacks_attachable = 1;

-- What the limits count.
CREATE INDEX staging_waiting ON staging_blocks (burn_attachable, size_bytes)
    WHERE state = 'stored' AND (burn_attachable = 0 OR stacks_attachable = 0);

CREATE INDEX staging_by_parent ON staging_blocks (parent_id);
CREATE INDEX staging_by_burn_hash ON staging_blocks (burn_hash) WHERE burn_attachable = 0;
CREATE INDEX staging_orphaned ON staging_blocks (arrival) WHERE state = 'orphaned';
