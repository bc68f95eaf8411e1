//! Assembly, validation and append of one block share one execution (docs/CONSENSUS.md#transactions-of-this-chain).
//!
//! A result is a function of parent, burn view and transactions, and the Merkle root names the transactions. A miss
//! executes; both ways give the same bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use stacks_types::ids::{BurnBlockHash, MerkleRoot, StacksBlockId};

use super::Execution;

/// Results kept: the block that is being signed on each of a few forks, and the last ones tried.
const CAPACITY: usize = 8;

/// What an execution depends on.
pub(crate) type ExecutionKey = (StacksBlockId, BurnBlockHash, MerkleRoot);

/// The newest executions.
#[derive(Default)]
pub(crate) struct ExecutionCache {
    entries: Mutex<VecDeque<(ExecutionKey, Arc<Execution>)>>,
}

impl ExecutionCache {
    /// The result for `key`, if it is still here.
    #[must_use]
    pub(crate) fn get(&self, key: &ExecutionKey) -> Option<Arc<Execution>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().find(|(k, _)| k == key).map(|(_, execution)| Arc::clone(execution))
    }

    /// Keeps a result, in place of the oldest if the cache is full.
    pub(crate) fn insert(&self, key: ExecutionKey, execution: Arc<Execution>) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|(k, _)| *k != key);
        if entries.len() == CAPACITY {
            entries.pop_front();
        }
        entries.push_back((key, execution));
    }

    /// Removes a result that is committed: readers find it in the state now.
    pub(crate) fn remove(&self, key: &ExecutionKey) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).retain(|(k, _)| k != key);
    }
}
