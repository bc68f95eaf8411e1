//! Node, producers and signers as separate processes, with keys from the test, so that each can be killed alone.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use chainstate::test_support::{address, key, vrf_key, vrf_seed};
use serde_json::{Value, json};

use super::{Client, Http, Process, RawGrpc, SmallDisk, WAIT, binary, stacksjs};

/// Name of the config file, which a node started in a folder with this file reads.
pub(super) const CONFIG_FILE: &str = "node.toml";

/// Name of the node's certificate in the cluster's folder, if it has one.
const CERT_FILE: &str = "cert.pem";

/// The members of a cluster, and its settings.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Producers in the set.
    pub producers: u8,
    /// Producers whose process is started.
    pub running_producers: u8,
    /// Weight of each stacker.
    pub weights: Vec<u32>,
    /// Signers whose process is started; the test may use the keys of the others.
    pub running_signers: u8,
    /// Number of burn blocks in a reward cycle.
    pub cycle_length: u64,
    /// The producers' pause before an empty block.
    pub block_interval: &'static str,
    /// The node's interval; with "0", burn blocks come by the admin service only.
    pub burn_block_interval: &'static str,
    /// Time after which a producer proposes an unanswered block again.
    pub proposal_timeout: &'static str,
    /// Time that the node gets to assemble a block.
    pub assembly_time: &'static str,
    /// The node's config; empty for none.
    pub node_config: String,
    /// Epoch whose rules hold.
    pub epoch: &'static str,
    /// Whether the node's port speaks TLS, with a certificate of its own; not together with `node_config`.
    pub tls: bool,
    /// Whether commits of all processes wait for the disk; may be false only without a `node_config`.
    pub durable: bool,
    /// Opening balances besides those of the vectors: address and micro-STX.
    pub balances: Vec<(String, u64)>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            producers: 1,
            running_producers: u8::MAX,
            weights: vec![1; 3],
            running_signers: 3,
            cycle_length: 20,
            block_interval: "0",
            burn_block_interval: "0",
            proposal_timeout: "1s",
            assembly_time: "5s",
            node_config: String::new(),
            epoch: "4.0",
            tls: false,
            durable: true,
            balances: Vec::new(),
        }
    }
}

/// A node with its producers and signers.
pub struct Cluster {
    address: String,
    plan: Plan,
    /// The node's process.
    pub node: Process,
    /// The producers' processes, in the order in which they take turns.
    pub producers: Vec<Process>,
    /// The signers' processes, in the order of the stacker set.
    pub signers: Vec<Process>,
    // Dropped last: the logs in it must outlive the processes, which print them.
    folder: tempfile::TempDir,
}

impl Cluster {
    /// Starts one producer and three signers on a free port. `block_interval` is the producer's, `burn_block_interval` the node's.
    ///
    /// # Panics
    /// When a process does not start.
    #[must_use]
    pub fn start(block_interval: &'static str, burn_block_interval: &'static str) -> Self {
        Self::start_plan(Plan { block_interval, burn_block_interval, ..Plan::default() })
    }

