//! What the node says once it serves.

use std::io::Write as _;
use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use sqlite::{AtomicFile, Durability, Visibility};

use crate::config::Settings;

/// Writes one line of JSON for the program that started the node.
pub(super) fn write(settings: &Settings, addresses: &[SocketAddr]) -> anyhow::Result<()> {
    let address = addresses.first().context("no port is served")?;
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let url = |address: &SocketAddr| format!("{scheme}://{address}");
    let line = serde_json::json!({
        "address": address.to_string(),
        "grpc": url(address),
        "http": url(address),
        "http_extra": addresses.get(1).map(url),
        "pid": std::process::id(),
    });
    let line = format!("{line}\n");
    if let Some(path) = &settings.ready_file {
        let written = AtomicFile::create(path, Visibility::Umask).and_then(|file| {
            file.file().write_all(line.as_bytes())?;
            file.publish(Durability::Unsynced)
        });
        written.with_context(|| format!("cannot write {}", path.display()))?;
    }
    if settings.ready_stdout {
        let mut out = std::io::stdout().lock();
        if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
            bail!("cannot write to standard output");
        }
    }
    Ok(())
}
