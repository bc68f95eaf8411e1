//! A small chain for tests: a state index and a contract table in a folder; blocks are executed and committed.

use std::ops::Deref;

use clarity::Rules;
use clarity::costs::Cost;
use clarity::principal::{ContractId, Principal};
use clarity::value::Value;
use stacks_types::address::StacksAddress;
use stacks_types::block::SigningMode;
use stacks_types::ids::{BurnBlockHash, StacksBlockId as ChainBlockId};
use stacks_types::keys::PrivateKey;
use stacks_types::transaction::{
    BlockTransaction, ContractCall, ContractVersion, PostCondition, PostConditionMode, SpendingCondition,
    StacksTransaction, TransactionAuth, TransactionPayload,
};

use crate::execution::genesis::{BootBlock, execute_boot_block};
use crate::execution::read_only::StateReader;
use crate::execution::{BlockContext, BlockSession, BurnView, ContractCache, ExecutedBlock};
use crate::params::{BootContracts, BurnParams, ChainParams, HELIUM_20};
use crate::test_support::{HeaderFacts, ScratchState};

/// What every account has at the start, in micro-STX.
pub(super) const BALANCE: u128 = 1_000_000_000_000;
/// A fee that is high enough everywhere.
pub(super) const FEE: u64 = 1_000;

/// An account with a key.
#[derive(Clone)]
pub(super) struct Account {
    key: PrivateKey,
}

impl Account {
    /// The account of a number.
    pub(super) fn new(seed: u8) -> Self {
        Self { key: PrivateKey::from_seed(&[seed]) }
    }

    /// Its address on testnets.
    pub(super) fn address(&self) -> StacksAddress {
        StacksAddress::p2pkh(&self.key.public_key(), false)
    }

    /// The same as a principal.
    pub(super) fn principal(&self) -> Principal {
        self.address().to_principal()
    }

    /// A contract of its own.
    pub(super) fn contract(&self, name: &str) -> ContractId {
        ContractId { issuer: self.address().standard(), name: name.parse().unwrap() }
    }

    /// A signed transaction that lets everything move.
    pub(super) fn sign(&self, nonce: u64, fee: u64, payload: TransactionPayload) -> BlockTransaction {
        let mode = match payload {
            TransactionPayload::TokenTransfer { .. } => PostConditionMode::Deny,
            _ => PostConditionMode::Allow,
        };
        self.sign_under(nonce, fee, payload, (mode, Vec::new()))
    }

    fn sign_under(
        &self,
        nonce: u64,
        fee: u64,
        payload: TransactionPayload,
        (mode, conditions): (PostConditionMode, Vec<PostCondition>),
    ) -> BlockTransaction {
        let condition = SpendingCondition::p2pkh(&self.key, nonce, fee);
        let mut tx = StacksTransaction::new(false, TransactionAuth::Standard(condition), payload);
        (tx.post_condition_mode, tx.post_conditions) = (mode, conditions);
        tx.sign_origin(&self.key).expect("a signature");
        BlockTransaction::new(tx)
    }

    /// Sends micro-STX.
    pub(super) fn transfer(&self, nonce: u64, to: &Principal, amount: u64) -> BlockTransaction {
        self.sign(nonce, FEE, TransactionPayload::TokenTransfer { recipient: to.clone(), amount, memo: [0; 34] })
    }

    /// Deploys a contract of Clarity 2.
    pub(super) fn deploy(&self, nonce: u64, name: &str, code: &str) -> BlockTransaction {
        self.deploy_as(ContractVersion::Clarity2, nonce, name, code)
    }

    /// Deploys a contract of a version of the language.
    pub(super) fn deploy_as(&self, version: ContractVersion, nonce: u64, name: &str, code: &str) -> BlockTransaction {
        let payload =
            TransactionPayload::VersionedSmartContract { version, name: name.parse().unwrap(), code: code.into() };
        self.sign(nonce, FEE, payload)
    }

    /// Calls a function of a contract.
    pub(super) fn call(
        &self,
        nonce: u64,
        contract: &ContractId,
        function: &str,
        arguments: Vec<Value>,
    ) -> BlockTransaction {
        self.call_under(nonce, contract, function, arguments, (PostConditionMode::Allow, Vec::new()))
    }

    /// The same under post-conditions.
    pub(super) fn call_under(
        &self,
        nonce: u64,
        contract: &ContractId,
        function: &str,
        arguments: Vec<Value>,
        conditions: (PostConditionMode, Vec<PostCondition>),
    ) -> BlockTransaction {
        let call = ContractCall {
            address: contract.issuer.into(),
            contract_name: contract.name.clone(),
            function_name: function.parse().unwrap(),
            arguments,
        };
        self.sign_under(nonce, FEE, TransactionPayload::ContractCall(call), conditions)
    }
}

pub(super) struct TestChain {
    state: ScratchState,
    _folder: tempfile::TempDir,
}

impl Deref for TestChain {
    type Target = ScratchState;

    fn deref(&self) -> &ScratchState {
        &self.state
    }
}

impl TestChain {
    /// A chain whose boot block is committed; accounts 1 to 3 have [`BALANCE`].
    pub(super) fn new() -> Self {
        Self::with_limit(HELIUM_20)
    }

