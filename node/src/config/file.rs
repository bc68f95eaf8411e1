//! The config file: its tables and keys. All may be left out.
//!
//! Names are those of the reference's config file where it has the thing. What a key means stands in the sample.
//!
//! # Not here
//! Refusing unknown keys with advice: `keys`. Defaults and ranges: `settings`.

use std::path::PathBuf;

use serde::Deserialize;

use super::genesis::{self, GenesisFile};
use super::keys::{Table, names};

/// A commented config file with every key: those with a default at it, the others as examples behind `#`. A test
/// parses it.
pub const SAMPLE_CONFIG: &str = include_str!("sample_config.toml");

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigFile {
    /// The process: folder, addresses, log.
    pub node: NodeTable,
    /// What clients may ask for.
    pub connection_options: ConnectionTable,
    /// The mocked bitcoin.
    pub burnchain: BurnchainTable,
    /// What the event journal keeps.
    pub journal: JournalTable,
    /// The chain's genesis, in place of a file of its own.
    pub genesis: Option<GenesisFile>,
    /// Opening balances, after those of the genesis.
    pub ustx_balance: Vec<BalanceTable>,
    /// Who is told about events by HTTP.
    pub events_observer: Vec<ObserverTable>,
}

/// `[node]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeTable {
    /// Folder that holds the chain.
    pub working_dir: Option<PathBuf>,
    /// `host:port` of gRPC and HTTP.
    pub rpc_bind: Option<String>,
    /// `host:port` that serves HTTP too.
    pub http_extra_bind: Option<String>,
    /// Path of the genesis file.
    pub genesis_file: Option<PathBuf>,
    /// Whether the admin service is served.
    pub admin: Option<bool>,
    /// Whether mined transactions are indexed; only `true` is possible.
    pub txindex: Option<bool>,
    /// Seconds that a transaction may take in assembly and in the validation of proposals.
    pub max_execution_time_secs: Option<u64>,
    /// Bytes that it may hold at once.
    pub max_memory_bytes: Option<u64>,
    /// PEM file of the certificate chain.
    pub tls_cert: Option<PathBuf>,
    /// PEM file of its key.
    pub tls_key: Option<PathBuf>,
    /// Log filter.
    pub log: Option<String>,
    /// "text" or "json".
    pub log_format: Option<String>,
}

/// `[connection_options]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionTable {
    /// Bearer token.
    pub auth_token: Option<String>,
    /// File whose first line is the bearer token.
    pub auth_token_file: Option<PathBuf>,
    /// Origins of pages elsewhere that may do more than read.
    pub allowed_origins: Vec<String>,
    /// Names of this node beside those of loopback and the bound addresses.
    pub allowed_hosts: Vec<String>,
    /// Most connections at once, of all peers together.
    pub max_connections: Option<usize>,
    /// Connections of one peer.
    pub max_connections_per_peer: Option<usize>,
    /// Open event streams in all.
    pub max_subscriptions: Option<usize>,
    /// Open event streams of one peer address.
    pub max_subscriptions_per_peer: Option<usize>,
    /// Duration text.
    pub stall_timeout: Option<String>,
    /// Bytes of a read-only call's arguments, as hex.
    pub maximum_call_argument_size: Option<usize>,
    /// What a read-only call may write, bytes.
    pub read_only_call_limit_write_length: Option<u64>,
    /// Writes of a read-only call.
    pub read_only_call_limit_write_count: Option<u64>,
    /// What a read-only call may read, bytes.
    pub read_only_call_limit_read_length: Option<u64>,
    /// Reads of a read-only call.
    pub read_only_call_limit_read_count: Option<u64>,
    /// Units of evaluation of a read-only call.
    pub read_only_call_limit_runtime: Option<u64>,
    /// Seconds that a read-only call may take.
    pub read_only_max_execution_time_secs: Option<u64>,
}

/// `[burnchain]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BurnchainTable {
    /// Duration text.
    pub burn_block_interval: Option<String>,
    /// Duration text.
    pub burn_block_after_transactions: Option<String>,
}

/// `[journal]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalTable {
    /// Events kept.
    pub max_events: Option<u64>,
    /// Most bytes that the journal keeps.
    pub max_bytes: Option<u64>,
    /// Duration text.
    pub max_age: Option<String>,
}

/// `[[ustx_balance]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceTable {
    /// Principal.
    pub address: String,
    /// Micro-STX.
    pub amount: u64,
}

/// `[[events_observer]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObserverTable {
    /// `host:port`.
    pub endpoint: String,
    /// What it wants to know.
    pub events_keys: Vec<String>,
    /// Milliseconds an attempt.
    pub timeout_ms: Option<u64>,
    /// Whether an attempt that does not reach it is the only one.
    #[serde(default)]
    pub disable_retries: bool,
    /// Answers other than 200 to one post after which it is skipped.
    pub skip_after_refusals: Option<u32>,
    /// Whether `contract_interface` is left out.
    #[serde(default)]
    pub disable_contract_interface: bool,
}

/// The tables of the config file.
pub(super) fn tables() -> Vec<Table> {
    let own = [
        ("", names::<ConfigFile>()),
        ("node", names::<NodeTable>()),
        ("connection_options", names::<ConnectionTable>()),
        ("burnchain", names::<BurnchainTable>()),
        ("journal", names::<JournalTable>()),
        ("ustx_balance", names::<BalanceTable>()),
        ("events_observer", names::<ObserverTable>()),
    ];
    own.into_iter().chain(genesis::tables()).collect()
}
