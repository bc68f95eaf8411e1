//! Reads at any processed block: accounts, contracts, variables, proofs, read-only calls.
//!
//! # Invariants
//! - Nothing is written, whatever a called function tries.
//! - A panic of the VM ends in [`ReadError::Panicked`].
//! - A read-only call is bounded by the limit that its caller gives it, [`READ_ONLY_LIMIT`] as a rule.
//!
//! # Not here
//! JSON and HTTP shapes of the answers (docs/COMPATIBILITY.md#read-only-calls): the network layer. Run it on threads
//! with [`super::STACK_BYTES`] of stack, as sessions.

mod contracts;
mod keys;

pub use contracts::{CallRefusal, ContractSource};
pub use keys::{balance_key, contract_key, data_var_key, map_entry_key, nonce_key};

use std::panic::{AssertUnwindSafe, catch_unwind};

use ::clarity::vm::clarity::{ClarityConnection as _, TransactionConnection as _};
use ::clarity::vm::contexts::ContractContext;
use ::clarity::vm::costs::{ExecutionCost, LimitedCostTracker};
use ::clarity::vm::database::ClarityDatabase;
use ::clarity::vm::errors::{CheckErrors, Error as VmError};
use ::clarity::vm::types::{PrincipalData, QualifiedContractIdentifier};
use ::clarity::vm::{ClarityVersion, SymbolicExpression, Value};
use marf::BlockId;
use stacks_types::ids::StacksBlockId;

use super::burn_view::{BurnView, EpochHeaders};
use super::interrupt::{Cut, Expired};
use super::kept_contracts;
use super::scope::{ChainView, Scope};
use super::session::{BlockEnv, panic_text};
use super::store::{StateStore, Tip};
use super::trackers::make_tracker;

/// What one read-only call may spend by default (docs/COMPATIBILITY.md#read-only-calls): no writes, and about a second
/// of evaluation.
pub const READ_ONLY_LIMIT: ExecutionCost =
    ExecutionCost { write_length: 0, write_count: 0, read_length: 200_000, read_count: 100, runtime: 1_000_000_000 };

/// Why a read failed. That something does not exist is not an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The block is not processed.
    #[error("block {0} is not processed")]
    UnknownBlock(StacksBlockId),
    /// Reading failed.
    #[error("storage failed: {0}")]
    Storage(String),
    /// The VM refused; for a call, the text for the caller.
    #[error("vm: {0}")]
    Vm(String),
    /// The called function tried to write.
    #[error("NotReadOnly")]
    NotReadOnly,
    /// The caller's time was over before the call was done.
    #[error("the time is over")]
    DeadlinePassed,
    /// The VM panicked.
    #[error("the vm panicked: {0}")]
    Panicked(String),
}

impl From<VmError> for ReadError {
    fn from(error: VmError) -> Self {
        Self::Vm(error.to_string())
    }
}

/// An account at a block. An account that nobody has used has zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// What can be spent, in micro-STX.
    pub available: u128,
    /// What is locked, in micro-STX.
    pub locked: u128,
    /// Burn height at which it unlocks.
    pub unlock_height: u64,
    /// The next nonce.
    pub nonce: u64,
}

/// A function call to be evaluated without writing.
#[derive(Debug, Clone)]
pub struct ReadOnlyCall<'c> {
    /// The contract.
    pub contract: &'c QualifiedContractIdentifier,
    /// Name of the function.
    pub function: &'c str,
    /// Its arguments.
    pub arguments: &'c [Value],
    /// Seen by the function as `tx-sender`.
    pub sender: &'c PrincipalData,
    /// Seen by the function as `tx-sponsor?`.
    pub sponsor: Option<&'c PrincipalData>,
    /// What it may spend.
    pub limit: ExecutionCost,
}

/// The state of one processed block.
pub struct StateReader<'a> {
    env: BlockEnv<'a>,
    headers: EpochHeaders<'a>,
    block: BlockId,
    deadline: Option<Expired<'a>>,
}

impl<'a> StateReader<'a> {
    /// Reads at `block`, which witnessed `burn_view`.
    ///
    /// # Errors
    /// [`ReadError::UnknownBlock`].
    pub fn at(env: BlockEnv<'a>, block: &StacksBlockId, burn_view: BurnView) -> Result<Self, ReadError> {
        let id = BlockId(block.0);
        if !env.marf.contains(&id) {
            return Err(ReadError::UnknownBlock(*block));
        }
        Ok(Self {
            env,
            headers: EpochHeaders::new(env.headers, env.params.epoch, burn_view),
            block: id,
            deadline: None,
        })
    }

    /// Has calls fail with [`ReadError::DeadlinePassed`] once `expired` says so.
    #[must_use]
    pub const fn stop_when(mut self, expired: Expired<'a>) -> Self {
        self.deadline = Some(expired);
        self
    }

    /// Balance and nonce of `principal`.
    ///
    /// # Errors
    /// Storage.
    pub fn account(&self, principal: &PrincipalData) -> Result<Account, ReadError> {
        self.with_db(|db| {
            let mut snapshot = db.get_stx_balance_snapshot(principal)?;
            let available = snapshot.get_available_balance()?;
            let balance = snapshot.canonical_balance_repr()?;
            let nonce = db.get_account_nonce(principal)?;
            Ok(Account { available, locked: balance.amount_locked(), unlock_height: balance.unlock_height(), nonce })
        })
    }

    /// All micro-STX that exist.
    ///
    /// # Errors
    /// Storage.
    pub fn liquid_supply(&self) -> Result<u128, ReadError> {
        self.with_db(|db| Ok(db.get_total_liquid_ustx()?))
    }

