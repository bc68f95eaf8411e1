//! A small chain for tests: a state index and a side store in a folder, blocks that are executed and committed.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ::clarity::vm::ast::ASTRules;
use ::clarity::vm::costs::ExecutionCost;
use ::clarity::vm::database::{BurnStateDB, HeadersDB};
use ::clarity::vm::types::{PrincipalData, QualifiedContractIdentifier, TupleData};
use ::clarity::vm::{ClarityName, ClarityVersion, ContractName, StacksEpoch, Value};
use marf::{BlockId, Marf, Sync};
use nakamoto_proto::block::SigningMode;
use nakamoto_proto::ids::StacksBlockId as ChainBlockId;
use nakamoto_proto::keys::PrivateKey;
use nakamoto_proto::transaction::{
    BlockTransaction, ContractCall, PostConditionMode, SpendingCondition, StacksTransaction, TransactionAuth,
    TransactionPayload,
};
use rusqlite::Connection;
use stacks_common::types::StacksEpochId;
use stacks_common::types::chainstate::{
    BlockHeaderHash, BurnchainHeaderHash, ConsensusHash, SortitionId, StacksAddress, StacksBlockId, VRFSeed,
};

use crate::clarity::genesis::{BootBlock, execute_boot_block};
use crate::clarity::read_only::StateReader;
use crate::clarity::{BlockContext, BlockEnv, BlockSession, BurnView, ExecutedBlock, STACK_BYTES, side_store};
use crate::params::{BurnParams, ChainParams, HELIUM_20};

/// What every account has at the start, in micro-STX.
pub(super) const BALANCE: u128 = 1_000_000_000_000;
/// A fee that nobody minds.
pub(super) const FEE: u64 = 1_000;

/// Runs a test on a thread with the stack that the node's threads have.
pub(super) fn on_a_large_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(test).expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

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
    pub(super) fn principal(&self) -> PrincipalData {
        nakamoto_proto::address::StacksAddress::p2pkh(&self.key.public_key(), false).to_principal()
    }

    /// A contract of its own.
    pub(super) fn contract(&self, name: &str) -> QualifiedContractIdentifier {
        let PrincipalData::Standard(issuer) = self.principal() else { panic!("an account") };
        QualifiedContractIdentifier::new(issuer, ContractName::from(name))
    }

    /// A signed transaction that lets everything move.
    pub(super) fn sign(&self, nonce: u64, fee: u64, payload: TransactionPayload) -> BlockTransaction {
        let condition = SpendingCondition::p2pkh(&self.key, nonce, fee);
        let mut tx = StacksTransaction::new(false, TransactionAuth::Standard(condition), payload);
        tx.post_condition_mode = PostConditionMode::Allow;
        if matches!(tx.payload, TransactionPayload::TokenTransfer { .. }) {
            tx.post_condition_mode = PostConditionMode::Deny;
        }
        tx.sign_origin(&self.key).expect("a signature");
        BlockTransaction::new(tx)
    }

    /// Sends micro-STX.
    pub(super) fn transfer(&self, nonce: u64, to: &PrincipalData, amount: u64) -> BlockTransaction {
        self.sign(nonce, FEE, TransactionPayload::TokenTransfer { recipient: to.clone(), amount, memo: [0; 34] })
    }

    /// Deploys a contract.
    pub(super) fn deploy(&self, nonce: u64, name: &str, code: &str) -> BlockTransaction {
        self.sign(nonce, FEE, TransactionPayload::SmartContract { name: name.into(), code: code.into() })
    }

    /// Calls a function of a contract.
    pub(super) fn call(
        &self,
        nonce: u64,
        contract: &QualifiedContractIdentifier,
        function: &str,
        arguments: Vec<Value>,
    ) -> BlockTransaction {
        let address = nakamoto_proto::address::StacksAddress {
            version: contract.issuer.0,
            hash160: nakamoto_proto::ids::Hash160(contract.issuer.1),
        };
        self.sign(
            nonce,
            FEE,
            TransactionPayload::ContractCall(ContractCall {
                address,
                contract_name: contract.name.clone(),
                function_name: ClarityName::from(function),
                arguments,
            }),
        )
    }
}

