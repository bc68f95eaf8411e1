//! Caches called contracts, ready to run.
//!
//! # Invariants
//! - The key contains the committed block that deployed the contract, whose row never changes. So forks that deploy the
//!   same name do not collide, and nothing has to be removed when the tip moves.
//! - A contract of the block in execution is never cached: that block has no id yet, and may never get one.
//! - The effect and cost of a call are the same with and without an entry; a test compares both.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use clarity::principal::ContractId;
use clarity::state::Contract;
use marf::BlockId;

/// Most bytes of source that a chain caches. A program takes about ten times as much memory: 40 MiB at most.
const SOURCE_BYTES_MAX: u64 = 4 << 20;

/// Weight of even an empty contract.
const ENTRY_BYTES: u64 = 1024;

type Key = (BlockId, ContractId);

/// Contracts ready to run, shared by all executions and reads of one chain.
pub struct ContractCache {
    source_bytes_max: u64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    contracts: HashMap<Key, Arc<Contract>>,
    /// The oldest first.
    order: VecDeque<Key>,
    source_bytes: u64,
}

impl Default for ContractCache {
    fn default() -> Self {
        Self::with_source_bytes(SOURCE_BYTES_MAX)
    }
}

/// The part of the bound that a contract takes.
const fn weight(contract: &Contract) -> u64 {
    contract.size.saturating_add(ENTRY_BYTES)
}

impl ContractCache {
    /// Caches up to so many bytes of source; none with 0.
    #[must_use]
    pub(crate) fn with_source_bytes(source_bytes_max: u64) -> Self {
        Self { source_bytes_max, kept: Mutex::default() }
    }

    /// The contract that block `deployed_in` deployed as `id`.
    pub(super) fn get(&self, deployed_in: BlockId, id: &ContractId) -> Option<Arc<Contract>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.contracts.get(&(deployed_in, id.clone())).map(Arc::clone)
    }

    /// Caches a contract of block `deployed_in`, and removes the oldest ones to make room.
    pub(super) fn insert(&self, deployed_in: BlockId, contract: &Arc<Contract>) {
        if weight(contract) > self.source_bytes_max {
            return;
        }
        let key = (deployed_in, contract.id().clone());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.contracts.insert(key.clone(), Arc::clone(contract)).is_some() {
            return;
        }
        kept.order.push_back(key);
        kept.source_bytes += weight(contract);
        while kept.source_bytes > self.source_bytes_max {
            let Some(oldest) = kept.order.pop_front() else { break };
            if let Some(gone) = kept.contracts.remove(&oldest) {
                kept.source_bytes -= weight(&gone);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clarity::analysis::Interface;
    use clarity::costs::{Cost, Meter};
    use clarity::principal::Principal;
    use clarity::run::{Context, Machine};
    use clarity::test_support::{Memory, RULES, SENDER};

    use super::*;

    fn contract(name: &str, bytes: usize) -> Arc<Contract> {
        let id = ContractId::parse(&format!("{SENDER}.{name}")).unwrap();
        let mut memory = Memory::default();
        let mut machine = Machine::new(RULES, Meter::new(RULES.costs, Cost::MAX), &mut memory);
        let context = Context { sender: Principal::parse(SENDER).unwrap(), sponsor: None };
        let published = machine.publish(&context, &id, clarity::Dialect::ALL[5], &" ".repeat(bytes)).unwrap();
        assert_eq!((published.size, published.interface.as_ref().clone()), (bytes as u64, interface()));
        published
    }

    fn interface() -> Interface {
        Interface { version: 6, ..Interface::default() }
    }

    #[test]
    fn the_oldest_go_when_there_is_no_room() {
        let cache = ContractCache::with_source_bytes(3 * ENTRY_BYTES + 100);
        let block = |number| BlockId([number; 32]);
        let kept = |number, name: &str| {
            cache.get(block(number), &ContractId::parse(&format!("{SENDER}.{name}")).unwrap()).is_some()
        };
        cache.insert(block(1), &contract("a", 50));
        cache.insert(block(1), &contract("b", 50));
        cache.insert(block(2), &contract("a", 0));
        assert_eq!((kept(1, "a"), kept(1, "b"), kept(2, "a"), kept(2, "b")), (true, true, true, false));
        cache.insert(block(1), &contract("a", 50));
        assert!(kept(1, "b"), "an entry that is there takes no room");
        cache.insert(block(3), &contract("a", 50));
        assert_eq!((kept(1, "a"), kept(1, "b"), kept(2, "a"), kept(3, "a")), (false, true, true, true));
        cache.insert(block(4), &contract("a", 3 * usize::try_from(ENTRY_BYTES).unwrap()));
        assert!(kept(1, "b") && !kept(4, "a"), "what has no room at all moves nothing");
    }
}
