//! Node, producer and signers as processes of their own, with keys that the test made, so that each can be killed alone.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nakamoto_proto::address::StacksAddress;
use nakamoto_proto::keys::PrivateKey;
use nakamoto_proto::vrf::VrfPrivateKey;
use serde_json::{Value, json};

use super::{Client, Http, Process, RawGrpc, WAIT, binary, stacksjs};

/// Stackers of a cluster.
const SIGNERS: u8 = 3;

/// A node with its producer and signers.
pub struct Cluster {
    address: String,
    block_interval: String,
    /// The node.
    pub node: Process,
    /// The producer.
    pub producer: Process,
    /// The signers, in signing order.
    pub signers: Vec<Process>,
    // Last, so that the logs in it outlive the processes, which show them.
    folder: tempfile::TempDir,
}

impl Cluster {
    /// Starts all on a free port. `block_interval` is the producer's, `burn_block_interval` the node's.
    ///
    /// # Panics
    /// When one does not start.
    #[must_use]
    pub fn start(block_interval: &str, burn_block_interval: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let genesis = serde_json::to_string_pretty(&genesis()).expect("JSON");
        std::fs::write(folder.path().join("genesis.json"), genesis).expect("a genesis file");
        let (node, address) = start_node(folder.path(), "127.0.0.1:0", burn_block_interval);
        let producer = start_producer(folder.path(), &address, block_interval);
        let signers = (0..SIGNERS).map(|index| start_signer(folder.path(), &address, index)).collect();
        Self { folder, address, block_interval: block_interval.to_owned(), node, producer, signers }
    }

    /// What the chain was made of.
    #[must_use]
    pub fn genesis_file(&self) -> std::path::PathBuf {
        self.folder.path().join("genesis.json")
    }

    /// Speaks gRPC to the node.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(&self.address)
    }

    /// Speaks any bytes over gRPC to the node.
    #[must_use]
    pub fn raw_grpc(&self) -> RawGrpc {
        RawGrpc::new(&self.address)
    }

    /// Speaks HTTP to the node.
    #[must_use]
    pub fn http(&self) -> Http {
        Http::new(&self.address)
    }

    /// kill -9 and a new start on the same port and folder.
    pub fn restart_node(&mut self, burn_block_interval: &str) {
        self.node.kill();
        self.node = start_node(self.folder.path(), &self.address, burn_block_interval).0;
    }

    /// kill -9 and a new start.
    pub fn restart_producer(&mut self) {
        self.producer.kill();
        self.producer = start_producer(self.folder.path(), &self.address, &self.block_interval);
    }

    /// kill -9 and a new start.
    pub fn restart_signer(&mut self, index: u8) {
        let place = usize::from(index);
        self.signers[place].kill();
        self.signers[place] = start_signer(self.folder.path(), &self.address, index);
    }
}

fn key(kind: &str, index: u8) -> PrivateKey {
    PrivateKey::from_seed(format!("{kind} {index}").as_bytes())
}

fn address(kind: &str, index: u8) -> String {
    StacksAddress::p2pkh(&key(kind, index).public_key(), false).to_string()
}

fn genesis() -> Value {
    let vectors = stacksjs();
    let opening = vectors["opening_balance_ustx"].as_str().map(str::to_owned);
    let opening = opening.unwrap_or_else(|| vectors["opening_balance_ustx"].to_string());
    let opening: u64 = opening.parse().expect("a balance");
    let accounts = vectors["accounts"].as_object().expect("accounts");
    let balances: Vec<_> =
        accounts.values().map(|account| json!({"address": account["address"], "amount_ustx": opening})).collect();
    let vrf = VrfPrivateKey::from_seed(&[1; 32]).public_key();
    let stackers: Vec<_> =
        (0..SIGNERS).map(|index| json!({"address": address("stacker", index), "weight": 1})).collect();
    json!({
        "network": "testnet",
        "reward_maturity": 2,
        "balances": balances,
        "producers": [{"address": address("producer", 0), "vrf_public_key": hex::encode(vrf.0)}],
        "stackers": stackers,
    })
}

fn start_node(folder: &Path, bind: &str, burn_block_interval: &str) -> (Process, String) {
    let ready = folder.join("ready.json");
    let _ = std::fs::remove_file(&ready);
    let mut command = Command::new(binary("mockamoto-node"));
    command
        .arg("--data-dir")
        .arg(folder.join("node"))
        .arg("--genesis")
        .arg(folder.join("genesis.json"))
        .args(["--bind", bind, "--burn-block-interval", burn_block_interval, "--ready-file"])
        .arg(&ready);
    let process = Process::start("node", command, folder);
    let address = wait_for_ready(&ready, &process);
    (process, address)
}

/// The file appears when the port is served.
fn wait_for_ready(file: &Path, process: &Process) -> String {
    let end = Instant::now() + WAIT;
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if text.ends_with('\n') {
            let ready: Value = serde_json::from_str(&text).expect("JSON");
            return ready["address"].as_str().expect("an address").to_owned();
        }
        assert!(Instant::now() < end, "the node is not ready:\n{}", process.log());
        // The only wait in these tests that looks again and again: a file has no event.
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

fn start_producer(folder: &Path, address: &str, block_interval: &str) -> Process {
    let mut command = Command::new(binary("mockamoto-producer"));
    command
        .args(["--node", &format!("http://{address}"), "--block-interval", block_interval])
        .args(["--proposal-timeout", "1s", "--data-dir"])
        .arg(folder.join("producer"))
        .env("MOCKAMOTO_PRIVATE_KEY", hex::encode(key("producer", 0).to_bytes()))
        .env("MOCKAMOTO_VRF_PRIVATE_KEY", hex::encode([1; 32]));
    Process::start("producer", command, folder)
}

fn start_signer(folder: &Path, address: &str, index: u8) -> Process {
    let name = format!("signer-{index}");
    let mut command = Command::new(binary("mockamoto-signer-stub"));
    command
        .args(["--node", &format!("http://{address}"), "--data-dir"])
        .arg(folder.join(&name))
        .env("MOCKAMOTO_PRIVATE_KEY", hex::encode(key("stacker", index).to_bytes()));
    Process::start(&name, command, folder)
}
