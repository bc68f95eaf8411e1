//! The published VM, as the chain runs it, over the chain of `tests::programs::chain`: rules of epoch 3.0, Clarity 1 and 2.

use chainstate::old_vm::genesis::execute_boot_block;
use chainstate::old_vm::{BlockContext, BlockSession, BurnView, FixedBurn, OldState};
use chainstate::params::{BootContracts, BurnParams, ChainParams};
use chainstate::test_support::HeaderFacts;
use chainstate::transactions::{ReceiptStatus, TransactionReceipt};
use engine::Rules;
use engine::costs::Cost;
use engine::value::Standard;
use serde_json::Value as Json;
use stacks_types::address::StacksAddress;
use stacks_types::block::SigningMode;
use stacks_types::ids::StacksBlockId;
use stacks_types::keys::PrivateKey;
use stacks_types::transaction::{
    BlockTransaction, ContractCall, ContractVersion, PostConditionMode, SpendingCondition, StacksTransaction,
    TransactionAuth, TransactionPayload,
};
use stacks_types::value::decode_value;
use tests::engine_events::event_json;
use tests::programs::chain::{self, CHAIN_ID, FIRST_BURN, MINER, OPENING, TENURES, TIP};
use tests::programs::record::{Record, Verdict};
use tests::programs::{DEPLOYER, Program};

/// A chain at its tip, where programs are tried and forgotten.
pub(crate) struct OldVm {
    old: OldState,
    key: PrivateKey,
    _folder: tempfile::TempDir,
}

/// A transaction's record without its writes, and how many of all writes there were before it and after it.
type Pending = (Record, usize, usize);

impl OldVm {
    pub(crate) fn new() -> Self {
        let (folder, key) = (tempfile::tempdir().unwrap(), PrivateKey::from_seed(b"vector account 0"));
        assert_eq!(StacksAddress::p2pkh(&key.public_key(), false).to_string(), DEPLOYER);
        let old = OldState::new(folder.path(), params(), BURN).unwrap();
        let boot = execute_boot_block(old.env(), burn_view(0)).unwrap();
        old.state.headers.insert(&id(0), header(0));
        old.commit(&boot, &id(0)).unwrap();
        for height in 1..TIP {
            let session = BlockSession::begin(old.env(), context(height, Cost::default())).unwrap();
            let executed = session.seal().unwrap();
            old.state.headers.insert(&id(height), header(height));
            old.commit(&executed, &id(height)).unwrap();
        }
        Self { old, key, _folder: folder }
    }

    /// Deployments, then calls; all in one block that is dropped. So much of the block's budget is spent already.
    pub(crate) fn run(&self, program: &Program, spent: Cost) -> Vec<Record> {
        let mut session = BlockSession::begin(self.old.env(), context(TIP, spent)).unwrap();
        let mut nonce = 0;
        let deploys = program.contracts.iter().map(|source| TransactionPayload::VersionedSmartContract {
            version: if source.version == 1 { ContractVersion::Clarity1 } else { ContractVersion::Clarity2 },
            name: source.name.parse().unwrap(),
            code: source.text.as_str().into(),
        });
        let calls = program.calls.iter().map(|call| {
            TransactionPayload::ContractCall(ContractCall {
                address: StacksAddress::parse(DEPLOYER).unwrap(),
                contract_name: call.contract.parse().unwrap(),
                function_name: call.function.parse().unwrap(),
                arguments: call.arguments.iter().map(|bytes| decode_value(bytes).unwrap()).collect(),
            })
        });
        let pending: Vec<_> =
            deploys.chain(calls).map(|payload| self.process(&mut session, &mut nonce, payload)).collect();
        let executed = session.seal().unwrap();
        let writes = executed.writes.as_ref().unwrap();
        pending.into_iter().map(|(record, from, to)| with_writes(record, &writes[from..to])).collect()
    }

