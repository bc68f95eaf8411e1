-- Pending transactions. Accounts are 21 bytes: address version, hash160. Nonces and fees are unsigned 64-bit numbers,
-- which a database integer cannot hold: 8 bytes, big-endian, so that they compare as numbers.
CREATE TABLE mempool (
    arrival      INTEGER PRIMARY KEY AUTOINCREMENT,
    txid         BLOB    NOT NULL UNIQUE CHECK (length(txid) = 32),
    origin       BLOB    NOT NULL CHECK (length(origin) = 21),
    origin_nonce BLOB    NOT NULL CHECK (length(origin_nonce) = 8),
    -- The sponsor; the origin again when there is none.
    payer        BLOB    NOT NULL CHECK (length(payer) = 21),
    payer_nonce  BLOB    NOT NULL CHECK (length(payer_nonce) = 8),
    fee          BLOB    NOT NULL CHECK (length(fee) = 8),
    size_bytes   INTEGER NOT NULL CHECK (size_bytes BETWEEN 1 AND 2097152),
    accepted_s   INTEGER NOT NULL CHECK (accepted_s >= 0),
    CHECK (payer <> origin OR payer_nonce = origin_nonce)
) STRICT;
CREATE INDEX mempool_by_age ON mempool (accepted_s);

-- The encoded transactions, apart, so that loading the index at start reads none.
CREATE TABLE mempool_raw (
    arrival INTEGER PRIMARY KEY REFERENCES mempool (arrival) ON DELETE CASCADE,
    raw     BLOB    NOT NULL
) STRICT;

-- Which pending transaction uses an account's nonce, as origin or as payer.
CREATE TABLE mempool_nonces (
    account BLOB    NOT NULL CHECK (length(account) = 21),
    nonce   BLOB    NOT NULL CHECK (length(nonce) = 8),
    arrival INTEGER NOT NULL,
    PRIMARY KEY (account, nonce)
) STRICT, WITHOUT ROWID;

-- The next nonce at the canonical tip of every account with pending transactions, and how many nonces they use.
CREATE TABLE mempool_accounts (
    account    BLOB    PRIMARY KEY CHECK (length(account) = 21),
    next_nonce BLOB    NOT NULL CHECK (length(next_nonce) = 8),
    pending    INTEGER NOT NULL CHECK (pending >= 0)
) STRICT, WITHOUT ROWID;

-- Number and bytes of pending transactions, so that the limits cost no scan.
CREATE TABLE mempool_totals (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    transactions INTEGER NOT NULL CHECK (transactions >= 0),
    bytes        INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;
INSERT INTO mempool_totals (id, transactions, bytes) VALUES (1, 0, 0);
CREATE TRIGGER mempool_insert AFTER INSERT ON mempool BEGIN
    UPDATE mempool_totals SET transactions = transactions + 1, bytes = bytes + NEW.size_bytes;
END;
CREATE TRIGGER mempool_delete AFTER DELETE ON mempool BEGIN
    UPDATE mempool_totals SET transactions = transactions - 1, bytes = bytes - OLD.size_bytes;
END;

-- The same for the nonces: an account's row comes before its first nonce and goes with its last.
CREATE TRIGGER mempool_nonces_insert AFTER INSERT ON mempool_nonces BEGIN
    UPDATE mempool_accounts SET pending = pending + 1 WHERE account = NEW.account;
END;
CREATE TRIGGER mempool_nonces_delete AFTER DELETE ON mempool_nonces BEGIN
    UPDATE mempool_accounts SET pending = pending - 1 WHERE account = OLD.account;
    DELETE FROM mempool_accounts WHERE account = OLD.account AND pending = 0;
END;

-- Transactions that are refused until the given time, because mining them went wrong.
CREATE TABLE mempool_blacklist (
    txid    BLOB    PRIMARY KEY CHECK (length(txid) = 32),
    until_s INTEGER NOT NULL CHECK (until_s >= 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX mempool_blacklist_by_time ON mempool_blacklist (until_s);