/// The chain.
pub(super) struct TestChain {
    pub(super) params: ChainParams,
    pub(super) marf: Marf,
    pub(super) connection: Connection,
    headers: TestHeaders,
    _folder: tempfile::TempDir,
}

impl TestChain {
    /// A chain whose boot block is committed; accounts 1 to 3 have [`BALANCE`].
    pub(super) fn new() -> Self {
        Self::with_limit(HELIUM_20)
    }

    /// As [`Self::new`], with another cost limit.
    pub(super) fn with_limit(limit: ExecutionCost) -> Self {
        let chain = Self::empty(limit);
        let boot = chain.boot();
        chain.commit(&boot.executed, ChainBlockId::BOOT, 0);
        chain
    }

    /// A chain without its boot block.
    pub(super) fn empty(limit: ExecutionCost) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = Connection::open(folder.path().join("index.sqlite")).expect("a database");
        Marf::create_tables(&connection).expect("tables");
        connection.execute_batch(side_store::SCHEMA).expect("tables");
        let marf = Marf::open(&folder.path().join("nodes"), &connection, Sync::None).expect("an index");
        let params = ChainParams {
            chain_id: 0x8000_0000,
            mainnet: false,
            epoch: StacksEpochId::Epoch30,
            default_clarity_version: ClarityVersion::Clarity2,
            tenure_cost_limit: limit,
            signing: SigningMode::Ecdsa,
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
        Self { params, marf, connection, headers: TestHeaders::default(), _folder: folder }
    }

    /// Executes the boot block.
    pub(super) fn boot(&self) -> BootBlock {
        execute_boot_block(self.env(), burn_view(0)).expect("a boot block")
    }

    pub(super) fn env(&self) -> BlockEnv<'_> {
        BlockEnv {
            params: &self.params,
            marf: &self.marf,
            side: &self.connection,
            headers: &self.headers,
            burn: &TestBurn,
        }
    }

    /// A block on `parent`, in tenure `tenure`, which is new.
    pub(super) fn begin(&self, parent: ChainBlockId, tenure: u32) -> BlockSession<'_> {
        self.begin_in(parent, tenure, true, ExecutionCost::zero())
    }

    pub(super) fn begin_in(
        &self,
        parent: ChainBlockId,
        tenure: u32,
        new_tenure: bool,
        tenure_cost_so_far: ExecutionCost,
    ) -> BlockSession<'_> {
        let ctx = BlockContext {
            parent,
            burn_view: burn_view(tenure),
            tenure_height: tenure,
            new_tenure,
            tenure_cost_so_far,
            record_writes: true,
        };
        BlockSession::begin(self.env(), ctx).expect("a session")
    }

    /// Commits an executed block.
    pub(super) fn commit(&self, executed: &ExecutedBlock, id: ChainBlockId, tenure: u32) {
        let tx = self.connection.unchecked_transaction().expect("a transaction");
        executed.commit_metadata(&tx, &id).expect("metadata");
        let pending = self.marf.commit(&tx, &executed.trie, BlockId(id.0)).expect("a commit");
        tx.commit().expect("a commit");
        self.marf.publish(pending);
        self.headers.0.borrow_mut().insert(id.0, tenure);
    }

    /// Executes and commits a block of these transactions, all of which must be accepted.
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
    BurnView { height: 100 + tenure, consensus_hash: [byte(tenure); 20] }
}

/// Headers by block id; all facts follow from the tenure.
#[derive(Default)]
struct TestHeaders(RefCell<BTreeMap<[u8; 32], u32>>);

