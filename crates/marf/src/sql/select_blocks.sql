SELECT number, block_id, parent, height, root, segment_start, segment_end, root_at, checksum
FROM marf_blocks
ORDER BY number;
