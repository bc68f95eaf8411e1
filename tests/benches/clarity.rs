//! How long does a transaction take in the VM, cost tracking included? Transfers, calls of a counter, deploys, and calls
//! that do more, each executed in a block on the state of the block before; and what opening and sealing a block takes.
//!
//! Mirrors assembly (a candidate's execution) and the execution of a block that others made. Signatures are not verified
//! here (`codec` has that), and nothing is committed but what setup needs. Cannot see: reads from a cold disk.
//!
//! `cargo bench -p tests --bench clarity`; with `-- --tiny` little, to see that it still runs.

use std::time::Instant;

use chainstate::clarity::genesis::execute_boot_block;
use chainstate::clarity::{BlockContext, BlockSession, BurnView};
use chainstate::params::{BurnParams, COINBASE_USTX, ChainParams};
use chainstate::test_support::{FixedBurn, HeaderFacts, ScratchState, on_a_large_stack};
use chainstate::transactions::{ReceiptStatus, VerifiedTransaction};
use clarity::vm::ClarityVersion;
use clarity::vm::costs::ExecutionCost;
use nakamoto_proto::address::StacksAddress;
use nakamoto_proto::block::SigningMode;
use nakamoto_proto::ids::StacksBlockId;
use nakamoto_proto::limits::CHAIN_ID_TESTNET;
use nakamoto_proto::transaction::{BlockTransaction, TransactionPayload};
use stacks_common::types::StacksEpochId;
use stacks_common::types::chainstate::SortitionId;
use tests::bench::Bench;
use tests::figures::Samples;
use tests::load::accounts::{self, Account, COUNTER, OPENING_USTX};

/// Accounts that send.
const SENDERS: usize = 100;
/// A function that evaluates some two hundred expressions and writes ten entries.
const LOOPS: &str = "(define-map seen uint uint)\n\
     (define-private (visit (n uint) (sum uint))\n\
     (begin (map-set seen n (+ sum n)) (+ sum (* n (default-to u0 (map-get? seen n))))))\n\
     (define-public (walk) (ok (fold visit (list u1 u2 u3 u4 u5 u6 u7 u8 u9 u10) u0)))\n";

/// A contract that calls the large one.
const THROUGH: &str = "(define-public (increment) (contract-call? .large increment))";
/// Functions that the large contract holds beside the counter: 10 kB of source, as a token or an exchange has.
const OTHERS: usize = 80;

/// Of the transaction of a number, when the contracts are of this account.
type Payload = fn(usize, &StacksAddress) -> TransactionPayload;

fn main() {
    on_a_large_stack(run);
}

fn run() {
    let mut bench = Bench::start("Clarity");
    let mut senders = Account::many(SENDERS);
    let contract = senders[0].address();
    let chain = Chain::new(&senders);
    let deploys = [("counter", COUNTER), ("loops", LOOPS), ("large", &large()), ("through", THROUGH)];
    let deploys = deploys.map(|(name, code)| accounts::deploy(name, code));
    chain.setup(deploys.map(|payload| senders[0].sign(payload)));
    let count = bench.size(2_000, 100);
    let kinds: [(&str, Payload); 6] = [
        ("transfer", |index, _| accounts::transfer(index)),
        ("call of a counter", |_, contract| accounts::call(contract, "counter", "increment")),
        ("call of a counter in 10 kB", |_, contract| accounts::call(contract, "large", "increment")),
        ("the same through a contract", |_, contract| accounts::call(contract, "through", "increment")),
        ("call that writes ten entries", |_, contract| accounts::call(contract, "loops", "walk")),
        ("deploy of a counter", |index, _| accounts::deploy(&format!("counter-{index}"), COUNTER)),
    ];
    for (kind, payload) in kinds {
        // Every kind is executed on the same state: nonces begin anew.
        let mut senders = Account::many(SENDERS);
        senders[0].skip(4);
        let raw = accounts::signed(&mut senders, count, |index| payload(index, &contract));
        block(&mut bench, &chain, kind, &raw);
    }
    bench.end();
}

/// The counter, and functions that are not called.
fn large() -> String {
    let other = |index| {
        format!(
            "(define-private (other-{index} (a uint) (b (optional uint)))\n  \
             (if (> a u{index}) (+ a (* u2 (default-to u0 b))) (- u{index} (/ a u3))))\n"
        )
    };
    COUNTER.to_owned() + &(0..OTHERS).map(other).collect::<String>()
}

