-- Producer sets get a cycle, as stacker sets have. A set serves its cycle and those after it, up to the next set's.
ALTER TABLE producers RENAME TO producers_of_genesis;
CREATE TABLE producers (
    cycle           INTEGER NOT NULL CHECK (cycle >= 0),
    position        INTEGER NOT NULL CHECK (position >= 0),
    address_version INTEGER NOT NULL CHECK (address_version BETWEEN 0 AND 31),
    address_hash160 BLOB    NOT NULL CHECK (length(address_hash160) = 20),
    vrf_public_key  BLOB    NOT NULL CHECK (length(vrf_public_key) = 32),
    PRIMARY KEY (cycle, position)
) STRICT, WITHOUT ROWID;
INSERT INTO producers (cycle, position, address_version, address_hash160, vrf_public_key)
    SELECT 0, position, address_version, address_hash160, vrf_public_key FROM producers_of_genesis;
DROP TABLE producers_of_genesis;
