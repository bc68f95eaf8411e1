//! The devnet's settings: flags win over the config file, which wins over defaults.
//!
//! The file is the node's, and the node reads it too. A key that only the node needs is not handled here; one that
//! other processes need is passed to them; one that a devnet cannot support is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser as _;
use client::{LogFormat, parse_duration};
use mockamoto_node::config::{ConfigFile, Flags, Settings};

use crate::args::Args;
use crate::data_dir::DataDir;

/// The port at which stacks.js looks for a devnet.
const API_PORT: u16 = 3999;

/// Default wait for a burn block after transactions. `clarinet deployments apply` polls every second, and goes on to
/// the next batch of transactions once a burn block came after the last.
const BURN_BLOCK_AFTER_TRANSACTIONS: Duration = Duration::from_secs(1);

/// Log filter without `--log`: the terminal is for people.
const DEFAULT_LOG: &str = "warn";

/// Flags and config file merged.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Folder of the devnet; a temporary one when `None`.
    pub data_dir: Option<PathBuf>,
    /// Whether commits of all processes wait for the disk; in a named folder they always do.
    pub durable: bool,
    /// Log filter of all processes, as in `RUST_LOG`.
    pub log: String,
    /// Format of their log lines.
    pub log_format: LogFormat,
    /// Whether neither flags nor file give the setting, so that the devnet's default applies.
    is_admin_left: bool,
    is_extra_left: bool,
    is_after_left: bool,
    /// The node's port by flag or file.
    port: Option<u16>,
}

/// What the other processes need to connect to the node.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    /// Bearer token of the guarded services; `None` when the node asks for none.
    pub token: Option<String>,
    /// The node's certificate file (PEM), when it speaks TLS.
    pub certificate: Option<PathBuf>,
}

impl Plan {
    /// Reads the config file, if there is one.
    ///
    /// # Errors
    /// When it cannot be read, or has a key that no devnet supports.
    pub(crate) fn new(args: &Args) -> anyhow::Result<Self> {
        let (file, base) = match &args.config {
            Some(path) => (ConfigFile::read(path)?, path.parent().unwrap_or(Path::new(""))),
            None => (ConfigFile::default(), Path::new("")),
        };
        for (key, is_given) in
            [("genesis", file.genesis.is_some()), ("node.genesis_file", file.node.genesis_file.is_some())]
        {
            if is_given {
                bail!(
                    "{key}: a devnet makes its own genesis, since it holds the keys of those in it; opening balances are \
                     [[ustx_balance]], participants --producers and --signers, rules --epoch, contracts --boot-contracts; for a \
                     genesis of your own run mockamoto-node"
                );
            }
        }
        let format = file.node.log_format.as_deref().map(str::parse).transpose();
        let format: Option<LogFormat> = format.map_err(anyhow::Error::msg).context("node.log_format")?;
        let data_dir = args.data_dir.clone().or_else(|| file.node.working_dir.map(|path| base.join(path)));
        if data_dir.is_some() && file.node.durable == Some(false) {
            bail!(
                "node.durable: a devnet in a named folder is always durable, since somebody may come back to it; remove it"
            );
        }
        Ok(Self {
            durable: data_dir.is_some() || args.durable || file.node.durable == Some(true),
            data_dir,
            log: args.log.clone().or(file.node.log).unwrap_or_else(|| DEFAULT_LOG.to_owned()),
            log_format: args.log_format.or(format).unwrap_or_default(),
            port: args.port.or_else(|| port_in(file.node.rpc_bind.as_deref()?)),
            is_admin_left: file.node.admin.is_none(),
            is_extra_left: file.node.http_extra_bind.is_none(),
            // `--burn-block-interval 0` asks for burn blocks on demand only, so none follows transactions.
            is_after_left: file.burnchain.burn_block_after_transactions.is_none()
                && !is_on_demand(args, file.burnchain.burn_block_interval.as_deref()),
        })
    }

