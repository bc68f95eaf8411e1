INSERT INTO nakamoto_block_headers (
    block_id, parent_block_id, header, chain_length, burn_view, burn_height, burn_time_s, tenure_height,
    tenure_start_block_id, tenure_cost, tenure_fees, coinbase, reward_recipient, producer, size_bytes, processed_event
) VALUES (
    :block_id, :parent_block_id, :header, :chain_length, :burn_view, :burn_height, :burn_time_s, :tenure_height,
    :tenure_start_block_id, :tenure_cost, :tenure_fees, :coinbase, :reward_recipient, :producer, :size_bytes,
    :processed_event
)
