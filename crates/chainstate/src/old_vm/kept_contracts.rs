//! Keeps contracts that were called: the VM stores them as JSON, and decoding one takes longer than most calls, about
//! 50 microseconds a kilobyte of source.
//!
//! # Invariants
//! - An entry is named by the committed block that deployed the contract, whose rows in the side store never change. So
//!   forks that deploy one name twice do not meet, and nothing has to be forgotten when the tip moves.
//! - A contract of the block in execution is never kept: that block has no name yet, and may never get one.
//! - What a call does and costs is the same with and without an entry; a test compares both.
//!
//! # Not here
//! Contracts that a contract calls: the VM loads them by itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use ::clarity::vm::contexts::{ContractContext, Environment};
use ::clarity::vm::costs::cost_functions::ClarityCostFunction;
use ::clarity::vm::costs::{CostTracker as _, runtime_cost};
use ::clarity::vm::errors::{CheckErrors, Error as VmError};
use ::clarity::vm::types::{QualifiedContractIdentifier, TypeSignature};
use ::clarity::vm::{SymbolicExpression, Value};
use marf::BlockId;

/// Bounds what a chain keeps, in bytes of source. A decoded contract takes sixty times as much memory: 15 MiB at most.
const SOURCE_BYTES_MAX: u64 = 256 * 1024;

/// What even an empty contract counts as, so that there are never more than a few hundred to look through.
const ENTRY_BYTES: u64 = 1024;

/// Contracts ready to run, shared by all who execute and read on one chain.
pub struct ContractCache {
    source_bytes_max: u64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The oldest first.
    entries: VecDeque<Entry>,
    source_bytes: u64,
}

struct Entry {
    deployed_in: BlockId,
    contract: Arc<LoadedContract>,
}

/// A contract ready to run.
pub(super) struct LoadedContract {
    pub(super) context: ContractContext,
    /// What the VM charges for loading it: bytes of source and constants.
    pub(super) bytes: u64,
}

impl LoadedContract {
    /// What it takes of a cache's bound.
    const fn weight(&self) -> u64 {
        self.bytes.saturating_add(ENTRY_BYTES)
    }
}

impl Default for ContractCache {
    fn default() -> Self {
        Self::with_source_bytes(SOURCE_BYTES_MAX)
    }
}

impl ContractCache {
    /// Keeps so many bytes of source; with 0 nothing.
    #[must_use]
    pub const fn with_source_bytes(source_bytes_max: u64) -> Self {
        let kept = Kept { entries: VecDeque::new(), source_bytes: 0 };
        Self { source_bytes_max, kept: Mutex::new(kept) }
    }

    /// The contract that block `deployed_in` deployed as `id`.
    pub(super) fn get(&self, deployed_in: &BlockId, id: &QualifiedContractIdentifier) -> Option<Arc<LoadedContract>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.find(deployed_in, id).map(|entry| Arc::clone(&entry.contract))
    }

    /// Whether a contract of so many bytes can be kept at all.
    pub(super) const fn has_room_for(&self, bytes: u64) -> bool {
        bytes.saturating_add(ENTRY_BYTES) <= self.source_bytes_max
    }

    /// Keeps a contract of block `deployed_in`, and lets go of the oldest ones that have no room beside it.
    pub(super) fn insert(&self, deployed_in: BlockId, contract: &Arc<LoadedContract>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_there = kept.find(&deployed_in, &contract.context.contract_identifier).is_some();
        if is_there || !self.has_room_for(contract.bytes) {
            return;
        }
        kept.source_bytes += contract.weight();
        kept.entries.push_back(Entry { deployed_in, contract: Arc::clone(contract) });
        while kept.source_bytes > self.source_bytes_max {
            let Some(oldest) = kept.entries.pop_front() else { break };
            kept.source_bytes -= oldest.contract.weight();
        }
    }
}

impl Kept {
    fn find(&self, deployed_in: &BlockId, id: &QualifiedContractIdentifier) -> Option<&Entry> {
        let is_it =
            |entry: &&Entry| entry.deployed_in == *deployed_in && entry.contract.context.contract_identifier == *id;
        self.entries.iter().find(is_it)
    }
}

/// Calls a function of a loaded contract as a transaction does; charges for the loading all the same.
///
/// # Errors
/// Those of the VM for the same call.
pub(super) fn call(
    env: &mut Environment<'_, '_>,
    contract: &LoadedContract,
    function: &str,
    arguments: &[SymbolicExpression],
) -> Result<Value, VmError> {
    runtime_cost(ClarityCostFunction::LoadContract, env, contract.bytes)?;
    env.add_memory(contract.bytes)?;
    let called = call_paid(env, &contract.context, function, arguments);
    env.drop_memory(contract.bytes)?;
    called
}

fn call_paid(
    env: &mut Environment<'_, '_>,
    contract: &ContractContext,
    name: &str,
    arguments: &[SymbolicExpression],
) -> Result<Value, VmError> {
    let function = contract.lookup_function(name).ok_or_else(|| CheckErrors::UndefinedFunction(name.to_owned()))?;
    if !function.is_public() {
        let contract = contract.contract_identifier.to_string();
        return Err(CheckErrors::NoSuchPublicFunction(contract, name.to_owned()).into());
    }
    let arguments: Vec<Value> = arguments.iter().map(|argument| sanitized(env, argument)).collect::<Result<_, _>>()?;
    let identifier = function.get_identifier();
    env.call_stack.insert(&identifier, true);
    let called = env.execute_function_as_transaction(&function, &arguments, Some(contract), false);
    env.call_stack.remove(&identifier, true)?;
    called
}

/// An argument as a contract may see it: without fields that its type does not have.
fn sanitized(env: &Environment<'_, '_>, argument: &SymbolicExpression) -> Result<Value, VmError> {
    let value = argument.match_atom_value().ok_or(CheckErrors::CouldNotDetermineType)?;
    let own = TypeSignature::type_of(value)?;
    match Value::sanitize_value(env.epoch(), &own, value.clone()) {
        Some((value, _)) => Ok(value),
        None => Err(CheckErrors::TypeValueError(own, value.clone()).into()),
    }
}

#[cfg(test)]
mod tests {
    use ::clarity::vm::ClarityVersion;

    use super::*;

    fn contract(name: &str, bytes: u64) -> Arc<LoadedContract> {
        let id = QualifiedContractIdentifier::local(name).unwrap();
        Arc::new(LoadedContract { context: ContractContext::new(id, ClarityVersion::Clarity2), bytes })
    }

    #[test]
    fn the_oldest_go_when_there_is_no_room() {
        let cache = ContractCache::with_source_bytes(3 * ENTRY_BYTES + 100);
        let block = |number| BlockId([number; 32]);
        let kept =
            |number, name| cache.get(&block(number), &QualifiedContractIdentifier::local(name).unwrap()).is_some();
        cache.insert(block(1), &contract("a", 50));
        cache.insert(block(1), &contract("b", 50));
        cache.insert(block(2), &contract("a", 0));
        assert_eq!((kept(1, "a"), kept(1, "b"), kept(2, "a"), kept(2, "b")), (true, true, true, false));
        cache.insert(block(1), &contract("a", 50));
        assert!(kept(1, "b"), "an entry that is there takes no room");
        cache.insert(block(3), &contract("a", 50));
        assert_eq!((kept(1, "a"), kept(1, "b"), kept(2, "a"), kept(3, "a")), (false, true, true, true));
        cache.insert(block(4), &contract("a", 3 * ENTRY_BYTES));
        assert!(kept(1, "b") && !kept(4, "a"), "what has no room at all moves nothing");
    }
}