fn block(bench: &mut Bench, chain: &Chain, kind: &str, raw: &[Vec<u8>]) {
    let (mut opens, mut seals, mut each) = (Samples::default(), Samples::default(), Samples::default());
    for _ in 0..bench.size(3, 1) {
        let begun = Instant::now();
        let mut session = chain.begin(id(1));
        opens.push_micros(begun.elapsed());
        for bytes in raw {
            let transaction = BlockTransaction::decode(bytes).expect("a transaction");
            let begun = Instant::now();
            let receipt = session.process_verified(&VerifiedTransaction::remembered(&transaction));
            each.push_micros(begun.elapsed());
            assert_eq!(receipt.expect("it is mined").status, ReceiptStatus::Success);
        }
        let begun = Instant::now();
        let executed = session.seal().expect("a root");
        seals.push(begun.elapsed().as_secs_f64() * 1e3);
        bench.digest(&executed.state_root.0);
    }
    bench.table().samples(kind, "us", &each);
    bench.table().samples(&format!("{kind}: opening the block"), "us", &opens);
    bench.table().samples(&format!("{kind}: sealing {} of them", raw.len()), "ms", &seals);
}

/// A state with a boot block and one more.
struct Chain {
    state: ScratchState,
    _folder: tempfile::TempDir,
}

impl Chain {
    fn new(senders: &[Account]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let state = ScratchState::new(folder.path(), params(senders), BURN).expect("an empty state");
        let boot = execute_boot_block(state.env(), VIEW).expect("a boot block");
        state.commit(&boot.executed, &StacksBlockId::BOOT).expect("a commit");
        state.headers.insert(&StacksBlockId::BOOT, facts(StacksBlockId::BOOT));
        Self { state, _folder: folder }
    }

    /// Block 1.
    fn setup(&self, raw: [Vec<u8>; 4]) {
        let mut session = self.begin(StacksBlockId::BOOT);
        for bytes in raw {
            let transaction = BlockTransaction::decode(&bytes).expect("a transaction");
            session.process_transaction(&transaction).expect("it is mined");
        }
        self.state.commit(&session.seal().expect("a root"), &id(1)).expect("a commit");
        self.state.headers.insert(&id(1), facts(id(1)));
    }

    fn begin(&self, parent: StacksBlockId) -> BlockSession<'_> {
        let ctx = BlockContext {
            parent,
            burn_view: VIEW,
            tenure_height: 1,
            new_tenure: true,
            tenure_cost_so_far: ExecutionCost::zero(),
            record_writes: false,
        };
        BlockSession::begin(self.state.env(), ctx).expect("a session")
    }
}

fn id(number: u8) -> StacksBlockId {
    StacksBlockId([number; 32])
}

/// The one burn block.
const VIEW: BurnView = BurnView { height: 101, consensus_hash: [1; 20] };
const BURN: FixedBurn = FixedBurn {
    first_height: 100,
    cycle: (10, 1),
    sortition: |hash| SortitionId([hash.0[0]; 32]),
    height: |_| 101,
    burn_hash: |_, sortition| Some(sortition.0),
};

fn facts(id: StacksBlockId) -> HeaderFacts {
    HeaderFacts {
        block_hash: id.0,
        burn_hash: [1; 32],
        consensus_hash: VIEW.consensus_hash,
        vrf_seed: [1; 32],
        time_s: 1,
        burn_height: VIEW.height,
        producer: None,
        spent: (1, 1),
        earned: None,
    }
}

fn params(senders: &[Account]) -> ChainParams {
    // More than a tenure may cost, so that a block can hold all of a kind; what is counted stays the same.
    let limit = ExecutionCost {
        write_count: u64::MAX,
        write_length: u64::MAX,
        read_count: u64::MAX,
        read_length: u64::MAX,
        runtime: u64::MAX,
    };
    let balances = senders.iter().map(|sender| (sender.address().to_principal(), u128::from(OPENING_USTX)));
    ChainParams {
        chain_id: CHAIN_ID_TESTNET,
        mainnet: false,
        epoch: StacksEpochId::Epoch30,
        default_clarity_version: ClarityVersion::Clarity2,
        tenure_cost_limit: limit,
        signing: SigningMode::Ecdsa,
        boot_balances: balances.collect(),
        coinbase_ustx: COINBASE_USTX,
        reward_maturity: 2,
        burn: BurnParams {
            first_height: 100,
            first_time_s: 1,
            satoshis_per_block: 1,
            reward_cycle_length: 10,
            producers: Vec::new(),
            stackers: Vec::new(),
        },
    }
}
