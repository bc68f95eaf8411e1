SELECT coalesce(e.body, h.processed_event, b.processed_event)
FROM (
    SELECT sequence, body, block_id FROM pruned_chain_events WHERE sequence >= ?1 AND sequence < ?2
    UNION ALL
    SELECT sequence, body, block_id FROM events WHERE sequence >= ?1 AND sequence < ?2 AND kind IN (?3, ?4)
    ORDER BY sequence LIMIT ?5
) e
LEFT JOIN nakamoto_block_headers h ON h.block_id = e.block_id
LEFT JOIN block_headers b ON b.block_id = e.block_id
ORDER BY e.sequence
