-- One row: facts about the database as a whole.
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- Names the journal; made when the folder is made.
    journal_id BLOB NOT NULL CHECK (length(journal_id) = 16),
    -- Fingerprint of the chain parameters of genesis.
    params BLOB NOT NULL CHECK (length(params) = 32),
    -- Canonical Stacks tip as of the last commit.
    tip_block_id BLOB NOT NULL CHECK (length(tip_block_id) = 32),
    -- Newest row of the burn database that the journal has announced.
    announced_burn_row INTEGER NOT NULL,
    -- Newest row of the staging database that the journal has announced.
    announced_staging_row INTEGER NOT NULL
) STRICT;

-- The boot chain: its one block has no Nakamoto header.
CREATE TABLE block_headers (
    block_id BLOB PRIMARY KEY CHECK (length(block_id) = 32),
    state_root BLOB NOT NULL CHECK (length(state_root) = 32),
    burn_view BLOB NOT NULL CHECK (length(burn_view) = 32),
    burn_height INTEGER NOT NULL,
    burn_time_s INTEGER NOT NULL,
    processed_event BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Processed Nakamoto blocks of all forks. With row ids: a row is longer than a quarter of a page, which in a table that is
-- ordered by a hash leaves half of every page empty and adds an overflow page for each row.
CREATE TABLE nakamoto_block_headers (
    block_id BLOB PRIMARY KEY CHECK (length(block_id) = 32),
    parent_block_id BLOB NOT NULL CHECK (length(parent_block_id) = 32),
    -- The encoded header; hashes and fields are read from it.
    header BLOB NOT NULL,
    chain_length INTEGER NOT NULL,
    burn_view BLOB NOT NULL CHECK (length(burn_view) = 32),
    burn_height INTEGER NOT NULL,
    burn_time_s INTEGER NOT NULL,
    -- Tenures up to and including this block's, and the first block of this one.
    tenure_height INTEGER NOT NULL,
    tenure_start_block_id BLOB NOT NULL CHECK (length(tenure_start_block_id) = 32),
    -- Cost of the tenure up to and including this block: five u64 big-endian.
    tenure_cost BLOB NOT NULL CHECK (length(tenure_cost) = 40),
    -- Fees of the tenure up to and including this block, micro-STX: u128 big-endian.
    tenure_fees BLOB NOT NULL CHECK (length(tenure_fees) = 16),
    -- The tenure's coinbase, micro-STX: u128 big-endian.
    coinbase BLOB NOT NULL CHECK (length(coinbase) = 16),
    -- Who is paid for the tenure, and who produced it.
    reward_recipient TEXT NOT NULL,
    producer TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    -- The encoded BlockProcessed event, receipts included; the journal's row points here.
    processed_event BLOB NOT NULL
) STRICT;
CREATE INDEX headers_by_parent ON nakamoto_block_headers (parent_block_id);
CREATE INDEX headers_by_burn_view ON nakamoto_block_headers (burn_height, burn_view, chain_length);
CREATE INDEX tenure_starts ON nakamoto_block_headers (tenure_height, block_id) WHERE block_id = tenure_start_block_id;

-- Where a mined transaction is.
CREATE TABLE mined_transactions (
    txid BLOB NOT NULL CHECK (length(txid) = 32),
    block_id BLOB NOT NULL CHECK (length(block_id) = 32),
    tx_index INTEGER NOT NULL,
    PRIMARY KEY (txid, block_id)
) STRICT, WITHOUT ROWID;

-- Staged blocks that broke a rule, kept so that a verdict is given once.
CREATE TABLE rejected_blocks (
    block_id BLOB PRIMARY KEY CHECK (length(block_id) = 32),
    reason INTEGER NOT NULL,
    detail TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The journal. A sequence is never used twice: the newest event is never removed, and the next has its number plus one.
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    -- The encoded event; NULL for a processed block, whose event is with its header.
    body BLOB,
    block_id BLOB CHECK (block_id IS NULL OR length(block_id) = 32),
    CHECK ((body IS NULL) <> (block_id IS NULL))
) STRICT;
CREATE INDEX events_by_block ON events (block_id) WHERE block_id IS NOT NULL;
