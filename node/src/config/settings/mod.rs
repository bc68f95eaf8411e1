//! Flags and config file merged and checked.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chainstate::execution::ExecutionLimits;
use client::{LogFormat, parse_duration};
use sqlite::Durability;

use super::bounded_file::read_text;
use super::call_limits::call_limits;
use super::execution_limits::execution_limits;
use super::file::{self, ConfigFile};
use super::flags::Flags;
use super::genesis::{Balance, GenesisError, GenesisFile};
use super::hosts::{is_host, is_origin, resolve};
use super::keys::{self, KeyProblem};
use super::observers::{ObserverConfig, observers};
use crate::config::CallLimits;
use crate::limits::MAX_CONNECTIONS;

/// Loopback, with the port that Stacks clients expect.
pub const DEFAULT_BIND: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 20443);
const DEFAULT_DATA_DIR: &str = "mockamoto-data";
const DEFAULT_BURN_BLOCK_INTERVAL: Duration = Duration::from_secs(30);
const DEFAULT_MAX_SUBSCRIPTIONS: usize = 1024;
/// Much longer than a slow reader's pause, and shorter than an operator would wait.
const DEFAULT_STALL_TIMEOUT: Duration = Duration::from_secs(60);
/// A week: a reader may be away that long.
const DEFAULT_JOURNAL_MAX_AGE: Duration = Duration::from_secs(168 * 3600);
/// Most subscriptions that can be set: with more, the streams' queues would take most of the node's memory.
const MOST_SUBSCRIPTIONS: usize = 100_000;
/// Most connections that can be set: one address has that many ports.
const MOST_CONNECTIONS: usize = 65_536;
/// Events that the journal keeps: at ten events a second, more than a day.
const DEFAULT_JOURNAL_MAX_EVENTS: u64 = 1_000_000;
/// Characters of the shortest token: a shorter one can be guessed.
const LEAST_TOKEN_CHARACTERS: usize = 16;
/// Fewest events that can be set: with fewer, events would be removed while a stream that follows closely reads them.
const LEAST_JOURNAL_EVENTS: u64 = 1000;
/// Bytes of events that the journal keeps: most of a day of an idle devnet.
const DEFAULT_JOURNAL_MAX_BYTES: u64 = 256 << 20;
/// Fewest bytes that can be set: room for two events with the largest chunks.
const LEAST_JOURNAL_BYTES: u64 = 34 << 20;

/// Settings of a node, complete and checked.
#[derive(Clone, PartialEq)]
pub struct Settings {
    /// Folder that holds the chain.
    pub data_dir: PathBuf,
    /// What a commit of the chain survives.
    pub durability: Durability,
    /// Address and port of gRPC and HTTP.
    pub bind: SocketAddr,
    /// A second address, for HTTP only.
    pub http_extra_bind: Option<SocketAddr>,
    /// Whether the node starts without it when another program has it.
    pub http_extra_if_free: bool,
    /// Whether the admin service is served.
    pub admin: bool,
    /// Time between burn blocks; 0 = only on demand.
    pub burn_block_interval: Duration,
    /// Time after the last mined transaction until a burn block is mined; 0 = none is mined for that reason.
    pub burn_block_after_transactions: Duration,
    /// Genesis of the chain, with all opening balances.
    pub genesis: GenesisFile,
    /// Bearer token of the guarded services; `None` = none is asked for.
    pub auth_token: Option<String>,
    /// Log filter, as in `RUST_LOG`.
    pub log: String,
    /// Format of a log line.
    pub log_format: LogFormat,
    /// PEM files of the certificate chain and its key; `None` = no TLS.
    pub tls: Option<TlsFiles>,
    /// Origins of web pages that may do more than read.
    pub allowed_origins: Vec<String>,
    /// Names of this node, besides those of loopback and the bound addresses.
    pub allowed_hosts: Vec<String>,
    /// Most connections at once, of all peers together.
    pub max_connections: usize,
    /// Most connections of one peer; `None` = half of all, and no limit for processes of this machine.
    pub max_connections_per_peer: Option<usize>,
    /// Most open event streams.
    pub max_subscriptions: usize,
    /// Most open event streams of one peer; `None` = the default that the sample config names.
    pub max_subscriptions_per_peer: Option<usize>,
    /// Time after which a stream whose reader takes nothing is cut.
    pub stall_timeout: Duration,
    /// What a read-only call may use.
    pub call_limits: CallLimits,
    /// What a transaction may take in assembly and validation.
    pub execution_limits: ExecutionLimits,
    /// Most events that the journal keeps.
    pub journal_max_events: u64,
    /// Most bytes of events that the journal keeps.
    pub journal_max_bytes: u64,
    /// Age at which the journal removes events.
    pub journal_max_age: Duration,
    /// Observers, which get events by POST.
    pub observers: Vec<ObserverConfig>,
    /// File to write the ready line to, once the node serves.
    pub ready_file: Option<PathBuf>,
    /// Whether to write the ready line to standard output.
    pub ready_stdout: bool,
    /// Whether the end of standard input stops the node.
    pub stop_on_stdin_eof: bool,
}

