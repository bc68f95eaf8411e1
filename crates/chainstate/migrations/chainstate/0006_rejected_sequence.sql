-- A verdict is kept as long as the event that told of it.
ALTER TABLE rejected_blocks ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
CREATE INDEX rejected_blocks_by_sequence ON rejected_blocks (sequence);