    fn process(&self, session: &mut BlockSession<'_>, nonce: &mut u64, payload: TransactionPayload) -> Pending {
        let condition = SpendingCondition::p2pkh(&self.key, *nonce, 0);
        let mut transaction = StacksTransaction::new(false, TransactionAuth::Standard(condition), payload);
        transaction.post_condition_mode = PostConditionMode::Allow;
        transaction.sign_origin(&self.key).unwrap();
        let before = session.writes_len();
        let record = match session.process_transaction(&BlockTransaction::new(transaction)) {
            Ok(receipt) => {
                *nonce += 1;
                record(&receipt)
            }
            Err(error) => {
                assert!(!error.is_ours(), "{error}");
                Record::refused(error.to_string())
            }
        };
        (record, before, session.writes_len())
    }
}

fn record(receipt: &TransactionReceipt) -> Record {
    let verdict = match receipt.status {
        ReceiptStatus::Success => Verdict::Success,
        _ => Verdict::Aborted,
    };
    let kept = verdict == Verdict::Success;
    let events = receipt.events.iter().enumerate().map(|(index, event)| event_json(index, event, |text| text));
    let interface = receipt.contract_interface.as_ref().filter(|_| kept);
    Record {
        verdict,
        result: hex::encode(&receipt.raw_result),
        events: events.collect(),
        cost: receipt.cost,
        writes: Vec::new(),
        interface: interface.map(|text| serde_json::from_str::<Json>(text).unwrap()),
        burnt: if kept { receipt.stx_burned } else { 0 },
        error: receipt.vm_error.clone(),
    }
}

/// A transaction writes its fee first and its nonce last; what is between is the VM's.
fn with_writes(mut record: Record, writes: &[(String, String)]) -> Record {
    if record.verdict == Verdict::Refused {
        assert_eq!(writes, []);
        return record;
    }
    let [fee, between @ .., nonce] = writes else { panic!("a transaction of {} writes", writes.len()) };
    assert_eq!(fee.0, format!("vm-account::{DEPLOYER}::19"));
    assert_eq!(nonce.0, format!("vm-account::{DEPLOYER}::18"));
    record.writes = between.to_vec();
    record
}

fn id(height: u8) -> StacksBlockId {
    StacksBlockId(chain::facts(height).id)
}

fn burn_view(height: u8) -> BurnView {
    let facts = chain::facts(height);
    BurnView { height: facts.burn_height, consensus_hash: facts.consensus_hash }
}

fn context(height: u8, spent: Cost) -> BlockContext {
    BlockContext {
        parent: id(height - 1),
        burn_view: burn_view(height),
        tenure_height: TENURES[usize::from(height)].into(),
        new_tenure: false,
        tenure_cost_so_far: spent,
        record_writes: true,
    }
}

fn header(height: u8) -> HeaderFacts {
    let facts = chain::facts(height);
    HeaderFacts {
        block_hash: facts.header_hash,
        burn_hash: [u8::try_from(facts.burn_height).unwrap(); 32],
        consensus_hash: facts.consensus_hash,
        vrf_seed: facts.vrf_seed,
        time_s: facts.burn_time,
        burn_height: facts.burn_height,
        producer: Standard::parse(MINER),
        spent: (facts.spend_total, facts.spend_winner),
        earned: facts.reward,
    }
}

fn params() -> ChainParams {
    let rich = OPENING.map(|(account, amount)| (StacksAddress::parse(account).unwrap().to_principal(), amount));
    ChainParams {
        chain_id: CHAIN_ID,
        mainnet: false,
        rules: &Rules::EPOCH_3_0,
        tenure_cost_limit: Rules::EPOCH_3_0.block_limit,
        signing: SigningMode::Ecdsa,
        boot_contracts: BootContracts::default(),
        boot_balances: rich.to_vec(),
        coinbase_ustx: 0,
        reward_maturity: 2,
        burn: BurnParams {
            first_height: FIRST_BURN.into(),
            first_time_s: 0,
            satoshis_per_block: 1,
            reward_cycle_length: 10,
            producers: Vec::new(),
            stackers: Vec::new(),
        },
    }
}

const BURN: FixedBurn = FixedBurn {
    first_height: FIRST_BURN,
    cycle: (10, 2),
    sortition: |consensus_hash| [consensus_hash[0]; 32],
    height: |sortition| FIRST_BURN + sortition[0] as u32,
    burn_hash: |height, sortition| chain::burn_hash(height, FIRST_BURN + u32::from(sortition[0])),
};
