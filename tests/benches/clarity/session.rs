//! Transactions in the node's session, each block on the state of the block before.

use std::time::{Duration, Instant};

use chainstate::execution::genesis::execute_boot_block;
use chainstate::execution::{BlockContext, BlockSession, BurnView};
use chainstate::params::ChainParams;
use chainstate::test_support::{self, HeaderFacts, ScratchState, call_payload, deploy_payload};
use chainstate::transactions::{ReceiptStatus, VerifiedTransaction};
use clarity::costs::Cost;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};
use stacks_types::transaction::{BlockTransaction, TransactionPayload};
use tests::bench::Bench;
use tests::figures::Samples;
use tests::load::accounts::{self, Account, OPENING_USTX};

use crate::kinds::{self, Kind, Work};

/// The payload of a transaction of `account`, which has published the called contracts.
fn payload(work: &Work, index: usize, account: &Account) -> TransactionPayload {
    match work {
        Work::Transfer => accounts::transfer(index),
        Work::Call { contract, function, arguments } => {
            call_payload(account.address(), contract, function, arguments(&account.address().to_principal()))
        }
        Work::Deploy(source) => deploy_payload(&format!("new-{index}"), source),
    }
}

/// A state with a boot block and a block that holds the contracts.
pub(crate) struct Chain {
    state: ScratchState,
    /// Number of the account's transactions in the state.
    setup: u64,
    _folder: tempfile::TempDir,
}

impl Chain {
    pub(crate) fn new() -> Self {
        let mut account = account();
        let folder = tempfile::tempdir().expect("a folder");
        let burn_hash = |_, tip: &[u8; 32]| Some(*tip);
        let state = ScratchState::new(folder.path(), params(&account), burn_hash).expect("an empty state");
        let boot = execute_boot_block(state.env(), VIEW).expect("a boot block");
        state.commit(&boot.executed, &StacksBlockId::BOOT).expect("a commit");
        state.headers.insert(&StacksBlockId::BOOT, facts(StacksBlockId::BOOT));
        let mut chain = Self { state, setup: 0, _folder: folder };
        let deploys = kinds::contracts().map(|(name, source)| deploy_payload(name, &source));
        let calls = kinds::setup().map(|work| payload(&work, 0, &account));
        let mut session = chain.begin(StacksBlockId::BOOT);
        let mut setup = 0;
        for payload in deploys.into_iter().chain(calls) {
            execute(&mut session, &account.sign(payload));
            setup += 1;
        }
        let executed = session.seal().expect("a root");
        chain.setup = setup;
        chain.state.commit(&executed, &id(1)).expect("a commit");
        chain.state.headers.insert(&id(1), facts(id(1)));
        chain
    }

    /// Times `count` transactions of a kind in a block that is discarded.
    pub(crate) fn time(&self, bench: &mut Bench, kind: &Kind, count: usize) -> Samples {
        let mut account = account();
        account.skip(self.setup);
        let raw: Vec<_> = (0..count).map(|index| payload(&kind.work, index, &account)).collect();
        let raw: Vec<_> = raw.into_iter().map(|payload| account.sign(payload)).collect();
        let (mut opens, mut seals, mut each) = (Samples::default(), Samples::default(), Samples::default());
        for _ in 0..bench.size(3, 1) {
            let begun = Instant::now();
            let mut session = self.begin(id(1));
            opens.push_micros(begun.elapsed());
            for bytes in &raw {
                each.push_micros(execute(&mut session, bytes));
            }
            let begun = Instant::now();
            let executed = session.seal().expect("a root");
            seals.push(begun.elapsed().as_secs_f64() * 1e3);
            bench.digest(&executed.state_root.0);
        }
        bench.table().samples(&format!("{}: opening the block", kind.what), "us", &opens);
        bench.table().samples(&format!("{}: sealing {count} of them", kind.what), "ms", &seals);
        each
    }

    fn begin(&self, parent: StacksBlockId) -> BlockSession<'_> {
        let ctx = BlockContext {
            parent,
            burn_view: VIEW,
            tenure_height: 1,
            new_tenure: true,
            tenure_cost_so_far: Cost::default(),
        };
        BlockSession::begin(self.state.env(), ctx).expect("a session")
    }
}

/// The account that sends everything.
fn account() -> Account {
    Account::many(1).remove(0)
}

/// Executes a transaction that must succeed. Returns the time without decoding.
fn execute(session: &mut BlockSession<'_>, bytes: &[u8]) -> Duration {
    let transaction = BlockTransaction::decode(bytes).expect("a transaction");
    let begun = Instant::now();
    let receipt = session.process_verified(&VerifiedTransaction::remembered(&transaction));
    let took = begun.elapsed();
    assert_eq!(receipt.expect("it is mined").status, ReceiptStatus::Success);
    took
}

fn id(number: u8) -> StacksBlockId {
    StacksBlockId([number; 32])
}

/// The only burn block.
const VIEW: BurnView = BurnView { height: 101, hash: BurnBlockHash([1; 32]), time_s: 1 };

fn facts(id: StacksBlockId) -> HeaderFacts {
    HeaderFacts {
        block_hash: id.0,
        burn_hash: VIEW.hash.0,
        consensus_hash: [1; 20],
        vrf_seed: [1; 32],
        time_s: 1,
        burn_height: 101,
        producer: None,
        spent: (1, 1),
        earned: None,
    }
}

fn params(account: &Account) -> ChainParams {
    ChainParams {
        // Above a tenure's limit, so that a block can hold all transactions of a kind; the counted costs stay the same.
        tenure_cost_limit: Cost::MAX,
        boot_balances: vec![(account.address().to_principal(), u128::from(OPENING_USTX))],
        ..test_support::params(0, 0)
    }
}