/// Paths of certificate and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM file of the certificate chain.
    pub cert: PathBuf,
    /// PEM file of the certificate's private key.
    pub key: PathBuf,
}

/// Why a node cannot start with these settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The system cannot read a file.
    #[error("cannot read {}", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Error of the system.
        #[source]
        source: std::io::Error,
    },
    /// The config file is not TOML, or a value has another type.
    #[error("config file {}", path.display())]
    Syntax {
        /// Path of the config file.
        path: PathBuf,
        /// Position and kind of the mistake.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The config file has keys that nothing reads.
    #[error("config file {}{}", path.display(), KeyProblem::list(problems))]
    Keys {
        /// Path of the config file.
        path: PathBuf,
        /// All such keys, not only the first.
        problems: Vec<KeyProblem>,
    },
    /// A value is out of range.
    #[error("{key}: {detail}")]
    Value {
        /// Path of the key, with its table.
        key: String,
        /// What the value is, and what it may be.
        detail: String,
    },
    /// A value of the config file is out of range.
    #[error("config file {}, line {line}", path.display())]
    Line {
        /// Path of the config file.
        path: PathBuf,
        /// Line of the key, from 1.
        line: usize,
        /// Which key, and what is wrong.
        #[source]
        problem: Box<Self>,
    },
    /// The genesis cannot be used.
    #[error("genesis")]
    Genesis(#[from] GenesisError),
    /// There is no genesis in flags or config file.
    #[error(
        "no genesis: give --genesis FILE, or [genesis] in the config file (the devnet binary `mockamoto` makes one by \
         itself)"
    )]
    NoGenesis,
    /// The address is open to other machines and there is no token: anybody could use up this node's time.
    #[error("{bind} is not a loopback address: set an auth token to serve there (--auth-token, --auth-token-file)")]
    OpenBind {
        /// Address that is to be bound.
        bind: SocketAddr,
    },
}