impl TestHeaders {
    fn tenure(&self, id: &StacksBlockId) -> Option<u32> {
        self.0.borrow().get(&id.0).copied()
    }
}

impl HeadersDB for TestHeaders {
    fn get_stacks_block_header_hash_for_block(&self, id: &StacksBlockId) -> Option<BlockHeaderHash> {
        self.tenure(id).map(|_| BlockHeaderHash(id.0))
    }

    fn get_burn_header_hash_for_block(&self, id: &StacksBlockId) -> Option<BurnchainHeaderHash> {
        self.tenure(id).map(|tenure| BurnchainHeaderHash([byte(tenure); 32]))
    }

    fn get_consensus_hash_for_block(&self, id: &StacksBlockId) -> Option<ConsensusHash> {
        self.tenure(id).map(|tenure| ConsensusHash([byte(tenure); 20]))
    }

    fn get_vrf_seed_for_block(&self, id: &StacksBlockId) -> Option<VRFSeed> {
        self.tenure(id).map(|tenure| VRFSeed([byte(tenure); 32]))
    }

    fn get_burn_block_time_for_block(&self, id: &StacksBlockId) -> Option<u64> {
        self.tenure(id).map(u64::from)
    }

    fn get_burn_block_height_for_block(&self, id: &StacksBlockId) -> Option<u32> {
        self.tenure(id).map(|tenure| 100 + tenure)
    }

    fn get_miner_address(&self, _: &StacksBlockId) -> Option<StacksAddress> {
        None
    }

    fn get_burnchain_tokens_spent_for_block(&self, id: &StacksBlockId) -> Option<u128> {
        self.tenure(id).map(u128::from)
    }

    fn get_burnchain_tokens_spent_for_winning_block(&self, id: &StacksBlockId) -> Option<u128> {
        self.tenure(id).map(u128::from)
    }

    fn get_tokens_earned_for_block(&self, _: &StacksBlockId) -> Option<u128> {
        None
    }
}

struct TestBurn;

impl BurnStateDB for TestBurn {
    fn get_v1_unlock_height(&self) -> u32 {
        u32::MAX
    }

    fn get_v2_unlock_height(&self) -> u32 {
        u32::MAX
    }

    fn get_v3_unlock_height(&self) -> u32 {
        u32::MAX
    }

    fn get_pox_3_activation_height(&self) -> u32 {
        u32::MAX
    }

    fn get_pox_4_activation_height(&self) -> u32 {
        u32::MAX
    }

    fn get_burn_block_height(&self, sortition: &SortitionId) -> Option<u32> {
        Some(100 + u32::from(sortition.0[0]))
    }

    fn get_burn_start_height(&self) -> u32 {
        100
    }

    fn get_pox_prepare_length(&self) -> u32 {
        1
    }

    fn get_pox_reward_cycle_length(&self) -> u32 {
        10
    }

    fn get_pox_rejection_fraction(&self) -> u64 {
        0
    }

    fn get_burn_header_hash(&self, height: u32, sortition: &SortitionId) -> Option<BurnchainHeaderHash> {
        // Names the view from which it was asked, so that a test sees which one it was.
        (height < 100 + u32::from(sortition.0[0])).then_some(BurnchainHeaderHash(sortition.0))
    }

    fn get_sortition_id_from_consensus_hash(&self, hash: &ConsensusHash) -> Option<SortitionId> {
        Some(SortitionId([hash.0[0]; 32]))
    }

    fn get_stacks_epoch(&self, _: u32) -> Option<StacksEpoch> {
        None
    }

    fn get_stacks_epoch_by_epoch_id(&self, _: &StacksEpochId) -> Option<StacksEpoch> {
        None
    }

    fn get_ast_rules(&self, _: u32) -> ASTRules {
        ASTRules::PrecheckSize
    }

    fn get_pox_payout_addrs(&self, _: u32, _: &SortitionId) -> Option<(Vec<TupleData>, u128)> {
        None
    }
}