    /// As [`Self::new`], with another cost limit.
    pub(super) fn with_limit(limit: Cost) -> Self {
        let chain = Self::empty(limit);
        let boot = chain.boot();
        chain.commit(&boot.executed, ChainBlockId::BOOT, 0);
        chain
    }

    /// A chain without its boot block.
    pub(super) fn empty(limit: Cost) -> Self {
        Self::of_epoch(&Rules::EPOCH_3_0, limit)
    }

    /// A chain of an epoch, without its boot block.
    pub(super) fn of_epoch(rules: &'static Rules, limit: Cost) -> Self {
        Self::of_params(rules, limit, BootContracts::default())
    }

    /// A chain of an epoch that deploys these contracts at its beginning, without its boot block.
    pub(super) fn of_params(rules: &'static Rules, limit: Cost, boot_contracts: BootContracts) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let params = ChainParams {
            chain_id: 0x8000_0000,
            mainnet: false,
            rules,
            tenure_cost_limit: limit,
            signing: SigningMode::Ecdsa,
            boot_contracts,
            boot_balances: (1..=3).map(|seed| (Account::new(seed).principal(), BALANCE)).collect(),
            coinbase_ustx: 1_000,
            reward_maturity: 2,
            burn: BurnParams {
                first_height: 0,
                first_time_s: 0,
                satoshis_per_block: 1,
                reward_cycle_length: 10,
                producers: Vec::new(),
                stackers: Vec::new(),
            },
        };
        Self { state: ScratchState::new(folder.path(), params, burn_hash).expect("an empty state"), _folder: folder }
    }

    /// Caches called contracts there from now on.
    pub(super) fn keep_contracts_in(&mut self, cache: ContractCache) {
        self.state.contracts = cache;
    }

    /// Executes the boot block.
    pub(super) fn boot(&self) -> BootBlock {
        execute_boot_block(self.env(), burn_view(0)).expect("a boot block")
    }

    /// A block on `parent`, in tenure `tenure`, which is new.
    pub(super) fn begin(&self, parent: ChainBlockId, tenure: u32) -> BlockSession<'_> {
        self.begin_in(parent, tenure, true, Cost::default())
    }

    pub(super) fn begin_in(
        &self,
        parent: ChainBlockId,
        tenure: u32,
        new_tenure: bool,
        tenure_cost_so_far: Cost,
    ) -> BlockSession<'_> {
        let ctx = BlockContext {
            parent,
            burn_view: burn_view(tenure),
            tenure_height: tenure,
            new_tenure,
            tenure_cost_so_far,
        };
        BlockSession::begin_recorded(self.env(), &ctx).expect("a session")
    }

    /// Commits an executed block.
    pub(super) fn commit(&self, executed: &ExecutedBlock, id: ChainBlockId, tenure: u32) {
        self.state.commit(executed, &id).expect("a commit");
        self.headers.insert(&id, facts(id, tenure));
    }

    /// Executes and commits a block of these transactions, all of which must be mined.
    pub(super) fn block(
        &self,
        parent: ChainBlockId,
        id: ChainBlockId,
        tenure: u32,
        transactions: &[BlockTransaction],
    ) -> ExecutedBlock {
        let mut session = self.begin(parent, tenure);
        for tx in transactions {
            session.process_transaction(tx).expect("a transaction that may be in a block");
        }
        let executed = session.seal().expect("a root");
        self.commit(&executed, id, tenure);
        executed
    }

    /// Reads at a block of tenure `tenure`.
    pub(super) fn reader(&self, block: ChainBlockId, tenure: u32) -> StateReader<'_> {
        StateReader::at(self.env(), &block, burn_view(tenure)).expect("a processed block")
    }
}

/// The id of a block of a test.
pub(super) fn id(number: u8) -> ChainBlockId {
    ChainBlockId([number; 32])
}

/// Tests have few tenures.
fn byte(tenure: u32) -> u8 {
    u8::try_from(tenure).expect("a small tenure")
}

/// Tenure `tenure` is of the burn block at height 100 + tenure.
pub(super) fn burn_view(tenure: u32) -> BurnView {
    BurnView {
        height: u64::from(100 + tenure),
        hash: BurnBlockHash([byte(tenure); 32]),
        time_s: 1_000 + u64::from(tenure),
    }
}

/// What contracts can ask about a block; all facts follow from its tenure.
fn facts(id: ChainBlockId, tenure: u32) -> HeaderFacts {
    let view = burn_view(tenure);
    HeaderFacts {
        block_hash: id.0,
        burn_hash: [byte(tenure); 32],
        consensus_hash: [byte(tenure); 20],
        vrf_seed: [byte(tenure); 32],
        time_s: view.time_s,
        burn_height: 100 + tenure,
        producer: None,
        spent: (tenure.into(), tenure.into()),
        earned: None,
    }
}

/// The hash names the view that was asked, so that a test sees it.
fn burn_hash(height: u32, tip: &[u8; 32]) -> Option<[u8; 32]> {
    (height < 100 + u32::from(tip[0])).then_some(*tip)
}