impl Settings {
    /// Reads the files that the flags name, and merges everything.
    ///
    /// # Errors
    /// [`ConfigError`]: a file cannot be read, or a setting cannot be used.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        let Some(path) = &flags.config else { return Self::merge(flags, &ConfigFile::default(), Path::new("")) };
        let text = read(path)?;
        let file = ConfigFile::parse(path, &text)?;
        let merged = Self::merge(flags, &file, path.parent().unwrap_or(Path::new("")));
        merged.map_err(|error| {
            if error.key().is_some_and(|key| flags.gives(&key)) { error } else { error.in_file(path, &text) }
        })
    }

    /// Merges flags and file. Relative paths in the file are relative to `base`.
    fn merge(flags: &Flags, file: &ConfigFile, base: &Path) -> Result<Self, ConfigError> {
        let in_base = |path: &PathBuf| base.join(path);
        let bind = address("node.rpc_bind", flags.bind, file.node.rpc_bind.as_deref())?;
        let extra = file.node.http_extra_bind.as_deref();
        let settings = Self {
            data_dir: flags
                .data_dir
                .clone()
                .or_else(|| file.node.working_dir.as_ref().map(in_base))
                .unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR)),
            durability: Durability::from_setting(flags.durable.or(file.node.durable).unwrap_or(true)),
            bind: bind.unwrap_or(DEFAULT_BIND),
            http_extra_bind: address("node.http_extra_bind", flags.http_extra_bind, extra)?,
            http_extra_if_free: flags.http_extra_if_free,
            admin: flags.admin.or(file.node.admin).unwrap_or(false),
            burn_block_interval: burn_block_interval(flags, file)?,
            burn_block_after_transactions: burn_block_after_transactions(flags, file)?,
            genesis: genesis(flags, file, base)?,
            auth_token: auth_token(flags, file, base)?,
            log: flags.log.clone().or_else(|| file.node.log.clone()).unwrap_or_else(|| "info".to_owned()),
            log_format: log_format(flags, file.node.log_format.as_deref())?,
            tls: tls(file, base)?,
            allowed_origins: file.connection_options.allowed_origins.clone(),
            allowed_hosts: file.connection_options.allowed_hosts.clone(),
            max_connections: file.connection_options.max_connections.unwrap_or(MAX_CONNECTIONS),
            max_connections_per_peer: file.connection_options.max_connections_per_peer,
            max_subscriptions: file.connection_options.max_subscriptions.unwrap_or(DEFAULT_MAX_SUBSCRIPTIONS),
            max_subscriptions_per_peer: file.connection_options.max_subscriptions_per_peer,
            stall_timeout: stall_timeout(file)?,
            call_limits: call_limits(&file.connection_options).map_err(|(key, detail)| value(key, detail))?,
            execution_limits: execution_limits(&file.node).map_err(|(key, detail)| value(key, detail))?,
            journal_max_events: file.journal.max_events.unwrap_or(DEFAULT_JOURNAL_MAX_EVENTS),
            journal_max_bytes: file.journal.max_bytes.unwrap_or(DEFAULT_JOURNAL_MAX_BYTES),
            journal_max_age: journal_max_age(file)?,
            observers: observers(&file.events_observer, &flags.event_observer, flags.events_observer.as_deref())
                .map_err(|(key, detail)| ConfigError::Value { key, detail })?,
            ready_file: flags.ready_file.clone(),
            ready_stdout: flags.ready_stdout,
            stop_on_stdin_eof: flags.stop_on_stdin_eof,
        };
        if file.node.txindex == Some(false) {
            return Err(value("node.txindex", "mined transactions are always indexed here; remove it"));
        }
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let open = [Some(self.bind), self.http_extra_bind].into_iter().flatten().find(|bind| !bind.ip().is_loopback());
        if let Some(bind) = open
            && self.auth_token.is_none()
        {
            return Err(ConfigError::OpenBind { bind });
        }
        if self.http_extra_bind == Some(self.bind) && self.bind.port() != 0 {
            return Err(value("node.http_extra_bind", "is `rpc_bind` already"));
        }
        for (key, limit, most) in [
            ("connection_options.max_subscriptions", Some(self.max_subscriptions), MOST_SUBSCRIPTIONS),
            ("connection_options.max_subscriptions_per_peer", self.max_subscriptions_per_peer, MOST_SUBSCRIPTIONS),
            ("connection_options.max_connections", Some(self.max_connections), MOST_CONNECTIONS),
            ("connection_options.max_connections_per_peer", self.max_connections_per_peer, MOST_CONNECTIONS),
        ] {
            if limit.is_some_and(|limit| !(1..=most).contains(&limit)) {
                return Err(value(key, format!("not between 1 and {most}")));
            }
        }
        if let Some(origin) = self.allowed_origins.iter().find(|origin| !is_origin(origin)) {
            let detail = format!("`{origin}` is not scheme://host, scheme://host:port, null or *");
            return Err(value("connection_options.allowed_origins", detail));
        }
        if let Some(host) = self.allowed_hosts.iter().find(|host| !is_host(host)) {
            let detail = format!("`{host}` is not a name or number without a port, or *");
            return Err(value("connection_options.allowed_hosts", detail));
        }
        if self.stall_timeout < Duration::from_secs(1) {
            return Err(value("connection_options.stall_timeout", "below 1s"));
        }
        if self.journal_max_age < Duration::from_secs(60) {
            return Err(value("journal.max_age", "below 60s"));
        }
        if self.journal_max_events < LEAST_JOURNAL_EVENTS {
            return Err(value("journal.max_events", format!("below {LEAST_JOURNAL_EVENTS}")));
        }
        if self.journal_max_bytes < LEAST_JOURNAL_BYTES {
            return Err(value("journal.max_bytes", format!("below {LEAST_JOURNAL_BYTES}")));
        }
        let least = Duration::from_millis(10);
        for (key, duration) in [
            ("burnchain.burn_block_interval", self.burn_block_interval),
            ("burnchain.burn_block_after_transactions", self.burn_block_after_transactions),
        ] {
            if !duration.is_zero() && duration < least {
                return Err(value(key, format!("below {least:?}")));
            }
        }
        Ok(())
    }
}

