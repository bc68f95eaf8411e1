//! The one command: `mockamoto` starts everything, mines, says what it offers, and stops everything.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Client, Http, Process, WAIT, binary, run, stacksjs};

/// Processes whose parent is `id`.
fn children(id: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

fn start(folder: &std::path::Path) -> (Process, Value) {
    let accounts = folder.join("accounts.json");
    let mut command = Command::new(binary("mockamoto"));
    command
        .args(["--port", "0", "--block-interval", "100ms", "--burn-block-interval", "1s", "--accounts-out"])
        .arg(&accounts);
    let process = Process::start("mockamoto", command, folder);
    let end = Instant::now() + WAIT;
    loop {
        let text = std::fs::read_to_string(&accounts).unwrap_or_default();
        if let Ok(parsed) = serde_json::from_str(&text) {
            return (process, parsed);
        }
        assert!(Instant::now() < end, "no accounts:\n{}", process.log());
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

fn address_of(accounts: &Value) -> String {
    let url = accounts["http_url"].as_str().expect("a URL");
    url.trim_start_matches("http://").trim_end_matches('/').to_owned()
}

#[test]
fn one_command_starts_all_mines_and_stops_all() {
    run(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut devnet, accounts) = start(folder.path());
        let vectors = stacksjs();
        let listed = accounts["accounts"].as_array().expect("accounts");
        for (name, account) in vectors["accounts"].as_object().expect("accounts") {
            let found = listed.iter().find(|listed| listed["name"] == name.as_str()).expect("it is listed");
            assert_eq!(found["address"], account["address"], "{name}");
            assert_eq!(found["private_key"], account["private_key"], "{name}");
        }
        let address = address_of(&accounts);
        let mut watch = Client::new(&address).watch(0).await;
        for expected in 0..5 {
            assert_eq!(watch.block().await.block.expect("a block").chain_length, expected);
        }
        let info = Http::new(&address).get("/v2/info").await.json();
        assert_eq!(info["network_id"], 0x8000_0000_u32);
        let family = children(devnet.id());
        assert_eq!(family.len(), 5, "node, producer and three signers");
        let started = Instant::now();
        assert!(devnet.terminate().success(), "{}", devnet.log());
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        for child in family {
            assert!(!std::path::Path::new(&format!("/proc/{child}")).exists(), "process {child} lingers");
        }
    });
}

#[test]
fn a_killed_devnet_leaves_no_child_behind() {
    run(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut devnet, accounts) = start(folder.path());
        Client::new(&address_of(&accounts)).watch(0).await.block().await;
        let family = children(devnet.id());
        assert_eq!(family.len(), 5);
        devnet.kill();
        let end = Instant::now() + Duration::from_secs(10);
        for child in family {
            while std::path::Path::new(&format!("/proc/{child}")).exists() {
                assert!(Instant::now() < end, "process {child} lingers");
                std::thread::park_timeout(Duration::from_millis(20));
            }
        }
    });
}
