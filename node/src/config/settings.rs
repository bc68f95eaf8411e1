//! Flags and file together, checked.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nakamoto_proto::client::parse_duration;

use super::file::ConfigFile;
use super::flags::Flags;
use super::genesis::{GenesisError, GenesisFile};

/// Loopback, and the port that Stacks clients expect.
pub const DEFAULT_BIND: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 20443);
const DEFAULT_DATA_DIR: &str = "mockamoto-data";
const DEFAULT_BURN_BLOCK_INTERVAL: Duration = Duration::from_secs(30);
const DEFAULT_MAX_SUBSCRIPTIONS: usize = 1024;
/// Above it the streams' queues would be the node's largest memory.
const MOST_SUBSCRIPTIONS: usize = 100_000;

/// How a node runs.
#[derive(Clone, PartialEq)]
pub struct Settings {
    /// Folder that holds the chain.
    pub data_dir: PathBuf,
    /// Address and port.
    pub bind: SocketAddr,
    /// Time between burn blocks; 0 is off.
    pub burn_block_interval: Duration,
    /// The chain's genesis.
    pub genesis: GenesisFile,
    /// Bearer token of the guarded services.
    pub auth_token: Option<String>,
    /// Log filter.
    pub log: String,
    /// Open event streams in all.
    pub max_subscriptions: usize,
    /// Where to say that the node is ready.
    pub ready_file: Option<PathBuf>,
    /// Whether to say it on standard output.
    pub ready_stdout: bool,
    /// Whether the end of standard input stops the node.
    pub stop_on_stdin_eof: bool,
}

/// Why a node cannot be started as asked.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The config file is not TOML with the known keys.
    #[error("config file {}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and what.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A value is out of range.
    #[error("{key}: {detail}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// The genesis file is wrong.
    #[error("genesis")]
    Genesis(#[from] GenesisError),
    /// No genesis was given.
    #[error("no genesis file: give --genesis FILE (the devnet binary `mockamoto` makes one by itself)")]
    NoGenesis,
    /// Everybody could spend this node's time.
    #[error("{bind} is not a loopback address: set an auth token to serve there (--auth-token, --auth-token-file)")]
    OpenBind {
        /// The address.
        bind: SocketAddr,
    },
}

impl Settings {
    /// Reads the files that the flags name and puts everything together.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        let (file, base) = match &flags.config {
            Some(path) => (read_config(path)?, path.parent().unwrap_or(Path::new(""))),
            None => (ConfigFile::default(), Path::new("")),
        };
        let genesis = flags.genesis.clone().or_else(|| file.genesis.as_ref().map(|path| base.join(path)));
        let genesis = GenesisFile::read(&genesis.ok_or(ConfigError::NoGenesis)?)?;
        let settings = Self {
            data_dir: flags
                .data_dir
                .clone()
                .or_else(|| file.data_dir.as_ref().map(|path| base.join(path)))
                .unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR)),
            bind: match (flags.bind, &file.bind) {
                (Some(bind), _) => bind,
                (None, Some(text)) => text.parse().map_err(|error| value("bind", error))?,
                (None, None) => DEFAULT_BIND,
            },
            burn_block_interval: match (flags.burn_block_interval, &file.burn_block_interval) {
                (Some(interval), _) => interval,
                (None, Some(text)) => parse_duration(text).map_err(|error| value("burn_block_interval", error))?,
                (None, None) => DEFAULT_BURN_BLOCK_INTERVAL,
            },
            genesis,
            auth_token: auth_token(flags, &file, base)?,
            log: flags.log.clone().or(file.log).unwrap_or_else(|| "info".to_owned()),
            max_subscriptions: file.max_subscriptions.unwrap_or(DEFAULT_MAX_SUBSCRIPTIONS),
            ready_file: flags.ready_file.clone(),
            ready_stdout: flags.ready_stdout,
            stop_on_stdin_eof: flags.stop_on_stdin_eof,
        };
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if !self.bind.ip().is_loopback() && self.auth_token.is_none() {
            return Err(ConfigError::OpenBind { bind: self.bind });
        }
        if !(1..=MOST_SUBSCRIPTIONS).contains(&self.max_subscriptions) {
            return Err(value("max_subscriptions", format!("not between 1 and {MOST_SUBSCRIPTIONS}")));
        }
        let least = Duration::from_millis(10);
        if !self.burn_block_interval.is_zero() && self.burn_block_interval < least {
            return Err(value("burn_block_interval", format!("below {least:?}")));
        }
        Ok(())
    }
}

