//! Replays `clarity_exec.json`: blocks of signed transactions, executed by the same code that runs the chain.
//!
//! Checks every transaction's result, status, events, cost, burned STX, and number of state writes; and every block's
//! writes, in order, and state root. The chain is replayed in each epoch of the file for which the engine has rules.
//!
//! # Not here
//! Signing hashes and encodings: `transactions`. Roots from writes alone: `marf`.

use std::collections::BTreeMap;

use chainstate::execution::genesis::execute_boot_block;
use chainstate::execution::{BlockContext, BlockSession, BurnView};
use chainstate::params::{BootContracts, BootRelease, BurnParams, ChainParams};
use chainstate::test_support::{HeaderFacts, ScratchState, on_a_large_stack};
use chainstate::transactions::{ReceiptStatus, TransactionReceipt};
use clarity::Rules;
use clarity::costs::Cost;
use clarity::principal::Standard;
use marf::SENTINEL;
use serde_json::Value as Json;
use stacks_types::block::SigningMode;
use stacks_types::hashing::sha256;
use stacks_types::ids::{BurnBlockHash, StacksBlockId as ChainBlockId};
use stacks_types::transaction::BlockTransaction;

use tests::engine_events::event_json;

use crate::support::load;

/// Burn height of the first block; every block is a tenure of its own.
const FIRST_BURN_HEIGHT: u32 = 800_000;

/// Epochs in the file that cannot be replayed, with the reason.
const NOT_HELD: [(&str, &str); 1] = [("2.5", "the engine's rules begin with 3.0")];

#[test]
fn blocks_replay_in_every_epoch_that_the_engine_has() {
    on_a_large_stack(|| {
        let file = load("clarity_exec.json");
        let mut replayed = Vec::new();
        for (epoch, roots) in file["roots_in_other_epochs"].as_object().expect("roots by epoch") {
            let Some(rules) = Rules::of_epoch(epoch) else {
                assert!(NOT_HELD.iter().any(|(known, _)| known == epoch), "epoch {epoch} was skipped without a reason");
                continue;
            };
            let roots: Vec<&str> = roots.as_array().expect("roots").iter().map(text).collect();
            Replay::new(&file, rules).run(&roots);
            replayed.push(epoch.as_str());
        }
        assert_eq!(replayed, ["3.0", "3.1", "3.2"]);
    });
}

/// One replay of the file's chain.
struct Replay<'f> {
    file: &'f Json,
    rules: &'static Rules,
    state: ScratchState,
    _folder: tempfile::TempDir,
}

