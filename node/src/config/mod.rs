//! How a node is started: flags over file over defaults; and the genesis of its chain.

mod file;
mod flags;
mod genesis;
mod settings;

pub use file::{ConfigFile, SAMPLE_CONFIG};
pub use flags::Flags;
pub use genesis::{Balance, GenesisError, GenesisFile, ProducerEntry, SAMPLE_GENESIS, StackerEntry};
pub use settings::{ConfigError, DEFAULT_BIND, Settings};
