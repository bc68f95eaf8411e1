-- Contracts by the block that deployed them: source, interface and constants, in the engine's form.
CREATE TABLE contracts (
    block_id BLOB NOT NULL CHECK (length(block_id) = 32),
    contract TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (block_id, contract)
) STRICT;
