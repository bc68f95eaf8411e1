//! The config file: its tables and keys. Each may be left out.
//!
//! Names are those of the reference's config file where it has the same setting. The sample says what a key means.
//!
//! # Not here
//! Refusing unknown keys with advice: `keys`. Defaults and ranges: `settings`.

use std::path::PathBuf;

use serde::Deserialize;

use super::genesis::{self, GenesisFile};
use super::keys::{Table, names};

/// A commented config file with every key: those with a default set to it, the others as examples after `#`. A test parses it.
pub const SAMPLE_CONFIG: &str = include_str!("sample_config.toml");

/// Content of a config file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigFile {
    /// Folder, addresses and log of the process.
    pub node: NodeTable,
    /// What clients may do.
    pub connection_options: ConnectionTable,
    /// Pace of the mocked bitcoin.
    pub burnchain: BurnchainTable,
    /// How many events the journal keeps.
    pub journal: JournalTable,
    /// Genesis of the chain, in place of a file of its own.
    pub genesis: Option<GenesisFile>,
    /// Opening balances, added to those of the genesis.
    pub ustx_balance: Vec<BalanceTable>,
    /// HTTP observers, which get events by POST.
    pub events_observer: Vec<ObserverTable>,
}

/// Table `[node]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeTable {
    /// Folder that holds the chain.
    pub working_dir: Option<PathBuf>,
    /// Whether commits wait for the disk.
    pub durable: Option<bool>,
    /// `host:port` of gRPC and HTTP.
    pub rpc_bind: Option<String>,
    /// A second `host:port`, for HTTP only.
    pub http_extra_bind: Option<String>,
    /// Path of the genesis file.
    pub genesis_file: Option<PathBuf>,
    /// Whether the admin service is served.
    pub admin: Option<bool>,
    /// Whether mined transactions are indexed; only `true` is possible.
    pub txindex: Option<bool>,
    /// Seconds that a transaction may take in assembly and in the validation of proposals.
    pub max_execution_time_secs: Option<u64>,
    /// Bytes that a transaction may hold at once, by the language's measure: the process can take many times as much.
    pub max_memory_bytes: Option<u64>,
    /// PEM file of the certificate chain.
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the certificate's private key.
    pub tls_key: Option<PathBuf>,
    /// Log filter, as in `RUST_LOG`.
    pub log: Option<String>,
    /// "text" or "json".
    pub log_format: Option<String>,
}

/// Table `[connection_options]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionTable {
    /// Bearer token of the guarded services.
    pub auth_token: Option<String>,
    /// File whose first line is the bearer token.
    pub auth_token_file: Option<PathBuf>,
    /// Origins of web pages that may do more than read.
    pub allowed_origins: Vec<String>,
    /// Names of this node, besides those of loopback and the bound addresses.
    pub allowed_hosts: Vec<String>,
    /// Most connections at once, of all peers together.
    pub max_connections: Option<usize>,
    /// Most connections of one peer.
    pub max_connections_per_peer: Option<usize>,
    /// Most open event streams.
    pub max_subscriptions: Option<usize>,
    /// Most open event streams of one peer.
    pub max_subscriptions_per_peer: Option<usize>,
    /// Time after which a stream whose reader takes nothing is cut, as in `60s`.
    pub stall_timeout: Option<String>,
    /// Most bytes of a read-only call's arguments, as hex digits.
    pub maximum_call_argument_size: Option<usize>,
    /// Most bytes that a read-only call may write.
    pub read_only_call_limit_write_length: Option<u64>,
    /// Most writes of a read-only call.
    pub read_only_call_limit_write_count: Option<u64>,
    /// Most bytes that a read-only call may read.
    pub read_only_call_limit_read_length: Option<u64>,
    /// Most reads of a read-only call.
    pub read_only_call_limit_read_count: Option<u64>,
    /// Most units of Clarity's runtime cost that a read-only call may spend.
    pub read_only_call_limit_runtime: Option<u64>,
    /// Most seconds that a read-only call may take.
    pub read_only_max_execution_time_secs: Option<u64>,
}

/// Table `[burnchain]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BurnchainTable {
    /// Time between burn blocks, as in `30s`; `0` = only on demand.
    pub burn_block_interval: Option<String>,
    /// Time after the last mined transaction until a burn block is mined, as in `1s`; `0` = none is mined for that reason.
    pub burn_block_after_transactions: Option<String>,
}

/// Table `[journal]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalTable {
    /// Most events that are kept.
    pub max_events: Option<u64>,
    /// Most bytes of events that are kept.
    pub max_bytes: Option<u64>,
    /// Age at which events are removed, as in `168h`.
    pub max_age: Option<String>,
}

/// Table `[[ustx_balance]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceTable {
    /// Account or contract.
    pub address: String,
    /// Opening balance, in micro-STX.
    pub amount: u64,
}

/// Table `[[events_observer]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObserverTable {
    /// `host:port` of the observer.
    pub endpoint: String,
    /// Events to post, in the words of [`super::observers::EventKey`].
    pub events_keys: Vec<String>,
    /// Milliseconds until one attempt is given up.
    pub timeout_ms: Option<u64>,
    /// Whether an event is given up when the first attempt does not reach the observer.
    #[serde(default)]
    pub disable_retries: bool,
    /// Answers other than 200 to one post after which the post is skipped.
    pub skip_after_refusals: Option<u32>,
    /// Whether `contract_interface` is left out of posts.
    #[serde(default)]
    pub disable_contract_interface: bool,
}

/// The tables of the config file, with the names of their keys.
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
