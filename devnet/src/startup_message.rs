//! The text that the devnet prints when it serves: for people, and as JSON for programs.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;
use sqlite::{AtomicFile, Durability, Visibility};

use crate::accounts::{ACCOUNTS, OPENING_BALANCE_USTX, USTX_PER_STX};
use crate::data_dir::DataDir;

/// Chain id of transactions: a devnet is a test network.
const CHAIN_ID: u32 = stacks_types::limits::CHAIN_ID_TESTNET;

/// Where clients reach the node.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// URL of gRPC and HTTP.
    pub url: String,
    /// URL of a second address for HTTP, if there is one.
    pub extra: Option<String>,
    /// The port where stacks.js looks for a devnet, if another program has it.
    pub taken: Option<u16>,
    /// The node's certificate file, when it speaks TLS.
    pub certificate: Option<PathBuf>,
}

/// The text for people.
#[must_use]
pub(crate) fn text(data_dir: &DataDir, address: &Address) -> String {
    let url = &address.url;
    let plain = url.split("://").last().unwrap_or(url);
    let (grpcurl, curl) = match &address.certificate {
        Some(file) => (format!("-cacert {}", file.display()), format!("--cacert {} ", file.display())),
        None => ("-plaintext".to_owned(), String::new()),
    };
    let mut out = String::new();
    let devnet = &data_dir.devnet;
    let kept = if data_dir.is_temporary { " (removed at the end; keep one with --data-dir)" } else { "" };
    let stx = OPENING_BALANCE_USTX / USTX_PER_STX;
    // Writing to a string cannot fail.
    let _ = writeln!(out, "mockamoto {}: a Stacks devnet by Nakamoto rules", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(out);
    let _ = writeln!(out, "  gRPC      {url}   (try: grpcurl {grpcurl} {plain} list)");
    let _ = writeln!(out, "  HTTP      {url}   (try: curl {curl}{url}/v2/info)");
    if let Some(extra) = &address.extra {
        let _ = writeln!(out, "            {extra}");
    }
    if let Some(port) = &address.taken {
        let _ = writeln!(
            out,
            "            not {port}, which another program has: STACKS_DEVNET of stacks.js talks to that one,\n            so set its client.baseUrl to {url}"
        );
    }
    let _ = writeln!(out, "  chain id  {CHAIN_ID:#010x} (testnet)");
    let _ = writeln!(out, "  epoch     {}", devnet.epoch);
    let _ = writeln!(
        out,
        "  signing   {}, {} producer(s), {} signer(s)",
        devnet.signing,
        devnet.producers.len(),
        devnet.signers.len()
    );
    let _ = writeln!(out, "  data      {}{kept}", data_dir.path.display());
    let _ = writeln!(out);
    let _ = writeln!(
        out,
        "  Accounts with {stx} STX each at the start. They are Clarinet's, and their keys\n  and mnemonics are public: never use them elsewhere."
    );
    for account in ACCOUNTS {
        let _ = writeln!(out, "  {:<9} {:<41} {}", account.name, account.address, account.private_key);
        let _ = writeln!(out, "  {:<9} {}", "", account.mnemonic);
    }
    let _ = writeln!(out);
    let _ = write!(out, "  Ctrl-C stops everything.");
    out
}

/// The same facts as JSON, for `--accounts-out`.
#[must_use]
pub(crate) fn as_json(data_dir: &DataDir, address: &Address) -> serde_json::Value {
    let accounts: Vec<_> = ACCOUNTS
        .iter()
        .map(|account| {
            json!({
                "name": account.name,
                "address": account.address,
                "private_key": account.private_key,
                "mnemonic": account.mnemonic,
                "balance_ustx": OPENING_BALANCE_USTX.to_string(),
            })
        })
        .collect();
    let devnet = &data_dir.devnet;
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "network": "testnet",
        "chain_id": CHAIN_ID,
        "grpc_url": address.url,
        "http_url": address.url,
        "http_extra_url": address.extra,
        "data_dir": data_dir.path.to_string_lossy(),
        "epoch": devnet.epoch,
        "signing": devnet.signing,
        "accounts": accounts,
        "producers": devnet.producers.iter().map(|p| json!({ "address": p.address })).collect::<Vec<_>>(),
        "signers": devnet.signers.iter().map(|s| json!({ "address": s.address })).collect::<Vec<_>>(),
    })
}

/// Writes the JSON to `path`, completely or not at all: a reader that waits for the file never sees half of it.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write_json(data_dir: &DataDir, address: &Address, path: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(&as_json(data_dir, address))? + "\n";
    let written = AtomicFile::create(path, Visibility::Umask).and_then(|file| {
        file.file().write_all(text.as_bytes())?;
        file.publish(Durability::Unsynced)
    });
    written.map(drop).with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Args;

    #[test]
    fn banner_and_json_name_everything_and_no_key_of_a_participant() {
        let data_dir = DataDir::open(&Args::parse_from(["mockamoto"]), None).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let extra = Some("http://127.0.0.1:3999".to_owned());
        let mut address = Address { url: "http://127.0.0.1:5".to_owned(), extra, taken: None, certificate: None };
        write_json(&data_dir, &address, file.path()).unwrap();
        let json = std::fs::read_to_string(file.path()).unwrap();
        let banner = text(&data_dir, &address);
        for account in ACCOUNTS {
            for part in [account.name, account.address, account.private_key, account.mnemonic] {
                assert!(banner.contains(part) && json.contains(part), "{part}");
            }
        }
        for part in ["127.0.0.1:5", "127.0.0.1:3999", env!("CARGO_PKG_VERSION"), data_dir.path.to_str().unwrap()] {
            assert!(banner.contains(part) && json.contains(part), "{part}");
        }
        assert!(banner.contains("0x80000000") && banner.contains("100000000 STX"));
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["accounts"][0]["balance_ustx"], "100000000000000");
        let keys = data_dir.devnet.producers.iter().map(|p| &p.private_key);
        for key in keys.chain(data_dir.devnet.signers.iter().map(|s| &s.private_key)) {
            assert!(!json.contains(key.as_str()) && !banner.contains(key.as_str()));
        }
        assert!(!banner.contains("client.baseUrl"), "{banner}");
        address = Address {
            url: "https://127.0.0.1:5".to_owned(),
            extra: None,
            taken: Some(3999),
            certificate: Some("c.pem".into()),
        };
        let banner = text(&data_dir, &address);
        assert!(banner.contains("not 3999, which another program has"), "{banner}");
        assert!(banner.contains("client.baseUrl to https://127.0.0.1:5\n"), "{banner}");
        assert!(
            banner.contains("grpcurl -cacert c.pem 127.0.0.1:5") && banner.contains("--cacert c.pem https://"),
            "{banner}"
        );
    }
}
