//! Every epoch in real processes: a devnet of each starts, mines, accepts the epoch's newest Clarity and no newer one,
//! and reports the epoch's values. Also boot contracts that a devnet is given.

use serde_json::{Value, json};
use stacks_types::keys::PrivateKey;
use stacks_types::transaction::{ContractVersion, StacksTransaction, TransactionPayload};
use tests::processes::{
    Client, Http, Process, address_of, devnet_command, run, signed, stacksjs, start_devnet, wallet,
};

const BOOT: &str = "ST000000000000000000002AMW42H";
/// Fee of every transaction, micro-STX.
const FEE_USTX: u64 = 10_000;
const OCTETS: &str = "application/octet-stream";
/// Address of wallet_1.
const WALLET_1: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
/// The newest Clarity version of any epoch; older epochs refuse it.
const NEWEST_OF_ALL: u8 = 6;

/// Flags for as few processes as possible.
const FEW: [&str; 4] = ["--producers", "1", "--signers", "1"];

/// A devnet of as few processes as possible.
struct Devnet {
    http: Http,
    client: Client,
    _process: Process,
    _folder: tempfile::TempDir,
}

impl Devnet {
    fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (process, accounts) = start_devnet(folder.path(), &[&FEW, flags].concat());
        let address = address_of(&accounts);
        Self { http: Http::new(&address), client: Client::new(&address), _process: process, _folder: folder }
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Sends a transaction; the error is the refusal.
    async fn send(&self, transaction: &StacksTransaction) -> Result<(), Value> {
        let answer = self.http.post("/v2/transactions", OCTETS, transaction.encode()).await;
        if answer.status == 200 { Ok(()) } else { Err(answer.json()) }
    }

    /// Polls after each block until there is an answer.
    async fn until_there(&self, path: &str) -> Value {
        let mut watch = self.client.watch(0).await;
        loop {
            let answer = self.http.get(path).await;
            if answer.status == 200 {
                return answer.json();
            }
            watch.block().await;
        }
    }

    /// Waits for the first mined block.
    async fn until_mined(&self) {
        let mut watch = self.client.watch(0).await;
        while watch.block().await.block.expect("a block").chain_length == 0 {}
    }

    async fn call_read(&self, contract: &str, function: &str, arguments: &[&str]) -> Value {
        let path = format!("/v2/contracts/call-read/{}/{function}", contract.replace('.', "/"));
        let body = json!({ "sender": WALLET_1, "arguments": arguments }).to_string();
        self.http.post(&path, "application/json", body.into_bytes()).await.json()
    }
}

fn deploy(key: &PrivateKey, nonce: u64, version: Option<u8>, name: &str, code: &str) -> StacksTransaction {
    let (name, code) = (name.parse().expect("a name"), code.to_owned());
    let payload = match version {
        None => TransactionPayload::SmartContract { name, code },
        Some(version) => {
            let version = ContractVersion::from_byte(version).expect("a version");
            TransactionPayload::VersionedSmartContract { version, name, code }
        }
    };
    signed(key, nonce, FEE_USTX, payload)
}

/// An epoch: its name, its id in answers, its newest Clarity, the last byte of peer versions, the first epoch with a
/// newer Clarity, and the PoX contract in force.
struct Epoch(&'static str, &'static str, u8, u32, &'static str, &'static str);

const EPOCHS: [Epoch; 7] = [
    Epoch("3.0", "Epoch30", 3, 0x0b, "3.3", "pox-4"),
    Epoch("3.1", "Epoch31", 3, 0x0c, "3.3", "pox-4"),
    Epoch("3.2", "Epoch32", 3, 0x0d, "3.3", "pox-4"),
    Epoch("3.3", "Epoch33", 4, 0x0e, "3.4", "pox-4"),
    Epoch("3.4", "Epoch34", 5, 0x0f, "4.0", "pox-4"),
    Epoch("4.0", "Epoch40", 6, 0x10, "", "pox-5"),
    Epoch("4.1", "Epoch41", 6, 0x11, "", "pox-5"),
];

#[test]
fn every_epoch_starts_mines_and_takes_its_own_clarity_and_no_newer() {
    run(async {
        let checks = EPOCHS.map(|epoch| tokio::spawn(check(epoch)));
        for check in checks {
            check.await.expect("the epoch is as it should be");
        }
    });
}

