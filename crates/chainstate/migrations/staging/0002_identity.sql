-- Which chain this file is a part of; none until chainstate.sqlite has a boot block.
CREATE TABLE identity (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    chain BLOB    NOT NULL CHECK (length(chain) = 16)
) STRICT;

-- How far the other files were when a block was stored: none of them can be older than that.
ALTER TABLE staging_blocks ADD COLUMN known_event INTEGER NOT NULL DEFAULT 0;
ALTER TABLE staging_blocks ADD COLUMN known_burn_row INTEGER NOT NULL DEFAULT 0;
