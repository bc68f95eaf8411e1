//! Reads at any processed block: accounts, contracts, variables, proofs, read-only calls.
//!
//! # Invariants
//! - Nothing is written, whatever a called function tries.
//! - A panic of the engine ends in [`ReadError::Panicked`].
//! - A read-only call is bounded by the limit that its caller gives it, [`READ_ONLY_LIMIT`] as a rule.
//!
//! # Not here
//! JSON and HTTP shapes of the answers (docs/COMPATIBILITY.md#read-only-calls): the network layer. Run it on threads
//! with [`super::STACK_BYTES`] of stack, as sessions.

mod contracts;

pub(crate) use contracts::CallRefusal;
pub use contracts::ContractSource;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use clarity::costs::{Cost, CostError, Meter};
use clarity::error::{CheckError, InternalError, Stop};
use clarity::principal::{ContractId, Principal};
use clarity::run::{Context, Machine};
use clarity::value::Value;
use marf::BlockId;
use stacks_types::ids::StacksBlockId;

use super::env::BlockEnv;
use super::facts::BurnView;
use super::failure::panic_text;
use super::interrupt::Expired;
use super::world::{BlockWorld, Tip};

/// Default limit of one read-only call (docs/COMPATIBILITY.md#read-only-calls): no writes, and about a second of
/// evaluation.
pub const READ_ONLY_LIMIT: Cost =
    Cost { write_length: 0, write_count: 0, read_length: 200_000, read_count: 100, runtime: 1_000_000_000 };

/// Why a read failed. Asking for something that does not exist is not an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The block is not processed.
    #[error("block {0} is not processed")]
    UnknownBlock(StacksBlockId),
    /// Reading failed.
    #[error("storage failed: {0}")]
    Storage(String),
    /// The engine refused; for a call, with the text for the caller.
    #[error("{0}")]
    Vm(String),
    /// The called function tried to write.
    #[error("NotReadOnly")]
    NotReadOnly,
    /// The caller's time ended before the call did.
    #[error("the time is over")]
    DeadlinePassed,
    /// A contract's interface has a longer text than a receipt may have. Its deployment would have been refused.
    #[error("the contract's interface has more than {max} bytes as JSON")]
    InterfaceTooLarge {
        /// The limit.
        max: u64,
    },
    /// The engine panicked.
    #[error("the engine panicked: {0}")]
    Panicked(String),
}

impl From<Stop> for ReadError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Internal(error) => match *error {
                InternalError::State(text) => Self::Storage(text),
                other => Self::Vm(other.to_string()),
            },
            Stop::Check(error) => match *error {
                CheckError::Cost(CostError::Interrupted) => Self::DeadlinePassed,
                CheckError::Cost(CostError::Balance { spent, .. }) if spent.write_count > 0 => Self::NotReadOnly,
                // In the reference's form for callers: variant and values.
                other => Self::Vm(Stop::from(other).to_string()),
            },
            other => Self::Vm(other.to_string()),
        }
    }
}

impl From<InternalError> for ReadError {
    fn from(error: InternalError) -> Self {
        Stop::from(error).into()
    }
}

/// An account at a block; all zero for one that nobody has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// Spendable micro-STX.
    pub available: u128,
    /// Locked micro-STX.
    pub locked: u128,
    /// Burn height at which it unlocks.
    pub unlock_height: u64,
    /// The next nonce.
    pub nonce: u64,
}

/// A function call to be evaluated without writing.
#[derive(Debug, Clone)]
pub struct ReadOnlyCall<'c> {
    /// The contract that has the function.
    pub contract: &'c ContractId,
    /// Name of the function.
    pub function: &'c str,
    /// Arguments in the order of the function's parameters.
    pub arguments: &'c [Value],
    /// Seen by the function as `tx-sender`.
    pub sender: &'c Principal,
    /// Seen by the function as `tx-sponsor?`.
    pub sponsor: Option<&'c Principal>,
    /// What it may cost.
    pub limit: Cost,
}

/// The state of one processed block.
pub struct StateReader<'a> {
    env: BlockEnv<'a>,
    block: BlockId,
    world: RefCell<BlockWorld<'a>>,
    deadline: Option<Expired<'a>>,
}

