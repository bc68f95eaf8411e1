//! Keys of the reference's config file that mean nothing here, each with the reason.
//!
//! They are refused, not ignored: every key in a file has an effect, or the node says why not.

const NO_PEERS: &str = "there is no peer-to-peer network here; remove it";
const NO_BITCOIN: &str = "bitcoin is mocked: there is no bitcoind to speak to; see `burn_block_interval`";
const NO_KEYS: &str = "the node holds no private key: producers and signers are processes of their own";
const NO_MINER: &str = "blocks are made by a process of its own, mockamoto-producer; remove it";
const NO_SIGNER: &str = "blocks are signed by processes of their own, mockamoto-signer-stub; remove it";
const NO_MICROBLOCKS: &str = "there are no microblocks by Nakamoto rules; remove it";
const ONE_EPOCH: &str = "the chain runs by one epoch's rules from its first block; remove it";
const ONE_MARF: &str = "the index has one way to work; remove it";
const SLOTS: &str = "see max_connections and max_subscriptions; remove it";

/// Table, keys, reason. An entry for a whole table has the table "" and the table's name as key.
const KEYS: &[(&str, &[&str], &str)] = &[
    ("", &["miner"], NO_MINER),
    ("", &["signer"], NO_SIGNER),
    ("", &["fee_estimation"], "fees are estimated in one way; remove the table"),
    ("", &["atlas"], "there are no attachments; remove the table"),
    ("", &["mstx_balance"], "its name is [[ustx_balance]] now"),
    ("", &["initial_balances"], "its name is [[ustx_balance]]"),
    (
        "node",
        &[
            "p2p_bind",
            "p2p_address",
            "data_url",
            "bootstrap_node",
            "deny_nodes",
            "local_peer_seed",
            "name",
            "pox_sync_sample_secs",
            "chain_liveness_poll_time_secs",
        ],
        NO_PEERS,
    ),
    ("node", &["seed"], NO_KEYS),
    (
        "node",
        &["miner", "mock_mining", "mock_mining_output_dir", "wait_time_for_blocks", "next_initiative_delay"],
        NO_MINER,
    ),
    ("node", &["stacker"], NO_SIGNER),
    (
        "node",
        &["mine_microblocks", "microblock_frequency", "max_microblocks", "wait_time_for_microblocks"],
        NO_MICROBLOCKS,
    ),
    ("node", &["marf_cache_strategy", "marf_defer_hashing", "marf_compress"], ONE_MARF),
    ("node", &["prometheus_bind"], "metrics are at GET /metrics of `rpc_bind`; remove it"),
    ("node", &["use_test_genesis_chainstate"], "the genesis is [genesis] or `genesis_file`; remove it"),
    ("node", &["stacker_dbs"], "every contract with the StackerDB trait is served; remove it"),
    (
        "node",
        &["event_dispatcher_blocking", "event_dispatcher_queue_size"],
        "observers read the journal, each at its own pace, and never block the node; remove it",
    ),
    (
        "node",
        &["always_use_affirmation_maps", "require_affirmed_anchor_blocks", "assume_present_anchor_blocks"],
        ONE_EPOCH,
    ),
    ("node", &["data_dir"], "its name is `working_dir`"),
    ("node", &["bind"], "its name is `rpc_bind`"),
    (
        "burnchain",
        &[
            "chain",
            "mode",
            "peer_host",
            "peer_port",
            "rpc_port",
            "rpc_ssl",
            "username",
            "password",
            "timeout",
            "socket_timeout",
            "magic_bytes",
            "local_mining_public_key",
            "process_exit_at_block_height",
            "poll_time_secs",
            "satoshis_per_byte",
            "burn_fee_cap",
            "commit_anchor_block_within",
            "wallet_name",
            "max_rbf",
            "max_unspent_utxos",
            "rbf_fee_increment",
            "leader_key_tx_estimated_size",
            "block_commit_tx_estimated_size",
            "fault_injection_burnchain_block_delay",
            "peer_version",
        ],
        NO_BITCOIN,
    ),
    (
        "burnchain",
        &["epochs", "pox_2_activation", "pox_prepare_length", "sunset_start", "sunset_end", "affirmation_overrides"],
        ONE_EPOCH,
    ),
    ("burnchain", &["chain_id"], "it is `genesis.chain_id`"),
    ("burnchain", &["first_burn_block_height"], "it is `genesis.first_burn_height`"),
    ("burnchain", &["first_burn_block_timestamp"], "it is `genesis.first_burn_time_s`"),
    ("burnchain", &["first_burn_block_hash"], "the mocked bitcoin makes its own hashes; remove it"),
    ("burnchain", &["pox_reward_length"], "it is `genesis.reward_cycle_length`"),
    (
        "connection_options",
        &[
            "heartbeat",
            "private_key_lifetime",
            "num_neighbors",
            "soft_num_neighbors",
            "num_clients",
            "soft_num_clients",
            "max_neighbors_per_host",
            "soft_max_neighbors_per_host",
            "max_neighbors_per_org",
            "soft_max_neighbors_per_org",
            "max_neighbors_per_peer",
            "soft_max_neighbors_per_peer",
            "max_clients_per_host",
            "soft_max_clients_per_host",
            "walk_interval",
            "walk_seed_probability",
            "log_neighbors_freq",
            "inv_sync_interval",
            "inv_reward_cycles",
            "full_inv_sync_interval",
            "download_interval",
            "public_ip_address",
            "private_neighbors",
            "disable_inbound_walks",
            "disable_inbound_handshakes",
            "disable_block_download",
            "force_disconnect_interval",
            "antientropy_retry",
            "antientropy_public",
            "max_buffered_blocks",
            "max_buffered_microblocks",
            "mempool_sync_interval",
            "max_inflight_blocks",
            "max_inflight_attachments",
            "inbox_maxlen",
            "outbox_maxlen",
            "reject_blocks_pushed",
            "dns_timeout",
            "connect_timeout",
        ],
        NO_PEERS,
    ),
    ("connection_options", &["max_http_clients", "max_sockets", "max_inflight_requests"], SLOTS),
    (
        "connection_options",
        &["timeout", "idle_timeout", "handshake_timeout"],
        "time limits of connections are fixed; remove it",
    ),
    ("connection_options", &["block_proposal_token"], "its name is `auth_token`"),
];

/// Why a key of the reference means nothing here; `None` when the reference does not have it either.
pub(super) fn why(table: &str, key: &str) -> Option<&'static str> {
    KEYS.iter().find(|(home, names, _)| *home == table && names.contains(&key)).map(|(_, _, why)| *why)
}