impl ConfigError {
    /// Path in the config file of the key whose value cannot be used.
    fn key(&self) -> Option<String> {
        match self {
            Self::Value { key, .. } => Some(key.clone()),
            Self::Genesis(GenesisError::Value { key, .. }) => Some(format!("genesis.{key}")),
            _ => None,
        }
    }

    /// Adds the line of the key, if the file `path` with this `text` has it.
    fn in_file(self, path: &Path, text: &str) -> Self {
        match self.key().and_then(|key| keys::line(text, &key)) {
            Some(line) => Self::Line { path: path.to_owned(), line, problem: Box::new(self) },
            None => self,
        }
    }
}

fn value(key: &'static str, detail: impl std::fmt::Display) -> ConfigError {
    ConfigError::Value { key: key.to_owned(), detail: detail.to_string() }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    read_text(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

impl ConfigFile {
    /// Reads a config file.
    ///
    /// # Errors
    /// [`ConfigError`]; it names all keys that nothing reads.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(path, &read(path)?)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let syntax = |source| ConfigError::Syntax { path: path.to_owned(), source };
        let problems = keys::problems(text, "", &file::tables()).map_err(syntax)?;
        if !problems.is_empty() {
            return Err(ConfigError::Keys { path: path.to_owned(), problems });
        }
        let file: Self = toml::from_str(text).map_err(|error| syntax(Box::new(error)))?;
        if file.node.working_dir.as_ref().is_some_and(|folder| folder.as_os_str().is_empty()) {
            return Err(value("node.working_dir", "an empty path names no folder").in_file(path, text));
        }
        Ok(file)
    }
}

/// Address from a flag, else from `host:port` in the file.
fn address(key: &'static str, flag: Option<SocketAddr>, text: Option<&str>) -> Result<Option<SocketAddr>, ConfigError> {
    let (None, Some(text)) = (flag, text) else { return Ok(flag) };
    resolve(text).map(Some).map_err(|fault| value(key, fault))
}

fn tls(file: &ConfigFile, base: &Path) -> Result<Option<TlsFiles>, ConfigError> {
    match (&file.node.tls_cert, &file.node.tls_key) {
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert: base.join(cert), key: base.join(key) })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(value("node.tls_cert", "given without `tls_key`")),
        (None, Some(_)) => Err(value("node.tls_key", "given without `tls_cert`")),
    }
}

fn log_format(flags: &Flags, text: Option<&str>) -> Result<LogFormat, ConfigError> {
    match (flags.log_format, text) {
        (Some(format), _) => Ok(format),
        (None, Some(text)) => text.parse().map_err(|error| value("node.log_format", error)),
        (None, None) => Ok(LogFormat::default()),
    }
}

