INSERT INTO marf_blocks (number, block_id, parent, height, root, segment_start, segment_end, root_at, checksum)
VALUES (:number, :block_id, :parent, :height, :root, :segment_start, :segment_end, :root_at, :checksum);
