//! The published VM, as the chain runs it, over a chain of one boot block: rules of epoch 3.0, Clarity 1 and 2.

use chainstate::clarity::genesis::execute_boot_block;
use chainstate::clarity::{BlockContext, BlockSession, BurnView};
use chainstate::params::{BurnParams, ChainParams, HELIUM_20};
use chainstate::test_support::{FixedBurn, HeaderFacts, ScratchState};
use chainstate::transactions::ReceiptStatus;
use clarity::vm::ClarityVersion;
use clarity::vm::costs::ExecutionCost;
use stacks_common::types::StacksEpochId;
use stacks_common::types::chainstate::SortitionId;
use stacks_types::address::StacksAddress;
use stacks_types::block::SigningMode;
use stacks_types::ids::StacksBlockId;
use stacks_types::keys::PrivateKey;
use stacks_types::transaction::{
    BlockTransaction, ContractCall, ContractVersion, PostConditionMode, SpendingCondition, StacksTransaction,
    TransactionAuth, TransactionPayload,
};
use stacks_types::value::decode_value;
use tests::programs::Program;

/// What became of a transaction.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is in the block.
    Mined { status: ReceiptStatus, error: Option<String> },
    /// No block may hold it.
    Refused,
}

impl Outcome {
    pub(crate) fn succeeded(&self) -> bool {
        matches!(self, Self::Mined { status: ReceiptStatus::Success, .. })
    }
}

/// A chain at its boot block, where programs are tried and forgotten.
pub(crate) struct OldVm {
    state: ScratchState,
    key: PrivateKey,
    _folder: tempfile::TempDir,
}

impl OldVm {
    pub(crate) fn new() -> Self {
        let (folder, key) = (tempfile::tempdir().unwrap(), PrivateKey::from_seed(b"programs"));
        let state = ScratchState::new(folder.path(), params(&address(&key)), BURN).unwrap();
        let boot = execute_boot_block(state.env(), BurnView { height: 0, consensus_hash: [0; 20] }).unwrap();
        state.headers.insert(&StacksBlockId::BOOT, FACTS);
        state.commit(&boot.executed, &StacksBlockId::BOOT).unwrap();
        Self { state, key, _folder: folder }
    }

    /// The deployment, then the calls; all in one block that is dropped.
    pub(crate) fn run(&self, program: &Program) -> Vec<Outcome> {
        let context = BlockContext {
            parent: StacksBlockId::BOOT,
            burn_view: BurnView { height: 1, consensus_hash: [1; 20] },
            tenure_height: 1,
            new_tenure: true,
            tenure_cost_so_far: ExecutionCost::zero(),
            record_writes: true,
        };
        let mut session = BlockSession::begin(self.state.env(), context).unwrap();
        let version = if program.version == 1 { ContractVersion::Clarity1 } else { ContractVersion::Clarity2 };
        let deploy = TransactionPayload::VersionedSmartContract {
            version,
            name: "program".into(),
            code: program.source.as_str().into(),
        };
        let mut nonce = 0;
        let mut outcomes = vec![self.process(&mut session, &mut nonce, deploy)];
        for call in &program.calls {
            let call = ContractCall {
                address: address(&self.key),
                contract_name: "program".into(),
                function_name: call.function.as_str().into(),
                arguments: call.arguments.iter().map(|bytes| decode_value(bytes).unwrap()).collect(),
            };
            outcomes.push(self.process(&mut session, &mut nonce, TransactionPayload::ContractCall(call)));
        }
        outcomes
    }

    fn process(&self, session: &mut BlockSession<'_>, nonce: &mut u64, payload: TransactionPayload) -> Outcome {
        let condition = SpendingCondition::p2pkh(&self.key, *nonce, 1);
        let mut transaction = StacksTransaction::new(false, TransactionAuth::Standard(condition), payload);
        transaction.post_condition_mode = PostConditionMode::Allow;
        transaction.sign_origin(&self.key).unwrap();
        match session.process_transaction(&BlockTransaction::new(transaction)) {
            Ok(receipt) => {
                *nonce += 1;
                Outcome::Mined { status: receipt.status, error: receipt.vm_error }
            }
            Err(error) => {
                assert!(!error.is_ours(), "{error}");
                Outcome::Refused
            }
        }
    }
}

fn address(key: &PrivateKey) -> StacksAddress {
    StacksAddress::p2pkh(&key.public_key(), false)
}

fn params(rich: &StacksAddress) -> ChainParams {
    ChainParams {
        chain_id: 0x8000_0000,
        mainnet: false,
        epoch: StacksEpochId::Epoch30,
        default_clarity_version: ClarityVersion::Clarity2,
        tenure_cost_limit: HELIUM_20,
        signing: SigningMode::Ecdsa,
        boot_balances: vec![(rich.to_principal(), 1_000_000_000_000)],
        coinbase_ustx: 0,
        reward_maturity: 2,
        burn: BurnParams {
            first_height: 0,
            first_time_s: 0,
            satoshis_per_block: 1,
            reward_cycle_length: 10,
            producers: Vec::new(),
            stackers: Vec::new(),
        },
    }
}

const FACTS: HeaderFacts = HeaderFacts {
    block_hash: [0; 32],
    burn_hash: [0; 32],
    consensus_hash: [0; 20],
    vrf_seed: [0; 32],
    time_s: 0,
    burn_height: 0,
    producer: None,
    spent: (0, 0),
    earned: None,
};

const BURN: FixedBurn = FixedBurn {
    first_height: 0,
    cycle: (10, 2),
    sortition: |_| SortitionId([0; 32]),
    height: |_| u32::MAX,
    burn_hash: |_, _| None,
};
