-- Whether a reorganization brought the transaction back: such go first, by arrival, which is the order in which they were mined.
ALTER TABLE mempool ADD COLUMN restored INTEGER NOT NULL DEFAULT 0 CHECK (restored IN (0, 1));