fn burn_block_interval(flags: &Flags, file: &ConfigFile) -> Result<Duration, ConfigError> {
    match (flags.burn_block_interval, &file.burnchain.burn_block_interval) {
        (Some(interval), _) => Ok(interval),
        (None, Some(text)) => parse_duration(text).map_err(|error| value("burnchain.burn_block_interval", error)),
        (None, None) => Ok(DEFAULT_BURN_BLOCK_INTERVAL),
    }
}

fn burn_block_after_transactions(flags: &Flags, file: &ConfigFile) -> Result<Duration, ConfigError> {
    match (flags.burn_block_after_transactions, &file.burnchain.burn_block_after_transactions) {
        (Some(quiet), _) => Ok(quiet),
        (None, Some(text)) => {
            parse_duration(text).map_err(|error| value("burnchain.burn_block_after_transactions", error))
        }
        (None, None) => Ok(Duration::ZERO),
    }
}

fn stall_timeout(file: &ConfigFile) -> Result<Duration, ConfigError> {
    let Some(text) = &file.connection_options.stall_timeout else { return Ok(DEFAULT_STALL_TIMEOUT) };
    parse_duration(text).map_err(|error| value("connection_options.stall_timeout", error))
}

fn journal_max_age(file: &ConfigFile) -> Result<Duration, ConfigError> {
    let Some(text) = &file.journal.max_age else { return Ok(DEFAULT_JOURNAL_MAX_AGE) };
    parse_duration(text).map_err(|error| value("journal.max_age", error))
}

/// The genesis from the flag's file, else from the config file itself, else from the file that it names;
/// `[[ustx_balance]]` is added in each case.
fn genesis(flags: &Flags, file: &ConfigFile, base: &Path) -> Result<GenesisFile, ConfigError> {
    let mut genesis = match (&flags.genesis, &file.genesis, &file.node.genesis_file) {
        (Some(path), _, _) => GenesisFile::read(path)?,
        (None, Some(_), Some(_)) => return Err(value("node.genesis_file", "given together with [genesis]")),
        (None, Some(genesis), None) => {
            let mut genesis = genesis.clone();
            genesis.read_texts(base)?;
            genesis
        }
        (None, None, Some(path)) => GenesisFile::read(&base.join(path))?,
        (None, None, None) => return Err(ConfigError::NoGenesis),
    };
    if let Some(epoch) = &flags.epoch {
        genesis.epoch.clone_from(epoch);
    }
    let more = file.ustx_balance.iter();
    genesis.balances.extend(more.map(|b| Balance { address: b.address.clone(), amount_ustx: b.amount }));
    genesis.check()?;
    Ok(genesis)
}

/// The token. A flag for the token or its file wins over the config's keys.
fn auth_token(flags: &Flags, file: &ConfigFile, base: &Path) -> Result<Option<String>, ConfigError> {
    let keys = &file.connection_options;
    let (token, path) = match (&flags.auth_token, &flags.auth_token_file) {
        (None, None) => {
            if keys.auth_token.is_some() && keys.auth_token_file.is_some() {
                return Err(value("connection_options.auth_token", "given together with auth_token_file"));
            }
            (keys.auth_token.clone(), keys.auth_token_file.as_ref().map(|path| base.join(path)))
        }
        (token, path) => (token.clone(), path.clone()),
    };
    let token = match (token, path) {
        (Some(token), _) => token,
        (None, Some(path)) => read(&path)?.lines().next().unwrap_or_default().trim().to_owned(),
        (None, None) => return Ok(None),
    };
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(value("connection_options.auth_token", "must be visible ASCII without spaces"));
    }
    if token.len() < LEAST_TOKEN_CHARACTERS {
        let detail = format!("below {LEAST_TOKEN_CHARACTERS} characters: it could be guessed");
        return Err(value("connection_options.auth_token", detail));
    }
    Ok(Some(token))
}

#[cfg(test)]
mod tests;