    /// The arguments that the node is started with.
    ///
    /// # Errors
    /// When a path is not UTF-8.
    pub(crate) fn node_args(&self, args: &Args, data_dir: &DataDir) -> anyhow::Result<Vec<String>> {
        let mut arguments = Vec::new();
        let mut add = |name: &str, value: String| arguments.push(flag(name, &value));
        if let Some(config) = &args.config {
            add("--config", text_of(config)?);
        }
        add("--data-dir", text_of(&data_dir.path.join("node"))?);
        add("--genesis", text_of(&data_dir.genesis_file())?);
        add("--log", self.log.clone());
        add("--log-format", self.log_format.to_string());
        if let Some(port) = args.port {
            add("--bind", SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string());
        }
        if let Some(interval) = args.burn_block_interval {
            add("--burn-block-interval", duration_text(interval));
        }
        let after = args.burn_block_after_transactions;
        if let Some(quiet) = after.or(self.is_after_left.then_some(BURN_BLOCK_AFTER_TRANSACTIONS)) {
            add("--burn-block-after-transactions", duration_text(quiet));
        }
        let default = self.default_extra_port(args);
        if let Some(port) = args.api_port.or(default) {
            add("--http-extra-bind", SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string());
        }
        for observer in &args.event_observer {
            add("--event-observer", observer.clone());
        }
        arguments.extend(default.map(|_| "--http-extra-if-free".to_owned()));
        arguments.extend(self.is_admin_left.then(|| "--admin".to_owned()));
        arguments.push(self.durable_arg());
        arguments.push("--ready-stdout".to_owned());
        Ok(arguments)
    }

    /// The second port where nobody names another, if it is free. With a free first port this is one more devnet, and
    /// clients do not look for it there.
    #[must_use]
    pub(crate) fn default_extra_port(&self, args: &Args) -> Option<u16> {
        let is_default =
            args.api_port.is_none() && self.is_extra_left && ![Some(0), Some(API_PORT)].contains(&self.port);
        is_default.then_some(API_PORT)
    }

    /// The argument that passes this setting to each process.
    #[must_use]
    pub(crate) fn durable_arg(&self) -> String {
        format!("--durable={}", self.durable)
    }
}

/// The port of `host:port`; for other text the node reports what is wrong.
fn port_in(address: &str) -> Option<u16> {
    address.rsplit_once(':')?.1.parse().ok()
}

/// Whether burn blocks are mined on demand only; `file` is the interval of the config file.
fn is_on_demand(args: &Args, file: Option<&str>) -> bool {
    let file = file.and_then(|text| parse_duration(text).ok());
    args.burn_block_interval.or(file).is_some_and(|interval| interval.is_zero())
}

/// Checks the node's arguments as the node will, and returns what the other processes need to connect to it.
///
/// # Errors
/// When the node would refuse them, or its limits are too low for the devnet's processes.
pub(crate) fn access(node_args: &[String], data_dir: &DataDir) -> anyhow::Result<Access> {
    let words = std::iter::once("node").chain(node_args.iter().map(String::as_str));
    let mut flags = Flags::try_parse_from(words)?;
    // From MOCKAMOTO_AUTH_TOKEN in the environment; people set it empty to have no token.
    flags.auth_token.take_if(|token| token.is_empty());
    let settings = Settings::load(&flags)?;
    let producers = data_dir.devnet.producers.len();
    // Each needs one connection and one event stream, and so do the signers' process and the devnet itself.
    let needed = producers.saturating_add(2);
    for (key, limit) in [
        ("max_connections", Some(settings.max_connections)),
        ("max_connections_per_peer", settings.max_connections_per_peer),
        ("max_subscriptions", Some(settings.max_subscriptions)),
        ("max_subscriptions_per_peer", settings.max_subscriptions_per_peer),
    ] {
        if let Some(limit) = limit.filter(|limit| *limit < needed) {
            bail!(
                "connection_options.{key}: {limit} is too few: the devnet's own processes need {needed} ({producers} \
                 producer(s), one for all signers, itself)"
            );
        }
    }
    Ok(Access { token: settings.auth_token, certificate: settings.tls.map(|files| files.cert) })
}

impl Access {
    /// URL by which processes of this machine reach the node.
    #[must_use]
    pub(crate) fn url(&self, mut address: SocketAddr) -> String {
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{address}")
    }
}

/// A flag with its value in one argument: a separate value that begins with "-" would be taken for a flag.
#[must_use]
pub(crate) fn flag(name: &str, value: &str) -> String {
    format!("{name}={value}")
}

/// A path as text for a command line.
///
/// # Errors
/// When it is not UTF-8.
pub(crate) fn text_of(path: &Path) -> anyhow::Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("{} is not UTF-8", path.display()))
}

/// A duration as text for a command line, to the nanosecond: a short one must not become 0, which has another meaning.
/// In seconds, so that the reader does not multiply, which would round.
#[must_use]
pub(crate) fn duration_text(duration: Duration) -> String {
    let seconds = format!("{}.{:09}", duration.as_secs(), duration.subsec_nanos());
    format!("{}s", seconds.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests;
