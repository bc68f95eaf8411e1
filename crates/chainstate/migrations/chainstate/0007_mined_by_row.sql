-- Where a mined transaction is: the block by its row, which is a tenth as long as its id. Nothing vacuums this file, and page
-- checksums refuse one that another program has, so a row keeps its number.
--
-- From here on the events of processed blocks leave their transactions to the block in staging; those of before keep them.
ALTER TABLE mined_transactions RENAME TO mined_by_id;
CREATE TABLE mined_transactions (
    txid BLOB NOT NULL CHECK (length(txid) = 32),
    block_row INTEGER NOT NULL,
    tx_index INTEGER NOT NULL,
    PRIMARY KEY (txid, block_row)
) STRICT, WITHOUT ROWID;
INSERT INTO mined_transactions (txid, block_row, tx_index)
SELECT m.txid, h.rowid, m.tx_index FROM mined_by_id m JOIN nakamoto_block_headers h ON h.block_id = m.block_id;
DROP TABLE mined_by_id;
