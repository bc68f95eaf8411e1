CREATE TABLE stackerdb_instances (
    instance         INTEGER PRIMARY KEY,
    contract         TEXT    NOT NULL UNIQUE CHECK (length(contract) BETWEEN 1 AND 256),
    chunk_size_bytes INTEGER NOT NULL CHECK (chunk_size_bytes BETWEEN 0 AND 16777216),
    write_freq       INTEGER NOT NULL CHECK (write_freq BETWEEN 0 AND 4294967295),
    max_writes       INTEGER NOT NULL CHECK (max_writes BETWEEN 0 AND 4294967295)
) STRICT;

CREATE TABLE stackerdb_slots (
    slot         INTEGER PRIMARY KEY,
    instance     INTEGER NOT NULL REFERENCES stackerdb_instances (instance),
    slot_id      INTEGER NOT NULL CHECK (slot_id BETWEEN 0 AND 4095),
    -- Who may write: the hash of the owner's compressed key. Its address version is not compared and not kept.
    owner        BLOB    NOT NULL CHECK (length(owner) = 20),
    slot_version INTEGER NOT NULL DEFAULT 0 CHECK (slot_version BETWEEN 0 AND 4294967295),
    data_hash    BLOB    NOT NULL DEFAULT (zeroblob(32)) CHECK (length(data_hash) = 32),
    signature    BLOB    NOT NULL DEFAULT (zeroblob(65)) CHECK (length(signature) = 65),
    UNIQUE (instance, slot_id)
) STRICT;

-- The data, apart from the metadata, so that listing slots reads no chunk. Only written slots have a row.
CREATE TABLE stackerdb_chunks (
    slot INTEGER PRIMARY KEY REFERENCES stackerdb_slots (slot) ON DELETE CASCADE,
    data BLOB    NOT NULL
) STRICT;
