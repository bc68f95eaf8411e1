//! How a node is started: flags over file over defaults; and the genesis of its chain.
//!
//! What stands in the file works, or the node says why it does not, and does not start: there are no keys that are
//! skipped.

mod boot_contracts;
mod call_limits;
mod execution_limits;
mod file;
mod flags;
mod genesis;
mod keys;
mod names;
mod observers;
mod settings;
mod stacks_node_keys;

pub use boot_contracts::{
    BootContractEntry, BootContractError, MAX_BOOT_CONTRACT_BYTES, MAX_BOOT_CONTRACTS, read_boot_contracts,
};
pub use call_limits::CallLimits;
pub use file::{
    BalanceTable, BurnchainTable, ConfigFile, ConnectionTable, JournalTable, NodeTable, ObserverTable, SAMPLE_CONFIG,
};
pub use flags::Flags;
pub use genesis::{Balance, DEFAULT_EPOCH, GenesisError, GenesisFile, ProducerEntry, SAMPLE_GENESIS, StackerEntry};
pub use keys::KeyProblem;
pub use names::ANY;
pub use observers::{EventKey, ObserverConfig};
pub use settings::{ConfigError, DEFAULT_BIND, Settings, TlsFiles};