async fn check(Epoch(name, id, newest, peer, next, pox): Epoch) {
    let devnet = Devnet::start(&["--epoch", name, "--burn-block-interval", "0"]);
    let key = wallet(&stacksjs(), "wallet_1");
    devnet.until_mined().await;
    assert_eq!(devnet.get("/v2/info").await["peer_version"], 0xfaca_de00_u32 | peer, "{name}");

    devnet
        .send(&deploy(&key, 0, Some(newest), "newest", "(define-read-only (f) u1)"))
        .await
        .expect("it has that Clarity");
    devnet.send(&deploy(&key, 1, None, "unsaid", "(define-read-only (f) u1)")).await.expect("no version is the newest");
    if newest < NEWEST_OF_ALL {
        let refused = devnet.send(&deploy(&key, 2, Some(newest + 1), "newer", "(define-read-only (f) u1)")).await;
        let refused = refused.expect_err("it does not have that Clarity");
        assert_eq!(refused["reason"], "ServerFailureOther", "{name}");
        let message = refused["reason_data"]["message"].as_str().expect("a message");
        for part in [format!("clarity version {} ", newest + 1), format!("epoch {name}"), format!("--epoch {next}")] {
            assert!(message.contains(&part), "{name}: {message}");
        }
    }
    for contract in ["newest", "unsaid"] {
        let interface = devnet.until_there(&format!("/v2/contracts/interface/{WALLET_1}/{contract}")).await;
        assert_eq!(
            (&interface["epoch"], &interface["clarity_version"]),
            (&json!(id), &json!(format!("Clarity{newest}")))
        );
    }

    let answer = devnet.get("/v2/pox").await;
    assert_eq!(answer["current_epoch"], id);
    let [epoch] = &answer["epochs"].as_array().expect("a list")[..] else { panic!("{name}: one epoch for ever") };
    assert_eq!((&epoch["epoch_id"], &epoch["network_epoch"]), (&json!(id), &json!(peer)));
    assert_eq!(epoch["block_limit"]["read_count"], 50_000, "a devnet has the limits of test networks in all epochs");
    assert_eq!(answer["contract_id"], format!("{BOOT}.{pox}"));
    agrees_with_its_contract(&devnet, &answer).await;
}

/// Checks that `/v2/pox` agrees with the contract that it names.
async fn agrees_with_its_contract(devnet: &Devnet, answer: &Value) {
    let contract = answer["contract_id"].as_str().expect("a contract");
    let said = devnet.call_read(contract, "get-pox-info", &[]).await;
    assert_eq!(said["okay"], true, "{said}");
    let said = said["result"].as_str().expect("a value");
    for (key, field) in [
        ("first-burnchain-block-height", "first_burnchain_block_height"),
        ("prepare-cycle-length", "prepare_phase_block_length"),
        ("reward-cycle-length", "reward_cycle_length"),
        ("reward-cycle-id", "reward_cycle_id"),
        ("total-liquid-supply-ustx", "total_liquid_supply_ustx"),
    ] {
        let number = answer[field].as_u64().expect("a number");
        // A field of a serialized tuple: length and name, then 01 and the number.
        let shown = format!("{:02x}{}01{number:032x}", key.len(), hex::encode(key));
        assert!(said.contains(&shown), "{contract}: {key} is not {number}");
    }
    let least = answer["next_cycle"]["min_increment_ustx"].as_u64().expect("a number");
    assert!(said.contains(&format!("{}01{least:032x}", hex::encode("min-amount-ustx"))), "{contract}: {least}");
    let nobody = hex::encode(stacks_types::address::StacksAddress::parse(WALLET_1).expect("an address").hash160().0);
    let nobody = format!("0x051a{nobody}");
    let said = devnet.call_read(contract, "get-stacker-info", &[&nobody]).await;
    assert_eq!(said, json!({ "okay": true, "result": "0x09" }));
}

#[test]
fn a_devnet_deploys_the_contracts_of_a_folder_and_refuses_what_cannot_be_deployed() {
    run(async {
        let given = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| std::fs::write(given.path().join(name), text).expect("a file");
        write("counter.clar", "(define-read-only (next (n uint)) (contract-call? .a-later-name more n))");
        write("a-later-name.clar", "(define-read-only (more (n uint)) (+ n u1))");
        write(
            "pox-4.clarity2.clar",
            "(define-read-only (mine) block-height) (define-public (stack-stx (n uint)) (ok n))",
        );
        let mine = format!("{WALLET_1}.mine.clar");
        write(&mine, &format!("(define-read-only (two) (contract-call? '{BOOT}.counter next u1))"));
        let folder = given.path().to_str().expect("UTF-8");
        let devnet = Devnet::start(&["--boot-contracts", folder, "--burn-block-interval", "0"]);
        devnet.until_mined().await;
        let two = devnet.call_read(&format!("{WALLET_1}.mine"), "two", &[]).await;
        assert_eq!(two, json!({ "okay": true, "result": format!("0x01{:032x}", 2) }));
        let interface = devnet.get(&format!("/v2/contracts/interface/{BOOT}/pox-4")).await;
        assert_eq!(interface["clarity_version"], "Clarity2");
        let refused = devnet.call_read(&format!("{BOOT}.pox-4"), "stack-stx", &[&format!("0x01{:032x}", 5)]).await;
        assert_eq!(refused["okay"], false);
        assert!(
            refused["cause"].as_str().expect("a cause").contains("pox-4::stack-stx locks or unlocks STX"),
            "{refused}"
        );
        assert_eq!(devnet.get(&format!("/v2/accounts/{WALLET_1}?proof=0")).await["nonce"], 1, "it has deployed one");

        // A folder keeps its contracts: it opens without the flag and with the same texts, and refuses others.
        let data = tempfile::tempdir().expect("a temporary folder");
        let data = data.path().join("devnet");
        let start = |flags: &[&str]| {
            let mut command = devnet_command(given.path(), &[&FEW, flags].concat());
            let output = command.arg("--data-dir").arg(&data).output().expect("it runs");
            String::from_utf8_lossy(&output.stderr).into_owned()
        };
        write("broken.clar", "(define-constant a 1)\n(+ a nowhere)");
        let said = start(&["--boot-contracts", folder]);
        assert!(said.contains("broken.clar:2:") && said.contains("nowhere"), "{said}");
        assert!(!data.join("devnet.json").exists(), "nothing was made");
    });
}
