-- Where a replay begins: below this sequence only burn blocks are posted, from the one that its first block cites on. It takes the
-- place of lead_burn_block, which is 0 from here on.
ALTER TABLE observers ADD COLUMN blocks_from INTEGER NOT NULL DEFAULT 0;