    /// The text stored under a state key (docs/CONSENSUS.md#state-keys), if any.
    ///
    /// # Errors
    /// Storage.
    pub fn value(&self, key: &str) -> Result<Option<String>, ReadError> {
        let bytes = self.env.marf.get(&self.block, key).map_err(|error| ReadError::Storage(error.to_string()))?;
        bytes.map(|bytes| String::from_utf8(bytes).map_err(|error| ReadError::Storage(error.to_string()))).transpose()
    }

    /// The text stored under a state key, with the encoded proof that ties it to the block's root
    /// (docs/CONSENSUS.md#proofs).
    ///
    /// # Errors
    /// Storage.
    pub fn value_with_proof(&self, key: &str) -> Result<Option<(String, Vec<u8>)>, ReadError> {
        let found =
            self.env.marf.get_with_proof(&self.block, key).map_err(|error| ReadError::Storage(error.to_string()))?;
        found
            .map(|(bytes, proof)| {
                let text = String::from_utf8(bytes).map_err(|error| ReadError::Storage(error.to_string()))?;
                Ok((text, proof.encode()))
            })
            .transpose()
    }

    /// The text stored under the key whose hash is `path`.
    ///
    /// # Errors
    /// Storage.
    pub fn value_by_path(&self, path: &[u8; 32]) -> Result<Option<String>, ReadError> {
        let bytes = self
            .env
            .marf
            .get_by_path(&self.block, &marf::TrieHash(*path))
            .map_err(|error| ReadError::Storage(error.to_string()))?;
        // Bookkeeping leaves are no text.
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// As [`Self::value_by_path`], with the proof.
    ///
    /// # Errors
    /// Storage.
    pub fn value_by_path_with_proof(&self, path: &[u8; 32]) -> Result<Option<(String, Vec<u8>)>, ReadError> {
        let found = self.env.marf.get_by_path_with_proof(&self.block, &marf::TrieHash(*path));
        let found = found.map_err(|error| ReadError::Storage(error.to_string()))?;
        Ok(found.and_then(|(bytes, proof)| Some((String::from_utf8(bytes).ok()?, proof.encode()))))
    }

    /// Evaluates a call and gives its result as consensus bytes. Public functions are allowed as long as they do not
    /// write.
    ///
    /// # Errors
    /// [`ReadError::Vm`] with the text for the caller, [`ReadError::NotReadOnly`]; storage.
    pub fn call_read_only(&self, call: &ReadOnlyCall<'_>) -> Result<Vec<u8>, ReadError> {
        let tracker = self.limited_tracker(call.limit.clone())?;
        let arguments: Vec<SymbolicExpression> =
            call.arguments.iter().map(|value| SymbolicExpression::atom_value(value.clone())).collect();
        let result = self.in_scope(tracker, |scope| {
            let loaded = scope.contract(call.contract);
            let called = scope.with_abort_callback(
                |vm| {
                    let context =
                        ContractContext::new(QualifiedContractIdentifier::transient(), ClarityVersion::latest());
                    // Not `read_only`: that would refuse public functions that write nothing. The limit refuses writes.
                    vm.execute_in_env(call.sender.clone(), call.sponsor.cloned(), Some(context), |env| match &loaded {
                        Some(contract) => kept_contracts::call(env, contract, call.function, &arguments),
                        None => env.execute_contract(call.contract, call.function, &arguments, false),
                    })
                },
                |_, _| true,
            );
            Ok(called.map(|(value, ..)| value))
        })?;
        match result {
            Ok(value) => Ok(value.serialize_to_vec().map_err(VmError::from)?),
            Err(VmError::Unchecked(CheckErrors::CostBalanceExceeded(cost, _))) if cost.write_count > 0 => {
                Err(ReadError::NotReadOnly)
            }
            // As the reference shows it to callers: a run-time error by its name, with the stack in lines below; others by
            // variant and values.
            Err(error) => Err(ReadError::Vm(error.to_string())),
        }
    }

    /// A tracker of the chain's figures that stops at `limit`.
    pub(super) fn limited_tracker(&self, limit: ExecutionCost) -> Result<LimitedCostTracker, ReadError> {
        make_tracker(self.env.params, limit).map_err(ReadError::Vm)
    }

    fn store(&self) -> StateStore<'a> {
        StateStore::new(&self.env, Tip::Committed(self.block))
    }

    fn with_db<R>(&self, work: impl FnOnce(&mut ClarityDatabase<'_>) -> Result<R, ReadError>) -> Result<R, ReadError> {
        self.in_scope(LimitedCostTracker::new_free(), |scope| scope.with_clarity_db_readonly(work))
    }

    pub(super) fn in_scope<R>(
        &self,
        tracker: LimitedCostTracker,
        work: impl FnOnce(&mut Scope<'_, '_>) -> Result<R, ReadError>,
    ) -> Result<R, ReadError> {
        let mut store = self.store();
        let mut tracker = Some(tracker);
        let chain = ChainView {
            mainnet: self.env.params.mainnet,
            chain_id: self.env.params.chain_id,
            epoch: self.env.params.epoch,
            headers: &self.headers,
            burn: self.env.burn,
        };
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let mut scope = Scope::begin(&mut store, chain, &mut tracker);
            scope.watch(self.deadline.map(|expired| (expired, u64::MAX)));
            work(&mut scope)
        }));
        if let Some(fault) = store.fault {
            return Err(ReadError::Storage(fault));
        }
        ran.unwrap_or_else(|panic| match panic.is::<Cut>() {
            true => Err(ReadError::DeadlinePassed),
            false => Err(ReadError::Panicked(panic_text(panic.as_ref()))),
        })
    }
}
