//! The command line of `mockamoto-node`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use client::{LogFormat, parse_duration};

use super::hosts::resolve;

/// A Stacks node that runs by Nakamoto rules, with bitcoin, producers and stackers mocked.
///
/// Serves gRPC and HTTP on one port. Every flag overrides the config file; without either the default counts.
#[derive(Debug, Clone, Parser)]
#[command(name = "mockamoto-node", version, max_term_width = 110)]
pub struct Flags {
    /// TOML file with the same settings; see the commented sample in the repository's documentation
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Folder that holds the chain; it is made when it does not exist [default: mockamoto-data]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Make each commit wait for the disk. If false, a killed node loses nothing, but a power cut may cost the chain: use false
    /// only for a folder that is never used again [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub durable: Option<bool>,

    /// Address and port to serve on; port 0 takes a free one [default: 127.0.0.1:20443]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = resolve)]
    pub bind: Option<SocketAddr>,

    /// A second address and port for HTTP; 127.0.0.1:3999 is where stacks.js looks for a devnet
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = resolve)]
    pub http_extra_bind: Option<SocketAddr>,

    /// Do without that second address when another program has it
    #[arg(long, hide = true)]
    pub http_extra_if_free: bool,

    /// Serve the admin service, which mines burn blocks, forks bitcoin and changes the sets [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub admin: Option<bool>,

    /// Time between burn blocks of the mocked bitcoin, as in 30s, 500ms; 0 = only on demand [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub burn_block_interval: Option<Duration>,

    /// Also mine a burn block when this long has passed since the last mined transaction, for clients that wait for one, as
    /// Clarinet does; 0 = no [default: 0]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub burn_block_after_transactions: Option<Duration>,

    /// Genesis of the chain: TOML, or JSON when the name ends in .json. Needed, here or in the config file: it names the
    /// producers and stackers
    #[arg(long, value_name = "FILE")]
    pub genesis: Option<PathBuf>,

    /// Epoch of the network whose rules apply, in place of the genesis's: 3.0, 3.1, 3.2, 3.3, 3.4, 4.0, 4.1. An existing chain
    /// keeps its own
    #[arg(long, value_name = "EPOCH")]
    pub epoch: Option<String>,

    /// Bearer token that the template and validation services ask for; needed to bind an address other than loopback.
    /// Better given as environment variable: other users of the machine can see command lines
    #[arg(long, value_name = "TOKEN", env = "MOCKAMOTO_AUTH_TOKEN", hide_env_values = true)]
    pub auth_token: Option<String>,

    /// File whose first line is the bearer token
    #[arg(long, value_name = "FILE", conflicts_with = "auth_token")]
    pub auth_token_file: Option<PathBuf>,

    /// What to log to standard error: error, warn, info, debug, trace, or a filter such as info,mockamoto_node=debug
    /// [default: info]
    #[arg(long, value_name = "FILTER", env = "MOCKAMOTO_LOG")]
    pub log: Option<String>,

    /// POST events to this observer: HOST:PORT for all but StackerDB chunks and validation results, HOST:PORT,KEY,... for
    /// these keys of events_observer; may be given more than once. The config file can set more of an observer
    #[arg(long, value_name = "HOST:PORT[,KEY...]")]
    pub event_observer: Vec<String>,

    /// How a line of the log looks: text, json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,

    /// POST events to this observer as well, all but StackerDB chunks and validation results
    #[arg(long, hide = true, value_name = "HOST:PORT", env = "STACKS_EVENT_OBSERVER")]
    pub events_observer: Option<String>,

    /// When the port is served, write one line of JSON with the bound address to this file
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,

    /// Write the same line to standard output
    #[arg(long, hide = true)]
    pub ready_stdout: bool,

    /// Stop at the end of standard input, as on SIGTERM: for a parent process that holds the other end
    #[arg(long, hide = true)]
    pub stop_on_stdin_eof: bool,
}

impl Flags {
    /// Whether a flag gives the value of this key of the config file.
    pub(super) fn gives(&self, key: &str) -> bool {
        match key {
            "burnchain.burn_block_interval" => self.burn_block_interval.is_some(),
            "burnchain.burn_block_after_transactions" => self.burn_block_after_transactions.is_some(),
            "connection_options.auth_token" => self.auth_token.is_some() || self.auth_token_file.is_some(),
            "genesis.epoch" => self.epoch.is_some(),
            "node.http_extra_bind" => self.http_extra_bind.is_some(),
            _ => key.starts_with("genesis.") && self.genesis.is_some(),
        }
    }
}
