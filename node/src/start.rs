//! From a command line to a running node.

use std::ffi::OsString;
use std::io::IsTerminal as _;

use anyhow::Context as _;
use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use crate::config::{Flags, LogFormat, Settings};

/// As `GetServiceInfo` and `/v2/info` show it.
pub const SERVER_VERSION: &str = concat!("mockamoto-node ", env!("CARGO_PKG_VERSION"));

/// Runs a node with these arguments (the program's name first) until it is asked to stop. Prints help, version and
/// argument errors as `clap` does, which end the process.
///
/// # Errors
/// When the node cannot be started as asked, or one of its threads failed.
pub fn main_with_args(args: impl IntoIterator<Item = OsString>) -> anyhow::Result<()> {
    let settings = Settings::load(&Flags::parse_from(args))?;
    let filter = EnvFilter::try_new(&settings.log).with_context(|| format!("log filter `{}`", settings.log))?;
    // A log line that cannot be written is lost: complaining about it on standard error would panic when that is full too.
    let log = tracing_subscriber::fmt().log_internal_errors(false).with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber in the same process is refused; the first one then serves.
    let _ = match settings.log_format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    crate::entrypoint::run(&settings, || crate::chain::open(&settings))
}