    /// Starts all processes on a free port, with the admin service on.
    ///
    /// # Panics
    /// When a process does not start.
    #[must_use]
    pub fn start_plan(plan: Plan) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let genesis = serde_json::to_string_pretty(&genesis(&plan)).expect("JSON");
        std::fs::write(folder.path().join("genesis.json"), genesis).expect("a genesis file");
        let mut plan = plan;
        if plan.tls {
            assert_eq!(plan.node_config, "", "a config of the test's and one with certificates");
            plan.node_config = with_certificate(folder.path());
        }
        if !plan.durable {
            assert_eq!(plan.node_config, "", "a config of the test's and one without syncs");
            plan.node_config = "[node]\ndurable = false\n".to_owned();
        }
        if !plan.node_config.is_empty() {
            std::fs::write(folder.path().join(CONFIG_FILE), &plan.node_config).expect("a config file");
        }
        let (node, address) = start_node(folder.path(), "127.0.0.1:0", plan.burn_block_interval);
        let running = plan.producers.min(plan.running_producers);
        let producers = (0..running).map(|index| start_producer(folder.path(), &address, index, &plan)).collect();
        let signers =
            (0..plan.running_signers).map(|index| start_signer(folder.path(), &address, index, &plan)).collect();
        Self { address, plan, node, producers, signers, folder }
    }

    /// Path of the genesis file.
    #[must_use]
    pub fn genesis_file(&self) -> std::path::PathBuf {
        self.folder.path().join("genesis.json")
    }

    /// `host:port` of the node.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Path of the node's data folder.
    #[must_use]
    pub fn node_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("node")
    }

    /// Path of a signer's data folder.
    #[must_use]
    pub fn signer_folder(&self, index: u8) -> std::path::PathBuf {
        self.folder.path().join(format!("signer-{index}"))
    }

    /// Checks that no process has logged an error or a panic, except for lines that `expected` takes.
    ///
    /// # Panics
    /// When a process has; with the lines.
    pub fn check_logs(&self, expected: impl Fn(&str) -> bool) {
        let processes = std::iter::once(&self.node).chain(&self.producers).chain(&self.signers);
        for process in processes {
            let log = process.log();
            let is_bad = |line: &&str| line.contains("ERROR") || line.contains("panicked");
            let bad: Vec<_> = log.lines().filter(is_bad).filter(|line| !expected(line)).collect();
            assert!(bad.is_empty(), "the log of {} has errors:\n{}", process.name(), bad.join("\n"));
        }
    }

    /// A gRPC client of the node.
    ///
    /// # Panics
    /// When the certificate file cannot be read.
    #[must_use]
    pub fn client(&self) -> Client {
        if !self.plan.tls {
            return Client::new(&self.address);
        }
        let certificate = std::fs::read_to_string(self.folder.path().join(CERT_FILE)).expect("a certificate file");
        Client::over_tls(&self.address, &certificate)
    }

    /// A client that sends any bytes over gRPC to the node.
    #[must_use]
    pub fn raw_grpc(&self) -> RawGrpc {
        RawGrpc::new(&self.address)
    }

    /// Socket address of the node.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// An HTTP client of the node.
    #[must_use]
    pub fn http(&self) -> Http {
        Http::new(&self.address)
    }

    /// Kills the node by kill -9 and starts it on the same port and folder.
    pub fn restart_node(&mut self, burn_block_interval: &str) {
        self.node.kill();
        self.node = start_node(self.folder.path(), &self.address, burn_block_interval).0;
    }

    /// Kills a producer by kill -9 and starts it again.
    pub fn restart_producer(&mut self, index: u8) {
        let place = usize::from(index);
        self.producers[place].kill();
        self.producers[place] = start_producer(self.folder.path(), &self.address, index, &self.plan);
    }

    /// Kills a signer by kill -9 and starts it again.
    pub fn restart_signer(&mut self, index: u8) {
        let place = usize::from(index);
        self.signers[place].kill();
        self.signers[place] = start_signer(self.folder.path(), &self.address, index, &self.plan);
    }

    /// Starts one more signer of the set.
    ///
    /// # Panics
    /// When the process does not start.
    pub fn add_signer(&mut self) {
        let index = u8::try_from(self.signers.len()).expect("few signers");
        self.signers.push(start_signer(self.folder.path(), &self.address, index, &self.plan));
    }

    /// Starts one process with the keys of these signers, whether they are in the set or not.
    ///
    /// # Panics
    /// When the process does not start.
    #[must_use]
    pub fn start_signers(&self, indices: &[u8]) -> Process {
        start_signers(self.folder.path(), &self.address, indices, &self.plan)
    }
}

pub(super) fn genesis(plan: &Plan) -> Value {
    let vectors = stacksjs();
    let opening = vectors["opening_balance_ustx"].as_str().map(str::to_owned);
    let opening = opening.unwrap_or_else(|| vectors["opening_balance_ustx"].to_string());
    let opening: u64 = opening.parse().expect("a balance");
    let accounts = vectors["accounts"].as_object().expect("accounts");
    let mut balances: Vec<_> =
        accounts.values().map(|account| json!({"address": account["address"], "amount_ustx": opening})).collect();
    balances.extend(plan.balances.iter().map(|(address, amount)| json!({"address": address, "amount_ustx": amount})));
    let producers: Vec<_> = (0..plan.producers)
        .map(|i| json!({"address": address("producer", i).to_string(), "vrf_public_key": hex::encode(vrf_key(i).public_key().0)}))
        .collect();
    let stackers: Vec<_> = (0_u8..)
        .zip(&plan.weights)
        .map(|(i, weight)| json!({"address": address("stacker", i).to_string(), "weight": weight}))
        .collect();
    json!({
        "network": "testnet",
        "epoch": plan.epoch,
        "reward_maturity": 2,
        "balances": balances,
        "reward_cycle_length": plan.cycle_length,
        "producers": producers,
        "stackers": stackers,
    })
}

