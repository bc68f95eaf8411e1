-- How far each observer has come.
CREATE TABLE observers (
    -- "host:port".
    endpoint TEXT PRIMARY KEY,
    -- The journal that the sequences are of.
    journal_id BLOB NOT NULL CHECK (length(journal_id) = 16),
    -- First event that was not delivered whole.
    next_sequence INTEGER NOT NULL CHECK (next_sequence >= 1),
    -- Posts of that event that were delivered.
    posts_done INTEGER NOT NULL,
    -- Below this sequence the observer is told burn blocks and blocks only.
    history_end INTEGER NOT NULL,
    -- 1: the next block is preceded by the burn block that it cites.
    lead_burn_block INTEGER NOT NULL CHECK (lead_burn_block IN (0, 1)),
    -- Chain length of the newest block delivered; NULL before the first.
    delivered_height INTEGER,
    -- Sequences whose events, but for burn blocks and blocks, were forgotten before they could be delivered: first, and
    -- the one after the last, of the last such time; NULL when it never was so.
    thinned_from INTEGER,
    thinned_to INTEGER,
    CHECK ((thinned_from IS NULL) = (thinned_to IS NULL))
) STRICT, WITHOUT ROWID;