impl<'f> Replay<'f> {
    fn new(file: &'f Json, rules: &'static Rules) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let params = params(&file["setup"], rules);
        let state = ScratchState::new(folder.path(), params, burn_hash).expect("an empty state");
        for block in blocks(file) {
            state.headers.insert(&block_id(&block["block_id"]), facts(&block["header"]));
        }
        Self { file, rules, state, _folder: folder }
    }

    fn run(&self, roots: &[&str]) {
        let blocks = blocks(self.file);
        assert_eq!(blocks.len(), roots.len());
        for (block, root) in blocks.iter().zip(roots) {
            let height = number(&block["header"]["height"]);
            let got = if text(&block["parent"]) == hex::encode([0xff; 32]) {
                self.replay_boot_writes(block)
            } else {
                self.execute(block)
            };
            assert_eq!(&got, root, "root of block {height} in epoch {}", self.rules.epoch);
        }
    }

    /// Block 0 has the reference's commitments of the boot contracts: its writes are replayed unchanged, and our
    /// contract bodies go into the side store.
    fn replay_boot_writes(&self, block: &Json) -> String {
        let boot = execute_boot_block(self.state.env(), burn_view(block)).expect("a boot block");
        let mut trie = self.state.marf.begin(SENTINEL, marf::BlockId(array(&block["begin_as"]))).expect("a trie");
        for (key, value) in self.expected_writes(block) {
            trie.insert(&key, &value).expect("an insert");
        }
        let sealed = trie.seal().expect("a root");
        self.state.commit_trie(&boot.executed, &sealed, &block_id(&block["block_id"])).expect("a commit");
        hex::encode(sealed.root().0)
    }

    fn execute(&self, block: &Json) -> String {
        let height = number(&block["header"]["height"]);
        let ctx = BlockContext {
            parent: block_id(&block["parent"]),
            burn_view: burn_view(block),
            tenure_height: u32::try_from(height).expect("a height"),
            new_tenure: true,
            tenure_cost_so_far: Cost::default(),
        };
        assert_eq!(text(&block["begin_as"]), ChainBlockId::PLACEHOLDER.to_string());
        let mut session = BlockSession::begin_recorded(self.state.env(), &ctx).expect("a session");
        for (index, case) in block["txs"].as_array().expect("transactions").iter().enumerate() {
            self.process(&mut session, case, &format!("transaction {index} of block {height}"));
        }
        assert_eq!(json_cost(&session.cost()), cost_of(&block["block_cost"]), "cost of block {height}");
        let executed = session.seal().expect("a root");
        let writes: Vec<(String, String)> = executed.writes.to_vec();
        assert_eq!(writes, self.expected_writes(block), "writes of block {height}");

        self.state.commit_trie(&executed, &executed.trie, &block_id(&block["block_id"])).expect("a commit");
        executed.state_root.to_string()
    }

    fn process(&self, session: &mut BlockSession<'_>, case: &Json, name: &str) {
        let raw = hex::decode(text(&case["raw"])).expect("hex");
        let tx = BlockTransaction::decode(&raw).expect("a transaction");
        assert_eq!(tx.txid().to_string(), text(&case["txid"]), "txid of {name}");
        let (writes, cost) = (session.recorded().len(), session.cost());
        let processed = session.process_transaction(&tx);
        if let Some(reason) = case.get("rejected") {
            let error = processed.expect_err(&format!("{name} is to be refused: {reason}"));
            assert!(!error.is_node_failure(), "{name}: {error}");
            assert_eq!((session.recorded().len(), session.cost()), (writes, cost), "{name}");
            return;
        }
        let receipt = processed.unwrap_or_else(|error| panic!("{name}: {error}"));
        self.compare(&receipt, case, name);
        assert_eq!((session.recorded().len() - writes) as u64, number(&case["writes"]), "writes of {name}");
    }

    fn compare(&self, receipt: &TransactionReceipt, case: &Json, name: &str) {
        let same = case["same_in_epochs"].as_array().expect("epochs");
        if !same.iter().any(|epoch| text(epoch) == self.rules.epoch) {
            // The file does not describe the rest, but the block's writes and root are compared.
            return;
        }
        let name = format!("{name} ({}) in epoch {}", text(&case["program"]), self.rules.epoch);
        assert_eq!(hex::encode(&receipt.raw_result), text(&case["result"]), "result of {name}");
        assert_eq!(receipt.result().expect("a value").to_string(), text(&case["result_repr"]), "result of {name}");
        let status = match receipt.status {
            ReceiptStatus::Success => "success",
            ReceiptStatus::AbortByResponse => "abort_by_response",
            ReceiptStatus::AbortByPostCondition => "abort_by_post_condition",
        };
        assert_eq!(status, text(&case["status"]), "status of {name}");
        assert_eq!(receipt.fee, number(&case["fee"]), "fee of {name}");
        assert_eq!(receipt.stx_burned.to_string(), json_text(&case["stx_burned"]), "burned by {name}");
        assert_eq!(json_cost(&receipt.cost), cost_of(&case["cost"]), "cost of {name}");
        if case["runtime_failure"] == Json::Bool(true) {
            assert!(receipt.vm_error.is_some(), "{name} failed without a text");
        }
        let expected = case["events"].as_array().expect("events");
        if receipt.status == ReceiptStatus::Success {
            let mut got: Vec<Json> =
                receipt.events.iter().enumerate().map(|(index, event)| event_json(index, event, |hex| hex)).collect();
            for event in &mut got {
                event["txid"] = format!("0x{}", receipt.txid).into();
            }
            assert_eq!(&got, expected, "events of {name}");
        } else {
            // The file lists events of undone changes; receipts leave them out (docs/COMPATIBILITY.md#observer-keys).
            assert!(expected.iter().all(|event| event["committed"] == Json::Bool(false)), "events of {name}");
            assert!(receipt.events.is_empty(), "events of {name}");
        }
    }

    /// The block's expected writes in this replay's epoch (the file's description lists the differences).
    fn expected_writes(&self, block: &Json) -> Vec<(String, String)> {
        let epoch = format!("{:08x}", self.rules.number);
        let mut writes: Vec<(String, String)> = block["writes"]
            .as_array()
            .expect("writes")
            .iter()
            .map(|write| (text(&write[0]).to_owned(), text(&write[1]).to_owned()))
            .map(|(key, value)| if key == "vm-epoch::epoch-version" { (key, epoch.clone()) } else { (key, value) })
            .collect();
        let height = number(&block["header"]["height"]);
        let place = usize::from(height == 0);
        writes.insert(place, ("_stx-data::tenure_height".to_owned(), format!("{height:08x}")));
        writes
    }
}

