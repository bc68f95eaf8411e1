-- Why transactions left the mempool without being mined, for a while after. `reason` is the wire's number.
CREATE TABLE mempool_dropped (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    txid     BLOB    NOT NULL UNIQUE CHECK (length(txid) = 32),
    reason   INTEGER NOT NULL,
    new_txid BLOB    NOT NULL CHECK (length(new_txid) IN (0, 32)),
    detail   TEXT    NOT NULL
) STRICT;
