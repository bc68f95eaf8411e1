//! The published VM's side: transactions in the node's session, each block on the state of the block before.

use std::time::{Duration, Instant};

use chainstate::old_vm::genesis::execute_boot_block;
use chainstate::old_vm::{BlockContext, BlockSession, BurnView, FixedBurn, OldState};
use chainstate::params::{BootContracts, BurnParams, COINBASE_USTX, ChainParams};
use chainstate::test_support::HeaderFacts;
use chainstate::transactions::{ReceiptStatus, VerifiedTransaction};
use engine::Rules;
use engine::costs::Cost;
use stacks_types::block::SigningMode;
use stacks_types::ids::StacksBlockId;
use stacks_types::limits::CHAIN_ID_TESTNET;
use stacks_types::transaction::{BlockTransaction, ContractCall, TransactionPayload};
use tests::bench::Bench;
use tests::figures::Samples;
use tests::load::accounts::{self, Account, OPENING_USTX};

use crate::kinds::{self, Kind, Work};

/// The payload of a transaction of the account, which has published the contracts that are called.
fn payload(work: &Work, index: usize, account: &Account) -> TransactionPayload {
    match work {
        Work::Transfer => accounts::transfer(index),
        Work::Call { contract, function, arguments } => {
            let caller = account.address().to_principal();
            TransactionPayload::ContractCall(ContractCall {
                address: account.address(),
                contract_name: (*contract).parse().expect("a contract name"),
                function_name: (*function).parse().expect("a name"),
                arguments: arguments(&caller),
            })
        }
        Work::Deploy(source) => accounts::deploy(&format!("new-{index}"), source),
    }
}

/// A state with a boot block and one more, which holds the contracts.
pub(crate) struct Chain {
    state: OldState,
    /// Transactions of the account that are in the state.
    setup: u64,
    _folder: tempfile::TempDir,
}

impl Chain {
    pub(crate) fn new() -> Self {
        let mut account = account();
        let folder = tempfile::tempdir().expect("a folder");
        let state = OldState::new(folder.path(), params(&account), BURN).expect("an empty state");
        let boot = execute_boot_block(state.env(), VIEW).expect("a boot block");
        state.commit(&boot, &StacksBlockId::BOOT).expect("a commit");
        state.state.headers.insert(&StacksBlockId::BOOT, facts(StacksBlockId::BOOT));
        let mut chain = Self { state, setup: 0, _folder: folder };
        let deploys = kinds::contracts().map(|(name, source)| accounts::deploy(name, &source));
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
        chain.state.state.headers.insert(&id(1), facts(id(1)));
        chain
    }

    /// Times so many transactions of a kind in a block that is thrown away.
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
            record_writes: false,
        };
        BlockSession::begin(self.state.env(), ctx).expect("a session")
    }
}

/// The account that does everything.
fn account() -> Account {
    Account::many(1).remove(0)
}

/// Executes a transaction that must succeed. Gives how long that takes, without decoding it.
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

/// The one burn block.
const VIEW: BurnView = BurnView { height: 101, consensus_hash: [1; 20] };
const BURN: FixedBurn = FixedBurn {
    first_height: 100,
    cycle: (10, 1),
    sortition: |hash| [hash[0]; 32],
    height: |_| 101,
    burn_hash: |_, sortition| Some(*sortition),
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

fn params(account: &Account) -> ChainParams {
    // More than a tenure may cost, so that a block can hold all of a kind; what is counted stays the same.
    let limit = Cost::MAX;
    ChainParams {
        chain_id: CHAIN_ID_TESTNET,
        mainnet: false,
        rules: &Rules::EPOCH_3_0,
        tenure_cost_limit: limit,
        signing: SigningMode::Ecdsa,
        boot_contracts: BootContracts::default(),
        boot_balances: vec![(account.address().to_principal(), u128::from(OPENING_USTX))],
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
