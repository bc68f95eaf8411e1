-- Burn blocks and processed blocks are told for ever: an HTTP observer that comes late, or comes back late, needs them all
-- in order. What retention removes of them from the journal moves here; receipts stay with the headers.
CREATE TABLE pruned_chain_events (
    sequence INTEGER PRIMARY KEY,
    -- The encoded event; NULL for a processed block, whose event is with its header.
    body BLOB,
    block_id BLOB CHECK (block_id IS NULL OR length(block_id) = 32),
    CHECK ((body IS NULL) <> (block_id IS NULL))
) STRICT;

-- A trigger, so that no way to remove events can forget it. The kinds are EVENT_KIND_BURN_BLOCK and
-- EVENT_KIND_BLOCK_PROCESSED.
CREATE TRIGGER keep_chain_events BEFORE DELETE ON events WHEN old.kind IN (1, 3) BEGIN
    INSERT INTO pruned_chain_events (sequence, body, block_id) VALUES (old.sequence, old.body, old.block_id);
END;
