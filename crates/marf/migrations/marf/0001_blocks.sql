-- One row for each committed block: what names its segment of the node file. Numbers count from 0 without gaps.
CREATE TABLE IF NOT EXISTS marf_blocks (
    number        INTEGER PRIMARY KEY CHECK (number BETWEEN 0 AND 4294967294),
    block_id      BLOB    NOT NULL UNIQUE CHECK (length(block_id) = 32),
    parent        INTEGER CHECK (parent BETWEEN 0 AND number - 1),
    height        INTEGER NOT NULL CHECK (height BETWEEN 0 AND 4294967295),
    root          BLOB    NOT NULL CHECK (length(root) = 32),
    segment_start INTEGER NOT NULL CHECK (segment_start >= 0),
    segment_end   INTEGER NOT NULL CHECK (segment_end > segment_start),
    root_at       INTEGER NOT NULL CHECK (root_at BETWEEN segment_start AND segment_end - 1),
    checksum      BLOB    NOT NULL CHECK (length(checksum) = 8)
) STRICT;