impl<'a> StateReader<'a> {
    /// Reads at `block`, which witnessed `burn_view`.
    ///
    /// # Errors
    /// [`ReadError::UnknownBlock`].
    pub(crate) fn at(env: BlockEnv<'a>, block: &StacksBlockId, burn_view: BurnView) -> Result<Self, ReadError> {
        let id = BlockId(block.0);
        if !env.marf.contains(&id) {
            return Err(ReadError::UnknownBlock(*block));
        }
        let world = RefCell::new(BlockWorld::new(&env, burn_view, Tip::Committed(id)));
        Ok(Self { env, block: id, world, deadline: None })
    }

    /// Makes calls fail with [`ReadError::DeadlinePassed`] once `expired` returns true.
    #[must_use]
    pub(crate) const fn stop_when(mut self, expired: Expired<'a>) -> Self {
        self.deadline = Some(expired);
        self
    }

    /// Balance and nonce of `principal`.
    ///
    /// # Errors
    /// Storage.
    pub fn account(&self, principal: &Principal) -> Result<Account, ReadError> {
        self.run(Cost::MAX, |machine| {
            let (balance, nonce) = (machine.balance(principal)?, machine.nonce(principal)?);
            let (locked, unlock_height) = (balance.locked, balance.unlock_height);
            Ok(Account { available: balance.amount, locked, unlock_height, nonce })
        })
    }

    /// All micro-STX that exist.
    ///
    /// # Errors
    /// Storage.
    pub(crate) fn liquid_supply(&self) -> Result<u128, ReadError> {
        self.run(Cost::MAX, |machine| machine.liquid_supply())
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
    pub(crate) fn value_with_proof(&self, key: &str) -> Result<Option<(String, Vec<u8>)>, ReadError> {
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
    pub(crate) fn value_by_path(&self, path: &[u8; 32]) -> Result<Option<String>, ReadError> {
        let bytes = self
            .env
            .marf
            .get_by_path(&self.block, &marf::TrieHash(*path))
            .map_err(|error| ReadError::Storage(error.to_string()))?;
        // Bookkeeping leaves are not text.
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// As [`Self::value_by_path`], with the proof.
    ///
    /// # Errors
    /// Storage.
    pub(crate) fn value_by_path_with_proof(&self, path: &[u8; 32]) -> Result<Option<(String, Vec<u8>)>, ReadError> {
        let found = self.env.marf.get_by_path_with_proof(&self.block, &marf::TrieHash(*path));
        let found = found.map_err(|error| ReadError::Storage(error.to_string()))?;
        Ok(found.and_then(|(bytes, proof)| Some((String::from_utf8(bytes).ok()?, proof.encode()))))
    }

    /// Evaluates a call and returns its result. Public functions are allowed as long as they do not write.
    ///
    /// # Errors
    /// [`ReadError::Vm`] with the text for the caller, [`ReadError::NotReadOnly`]; storage.
    pub fn call_read_only(&self, call: &ReadOnlyCall<'_>) -> Result<Value, ReadError> {
        let context = Context { sender: call.sender.clone(), sponsor: call.sponsor.cloned() };
        // Not `read_only`: that would refuse public functions that write nothing. The limit refuses writes.
        self.run(call.limit, |machine| machine.call(&context, call.contract, call.function, call.arguments.to_vec()))
    }

    /// Runs `work` on a machine whose writes are dropped.
    fn run<R>(&self, limit: Cost, work: impl FnOnce(&mut Machine<'_>) -> Result<R, Stop>) -> Result<R, ReadError> {
        let mut meter = Meter::new(self.env.params.rules.costs, limit);
        if let Some(expired) = self.deadline {
            meter = meter.interrupted_by(expired);
        }
        let world = &mut *self.world.borrow_mut();
        // As in sessions: a panic ends this read and not the node.
        let ran = catch_unwind(AssertUnwindSafe(|| {
            work(&mut Machine::new(self.env.params.rules, meter, world).without_events())
        }));
        match ran {
            Ok(result) => Ok(result?),
            Err(panic) => Err(ReadError::Panicked(panic_text(panic.as_ref()))),
        }
    }
}