fn value(key: &'static str, detail: impl std::fmt::Display) -> ConfigError {
    ConfigError::Value { key, detail: detail.to_string() }
}

pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

fn read_config(path: &Path) -> Result<ConfigFile, ConfigError> {
    let text = read(path)?;
    toml::from_str(&text).map_err(|source| ConfigError::Syntax { path: path.to_owned(), source: Box::new(source) })
}

/// A flag of either kind wins over a key of either kind.
fn auth_token(flags: &Flags, file: &ConfigFile, base: &Path) -> Result<Option<String>, ConfigError> {
    let (token, path) = match (&flags.auth_token, &flags.auth_token_file) {
        (None, None) => {
            if file.auth_token.is_some() && file.auth_token_file.is_some() {
                return Err(value("auth_token", "given together with auth_token_file"));
            }
            (file.auth_token.clone(), file.auth_token_file.as_ref().map(|path| base.join(path)))
        }
        (token, path) => (token.clone(), path.clone()),
    };
    let token = match (token, path) {
        (Some(token), _) => token,
        (None, Some(path)) => read(&path)?.lines().next().unwrap_or_default().trim().to_owned(),
        (None, None) => return Ok(None),
    };
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(value("auth_token", "must be visible ASCII without spaces"));
    }
    Ok(Some(token))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::{SAMPLE_CONFIG, SAMPLE_GENESIS};
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("genesis.toml"), SAMPLE_GENESIS).unwrap();
        std::fs::write(folder.path().join("config.toml"), SAMPLE_CONFIG).unwrap();
        folder
    }

    fn load(folder: &Path, flags: &[&str]) -> Result<Settings, ConfigError> {
        let config = folder.join("config.toml");
        let fixed = ["mockamoto-node", "--config", config.to_str().unwrap()];
        Settings::load(&Flags::parse_from(fixed.iter().chain(flags)))
    }

    #[test]
    fn the_sample_holds_the_defaults() {
        let folder = folder();
        let from_file = load(folder.path(), &[]).unwrap();
        let genesis = folder.path().join("genesis.toml");
        let bare = Flags::parse_from(["mockamoto-node", "--genesis", genesis.to_str().unwrap()]);
        let mut defaults = Settings::load(&bare).unwrap();
        assert_eq!(from_file.data_dir, folder.path().join(&defaults.data_dir));
        defaults.data_dir.clone_from(&from_file.data_dir);
        assert!(from_file == defaults);
        assert_eq!(defaults.bind, DEFAULT_BIND);
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let folder = folder();
        let settings = load(folder.path(), &["--bind", "127.0.0.1:0", "--burn-block-interval", "250ms"]).unwrap();
        assert_eq!(settings.bind.port(), 0);
        assert_eq!(settings.burn_block_interval, Duration::from_millis(250));
    }

    #[test]
    fn an_open_address_needs_a_token() {
        let folder = folder();
        let open = load(folder.path(), &["--bind", "0.0.0.0:0"]);
        assert!(matches!(open, Err(ConfigError::OpenBind { .. })));
        assert!(load(folder.path(), &["--bind", "0.0.0.0:0", "--auth-token", "t"]).is_ok());
        std::fs::write(folder.path().join("token"), "secret\nrest").unwrap();
        let token_file = folder.path().join("token");
        let settings = load(folder.path(), &["--auth-token-file", token_file.to_str().unwrap()]).unwrap();
        assert_eq!(settings.auth_token.as_deref(), Some("secret"));
    }

    #[test]
    fn mistakes_are_named() {
        let folder = folder();
        let config = folder.path().join("config.toml");
        for (text, expected) in [
            ("colour = 1", "config file"),
            ("bind = \"here\"\ngenesis = \"genesis.toml\"", "bind"),
            ("genesis = \"none.toml\"", "genesis"),
            ("max_subscriptions = 0\ngenesis = \"genesis.toml\"", "max_subscriptions"),
            ("burn_block_interval = \"1ms\"\ngenesis = \"genesis.toml\"", "burn_block_interval"),
            ("auth_token = \"a b\"\ngenesis = \"genesis.toml\"", "auth_token"),
        ] {
            std::fs::write(&config, text).unwrap();
            let error = load(folder.path(), &[]).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let none = Settings::load(&Flags::parse_from(["mockamoto-node"]));
        assert!(matches!(none, Err(ConfigError::NoGenesis)));
    }
}
