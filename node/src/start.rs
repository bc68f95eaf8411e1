//! From a command line to a running node.

use std::ffi::OsString;

use anyhow::Context as _;
use clap::Parser as _;
use client::start_log;

use crate::config::{Flags, Settings};

/// Runs a node with these arguments (the program's name first) until it is asked to stop. Prints help, version and
/// argument errors as `clap` does, which end the process.
///
/// # Errors
/// When the node cannot be started as asked, or one of its threads failed.
pub fn main_with_args(args: impl IntoIterator<Item = OsString>) -> anyhow::Result<()> {
    let settings = Settings::load(&Flags::parse_from(args))?;
    start_log(&settings.log, settings.log_format).with_context(|| format!("log filter `{}`", settings.log))?;
    crate::entrypoint::run(&settings, || crate::chain::open(&settings))
}