fn params(setup: &Json, rules: &'static Rules) -> ChainParams {
    let limit = cost_of(&setup["block_limit"]);
    ChainParams {
        chain_id: u32::try_from(number(&setup["chain_id"])).expect("a chain id"),
        mainnet: text(&setup["network"]) == "mainnet",
        rules,
        tenure_cost_limit: Cost {
            write_length: limit["write_length"],
            write_count: limit["write_count"],
            read_length: limit["read_length"],
            read_count: limit["read_count"],
            runtime: limit["runtime"],
        },
        // The other parameters are for producing blocks, which this replay does not do.
        signing: SigningMode::WellKnown,
        boot_contracts: BootContracts { release: BootRelease::CostsOnly, brought: Vec::new() },
        boot_balances: Vec::new(),
        coinbase_ustx: 0,
        reward_maturity: 0,
        burn: BurnParams {
            first_height: u64::from(FIRST_BURN_HEIGHT),
            first_time_s: 0,
            satoshis_per_block: 0,
            reward_cycle_length: 1,
            producers: Vec::new(),
            stackers: Vec::new(),
        },
    }
}

fn burn_view(block: &Json) -> BurnView {
    let header = &block["header"];
    BurnView {
        height: number(&header["burn_height"]),
        hash: BurnBlockHash(array(&header["burn_header_hash"])),
        time_s: number(&header["time"]),
    }
}

/// Facts of a block from the file.
fn facts(header: &Json) -> HeaderFacts {
    let amount = |name: &str| json_text(&header[name]).parse().expect("an amount");
    HeaderFacts {
        block_hash: array(&header["block_hash"]),
        burn_hash: array(&header["burn_header_hash"]),
        consensus_hash: array(&header["consensus_hash"]),
        vrf_seed: array(&header["vrf_seed"]),
        time_s: number(&header["time"]),
        burn_height: u32::try_from(number(&header["burn_height"])).expect("a height"),
        producer: Some(Standard::parse(text(&header["miner_address"])).expect("an address")),
        spent: (amount("miner_spend_total"), amount("miner_spend_winner")),
        // No reward is known: the chain is shorter than the hundred blocks after which rewards are paid.
        earned: None,
    }
}

/// The file's burn chain: one fork; its block at height h has the hash SHA256("burn h").
fn burn_hash(height: u32, _: &[u8; 32]) -> Option<[u8; 32]> {
    (height >= FIRST_BURN_HEIGHT).then(|| sha256(&[format!("burn {height}").as_bytes()]))
}

fn blocks(file: &Json) -> &[Json] {
    file["blocks"].as_array().expect("blocks")
}

fn text(json: &Json) -> &str {
    json.as_str().expect("a string")
}

fn number(json: &Json) -> u64 {
    json.as_u64().expect("a number")
}

/// A value that the file writes as a number or as a string.
fn json_text(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

fn array<const N: usize>(json: &Json) -> [u8; N] {
    hex::decode(text(json)).expect("hex").try_into().expect("the right length")
}

fn block_id(json: &Json) -> ChainBlockId {
    ChainBlockId(array(json))
}

fn cost_of(json: &Json) -> BTreeMap<String, u64> {
    let fields = json.as_object().expect("a cost");
    fields.iter().map(|(name, value)| (name.clone(), number(value))).collect()
}

fn json_cost(cost: &Cost) -> BTreeMap<String, u64> {
    let Cost { runtime, read_count, read_length, write_count, write_length } = *cost;
    let fields = [
        ("runtime", runtime),
        ("read_count", read_count),
        ("read_length", read_length),
        ("write_count", write_count),
        ("write_length", write_length),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}
