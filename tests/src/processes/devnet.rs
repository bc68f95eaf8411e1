//! Starts the binary `mockamoto`, and reads the accounts and addresses that it writes.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Process, WAIT, binary};

/// The command `mockamoto` on a free port, with its accounts in a file of `folder`.
#[must_use]
pub fn devnet_command(folder: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(binary("mockamoto"));
    command.args(["--port", "0", "--accounts-out"]).arg(folder.join("accounts.json")).args(flags);
    command
}

/// Starts a devnet; returns when it serves, with its accounts and addresses.
///
/// # Panics
/// When it does not in time.
#[must_use]
pub fn start_devnet(folder: &Path, flags: &[&str]) -> (Process, Value) {
    let process = Process::start("mockamoto", devnet_command(folder, flags), folder);
    let end = Instant::now() + WAIT;
    loop {
        let text = std::fs::read_to_string(folder.join("accounts.json")).unwrap_or_default();
        if let Ok(accounts) = serde_json::from_str(&text) {
            return (process, accounts);
        }
        assert!(Instant::now() < end, "no accounts:\n{}", process.log());
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// The address of a devnet, from its accounts file.
///
/// # Panics
/// When the file does not name it.
#[must_use]
pub fn address_of(accounts: &Value) -> String {
    let url = accounts["http_url"].as_str().expect("a URL");
    url.trim_start_matches("http://").trim_end_matches('/').to_owned()
}