pub(super) fn start_node(folder: &Path, bind: &str, burn_block_interval: &str) -> (Process, String) {
    start_node_on(None, folder, bind, burn_block_interval)
}

/// Starts a node with its data on a separate disk, which is mounted at the data folder.
pub(super) fn start_node_on(
    disk: Option<&SmallDisk>,
    folder: &Path,
    bind: &str,
    burn_block_interval: &str,
) -> (Process, String) {
    let ready = folder.join("ready.json");
    let _ = std::fs::remove_file(&ready);
    let mut command = Command::new(binary("mockamoto-node"));
    command
        .arg("--data-dir")
        .arg(folder.join("node"))
        .arg("--genesis")
        .arg(folder.join("genesis.json"))
        .args(["--admin", "--bind", bind, "--burn-block-interval", burn_block_interval, "--ready-file"])
        .arg(&ready);
    let config = folder.join(CONFIG_FILE);
    if config.exists() {
        command.arg("--config").arg(config);
    }
    if let Some(disk) = disk {
        command = disk.on_it(&command);
    }
    let process = Process::start("node", command, folder);
    let address = wait_for_ready(&ready, &process);
    (process, address)
}

/// Waits for the file that a node writes once it serves.
fn wait_for_ready(file: &Path, process: &Process) -> String {
    let end = Instant::now() + WAIT;
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if text.ends_with('\n') {
            let ready: Value = serde_json::from_str(&text).expect("JSON");
            return ready["address"].as_str().expect("an address").to_owned();
        }
        assert!(Instant::now() < end, "the node is not ready:\n{}", process.log());
        // The only wait in these tests that polls: a file causes no event.
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Arguments by which producer and signer reach the node.
fn node_args(folder: &Path, address: &str, tls: bool) -> Vec<OsString> {
    if !tls {
        return vec!["--node".into(), format!("http://{address}").into()];
    }
    vec!["--node".into(), format!("https://{address}").into(), "--tls-ca".into(), folder.join(CERT_FILE).into()]
}

/// Makes a certificate for loopback, and returns the config that uses it.
fn with_certificate(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    std::fs::write(folder.join(CERT_FILE), made.cert.pem()).expect("a certificate file");
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("a key file");
    format!("[node]\ntls_cert = \"{CERT_FILE}\"\ntls_key = \"key.pem\"\n")
}

fn start_producer(folder: &Path, address: &str, index: u8, plan: &Plan) -> Process {
    let name = format!("producer-{index}");
    let mut command = Command::new(binary("mockamoto-producer"));
    command
        .args(node_args(folder, address, plan.tls))
        .args(["--block-interval", plan.block_interval])
        .arg(format!("--durable={}", plan.durable))
        .args(["--proposal-timeout", plan.proposal_timeout, "--assembly-time", plan.assembly_time, "--data-dir"])
        .arg(folder.join(&name))
        .env("MOCKAMOTO_PRIVATE_KEY", hex::encode(key("producer", index).to_bytes()))
        .env("MOCKAMOTO_VRF_PRIVATE_KEY", hex::encode(vrf_seed(index)));
    Process::start(&name, command, folder)
}

fn start_signer(folder: &Path, address: &str, index: u8, plan: &Plan) -> Process {
    start_signers(folder, address, &[index], plan)
}

/// Starts one process with the keys of several signers, each with the folder that a process of its own would have.
fn start_signers(folder: &Path, address: &str, indices: &[u8], plan: &Plan) -> Process {
    let mut command = Command::new(binary("mockamoto-signer-stub"));
    command.args(node_args(folder, address, plan.tls)).arg(format!("--durable={}", plan.durable));
    for index in indices {
        command.arg("--data-dir").arg(folder.join(format!("signer-{index}")));
    }
    let keys: Vec<_> = indices.iter().map(|index| hex::encode(key("stacker", *index).to_bytes())).collect();
    command.env("MOCKAMOTO_PRIVATE_KEY", keys.join(","));
    let names: Vec<_> = indices.iter().map(ToString::to_string).collect();
    Process::start(&format!("signer-{}", names.join("-")), command, folder)
}
