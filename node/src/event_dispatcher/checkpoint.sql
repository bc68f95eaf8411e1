INSERT INTO observers (
    endpoint, journal_id, next_sequence, posts_done, history_end, lead_burn_block, delivered_height, thinned_from, thinned_to,
    blocks_from
) VALUES (
    :endpoint, :journal_id, :next_sequence, :posts_done, :history_end, 0, :delivered_height, :thinned_from,
    :thinned_to, :blocks_from
)
ON CONFLICT (endpoint) DO UPDATE SET
    journal_id = excluded.journal_id,
    next_sequence = excluded.next_sequence,
    posts_done = excluded.posts_done,
    history_end = excluded.history_end,
    lead_burn_block = excluded.lead_burn_block,
    delivered_height = excluded.delivered_height,
    thinned_from = excluded.thinned_from,
    thinned_to = excluded.thinned_to,
    blocks_from = excluded.blocks_from
