-- The rules that the chain was made with: one row.
CREATE TABLE burn_rules (
    id                  INTEGER PRIMARY KEY CHECK (id = 1),
    first_height        INTEGER NOT NULL CHECK (first_height >= 0),
    first_time_s        INTEGER NOT NULL CHECK (first_time_s >= 0),
    satoshis_per_block  INTEGER NOT NULL CHECK (satoshis_per_block >= 0),
    reward_cycle_length INTEGER NOT NULL CHECK (reward_cycle_length > 0)
) STRICT;

-- The producer set, in the order of its rotation.
CREATE TABLE producers (
    position        INTEGER PRIMARY KEY CHECK (position >= 0),
    address_version INTEGER NOT NULL CHECK (address_version BETWEEN 0 AND 31),
    address_hash160 BLOB    NOT NULL CHECK (length(address_hash160) = 20),
    vrf_public_key  BLOB    NOT NULL CHECK (length(vrf_public_key) = 32)
) STRICT;

-- Stacker sets that were set for a cycle. Cycle 0's also serves every cycle that has none.
CREATE TABLE stackers (
    cycle           INTEGER NOT NULL CHECK (cycle >= 0),
    position        INTEGER NOT NULL CHECK (position >= 0),
    address_version INTEGER NOT NULL CHECK (address_version BETWEEN 0 AND 31),
    address_hash160 BLOB    NOT NULL CHECK (length(address_hash160) = 20),
    weight          INTEGER NOT NULL CHECK (weight BETWEEN 1 AND 4294967295),
    PRIMARY KEY (cycle, position),
    UNIQUE (cycle, address_version, address_hash160)
) STRICT, WITHOUT ROWID;

-- Burn blocks in the order in which they were mined. The first one is its own parent and skip target here.
CREATE TABLE burn_blocks (
    seen           INTEGER PRIMARY KEY CHECK (seen >= 1),
    hash           BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    parent         BLOB    NOT NULL CHECK (length(parent) = 32),
    height         INTEGER NOT NULL CHECK (height >= 0),
    time_s         INTEGER NOT NULL CHECK (time_s >= 0),
    sortition_hash BLOB    NOT NULL CHECK (length(sortition_hash) = 32),
    consensus_hash BLOB    NOT NULL UNIQUE CHECK (length(consensus_hash) = 20),
    satoshis_spent INTEGER NOT NULL CHECK (satoshis_spent >= 0),
    salt           INTEGER NOT NULL CHECK (salt >= 0),
    parent_seen    INTEGER NOT NULL REFERENCES burn_blocks (seen) CHECK (parent_seen < seen OR seen = 1),
    skip_seen      INTEGER NOT NULL REFERENCES burn_blocks (seen) CHECK (skip_seen <= parent_seen),
    skip_height    INTEGER NOT NULL CHECK (skip_height <= height),
    UNIQUE (parent, salt)
) STRICT;

-- The canonical tip is the first entry: greatest height, first seen wins a tie.
CREATE INDEX burn_blocks_by_height ON burn_blocks (height DESC, seen ASC);
