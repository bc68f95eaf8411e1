-- From here on the data of a slot's chunk is stored once: in the chunk's event, until retention removes that, then in
-- stackerdb_chunks. Chunks of before are in stackerdb_chunks, and name no event.
ALTER TABLE stackerdb_slots ADD COLUMN event_sequence INTEGER;
CREATE INDEX stackerdb_slots_by_event ON stackerdb_slots (event_sequence) WHERE event_sequence IS NOT NULL;
