//! The config file.

use std::path::PathBuf;

use serde::Deserialize;

/// A commented config file with every key at its default. A test parses it.
pub const SAMPLE_CONFIG: &str = include_str!("sample_config.toml");

/// The keys of the config file. All may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// Folder that holds the chain.
    pub data_dir: Option<PathBuf>,
    /// Address and port.
    pub bind: Option<String>,
    /// Duration text.
    pub burn_block_interval: Option<String>,
    /// Path of the genesis file.
    pub genesis: Option<PathBuf>,
    /// Bearer token.
    pub auth_token: Option<String>,
    /// File whose first line is the bearer token.
    pub auth_token_file: Option<PathBuf>,
    /// Log filter.
    pub log: Option<String>,
    /// Open event streams in all.
    pub max_subscriptions: Option<usize>,
}
