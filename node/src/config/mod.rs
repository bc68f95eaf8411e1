//! Settings of a node and the genesis of its chain. Flags win over the config file, and the file wins over defaults.
//!
//! Every key in a file has an effect, or the node refuses to start and says why; no key is ignored.

mod boot_contracts;
mod bounded_file;
mod call_limits;
mod choices;
mod execution_limits;
mod file;
mod flags;
mod genesis;
mod hosts;
mod keys;
mod observers;
mod settings;
mod stacks_node_keys;

pub use boot_contracts::{
    BootContractEntry, BootContractError, MAX_BOOT_CONTRACT_BYTES, MAX_BOOT_CONTRACTS, read_boot_contracts,
};
pub use call_limits::CallLimits;
pub use choices::{CostLimit, Network, Signing, UnknownWord};
pub use file::{
    BalanceTable, BurnchainTable, ConfigFile, ConnectionTable, JournalTable, NodeTable, ObserverTable, SAMPLE_CONFIG,
};
pub use flags::Flags;
pub use genesis::{
    Balance, DEFAULT_EPOCH, GenesisError, GenesisFile, MAX_TIME_S, ProducerEntry, SAMPLE_GENESIS, StackerEntry,
};
pub use hosts::ANY;
pub use keys::KeyProblem;
pub use observers::{EventKey, ObserverConfig};
pub use settings::{ConfigError, DEFAULT_BIND, Settings, TlsFiles};
