//! What the devnet says about itself, for people and as JSON.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;
use serde_json::json;

use crate::accounts::{ACCOUNTS, OPENING_BALANCE_USTX};
use crate::home::Home;

/// Chain id that transactions carry.
const CHAIN_ID: u32 = nakamoto_proto::limits::CHAIN_ID_TESTNET;

/// Micro-STX a STX.
const USTX_PER_STX: u64 = 1_000_000;

/// The text that is printed at the start. `address` is where the node serves.
#[must_use]
pub fn text(home: &Home, address: &str) -> String {
    let mut out = String::new();
    let devnet = &home.devnet;
    let kept = if home.is_temporary { " (removed at the end; keep one with --data-dir)" } else { "" };
    let stx = OPENING_BALANCE_USTX / USTX_PER_STX;
    // Writing to a string cannot fail.
    let _ = writeln!(out, "mockamoto {}: a Stacks devnet by Nakamoto rules", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(out);
    let _ = writeln!(out, "  gRPC      http://{address}   (try: grpcurl -plaintext {address} list)");
    let _ = writeln!(out, "  HTTP      http://{address}   (try: curl http://{address}/v2/info)");
    let _ = writeln!(out, "  chain id  {CHAIN_ID:#010x} (testnet)");
    let _ = writeln!(
        out,
        "  signing   {}, {} producer(s), {} signer(s)",
        devnet.signing,
        devnet.producers.len(),
        devnet.signers.len()
    );
    let _ = writeln!(out, "  data      {}{kept}", home.path.display());
    let _ = writeln!(out);
    let _ =
        writeln!(out, "  Accounts with {stx} STX each at the start. The keys are public: never use them elsewhere.");
    for account in ACCOUNTS {
        let _ = writeln!(out, "  {:<9} {:<41} {}", account.name, account.address, account.private_key);
    }
    let _ = writeln!(out);
    let _ = write!(out, "  Ctrl-C stops everything.");
    out
}

/// The same as JSON.
#[must_use]
pub fn as_json(home: &Home, address: &str) -> serde_json::Value {
    let accounts: Vec<_> = ACCOUNTS
        .iter()
        .map(|account| {
            json!({
                "name": account.name,
                "address": account.address,
                "private_key": account.private_key,
                "balance_ustx": OPENING_BALANCE_USTX.to_string(),
            })
        })
        .collect();
    let devnet = &home.devnet;
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "network": "testnet",
        "chain_id": CHAIN_ID,
        "grpc_url": format!("http://{address}"),
        "http_url": format!("http://{address}"),
        "data_dir": home.path.to_string_lossy(),
        "signing": devnet.signing,
        "accounts": accounts,
        "producers": devnet.producers.iter().map(|p| json!({ "address": p.address })).collect::<Vec<_>>(),
        "signers": devnet.signers.iter().map(|s| json!({ "address": s.address })).collect::<Vec<_>>(),
    })
}

/// Writes the JSON to `path`: whole, or not at all, so that a reader who waits for the file never sees half of it.
///
/// # Errors
/// When the file cannot be written.
pub fn write_json(home: &Home, address: &str, path: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(&as_json(home, address))?;
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let written = std::fs::write(&part, text + "\n").and_then(|()| std::fs::rename(&part, path));
    written.with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Args;

    #[test]
    fn banner_and_json_name_everything_and_no_key_of_a_participant() {
        let home = Home::open(&Args::parse_from(["mockamoto"])).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        write_json(&home, "127.0.0.1:5", file.path()).unwrap();
        let json = std::fs::read_to_string(file.path()).unwrap();
        let banner = text(&home, "127.0.0.1:5");
        for account in ACCOUNTS {
            for part in [account.name, account.address, account.private_key] {
                assert!(banner.contains(part) && json.contains(part), "{part}");
            }
        }
        for part in ["127.0.0.1:5", env!("CARGO_PKG_VERSION"), home.path.to_str().unwrap()] {
            assert!(banner.contains(part) && json.contains(part), "{part}");
        }
        assert!(banner.contains("0x80000000") && banner.contains("100000000 STX"));
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["accounts"][0]["balance_ustx"], "100000000000000");
        let keys = home.devnet.producers.iter().map(|p| &p.private_key);
        for key in keys.chain(home.devnet.signers.iter().map(|s| &s.private_key)) {
            assert!(!json.contains(key.as_str()) && !banner.contains(key.as_str()));
        }
    }
}
