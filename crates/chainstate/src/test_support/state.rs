//! A state index and its contracts in a folder, without a chain around them.

use std::path::Path;

use clarity::state::BlockFacts;
use marf::{BlockId, Inspected, Marf, SealedTrie};
use rusqlite::Connection;
use sqlite::Durability;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};

use super::FixedHeaders;
use crate::db::{SCHEMA, StoreError};
use crate::execution;
use crate::params::ChainParams;

/// Returns the hash of the burn block at a height, seen from the burn block with this hash.
pub type BurnHash = fn(u32, &[u8; 32]) -> Option<[u8; 32]>;

/// Executes and commits blocks that a test makes.
pub struct ScratchState {
    /// The rules.
    pub params: ChainParams,
    /// The state index.
    pub marf: Marf,
    /// Its database, which holds the contracts too.
    pub connection: Connection,
    /// Contracts that were called.
    pub contracts: execution::ContractCache,
    /// What contracts can ask about blocks.
    pub headers: FixedHeaders,
    burn_hash: BurnHash,
}

impl ScratchState {
    /// An empty state in an empty folder.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn new(folder: &Path, params: ChainParams, burn_hash: BurnHash) -> Result<Self, StoreError> {
        let mut connection = Connection::open(folder.join("index.sqlite"))?;
        SCHEMA.migrate(&mut connection).map_err(|error| StoreError::Database(error.to_string()))?;
        Marf::create_tables(&connection)?;
        let nodes = Inspected::of(&folder.join("nodes"), &connection);
        let marf = nodes.and_then(|nodes| nodes.open(&connection, Durability::Unsynced));
        let marf = marf.map_err(|error| StoreError::Marf(error.to_string()))?;
        let contracts = execution::ContractCache::default();
        Ok(Self { params, marf, connection, contracts, headers: FixedHeaders::default(), burn_hash })
    }

    /// The environment for executions.
    #[must_use]
    pub fn env(&self) -> execution::BlockEnv<'_> {
        execution::BlockEnv {
            params: &self.params,
            marf: &self.marf,
            side: &self.connection,
            contracts: &self.contracts,
            facts: self,
        }
    }

    /// Commits an executed block under its id.
    ///
    /// # Errors
    /// When the id is taken, or nothing can be written.
    pub fn commit(&self, executed: &execution::ExecutedBlock, id: &StacksBlockId) -> Result<(), StoreError> {
        self.commit_trie(executed, &executed.trie, id)
    }

    /// As [`Self::commit`], with another trie than the executed one.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub fn commit_trie(
        &self,
        executed: &execution::ExecutedBlock,
        trie: &SealedTrie,
        id: &StacksBlockId,
    ) -> Result<(), StoreError> {
        self.commit_with(trie, id, |tx| executed.commit_contracts(tx, id))
    }

    /// Commits a trie under its id, together with the contracts that it deploys.
    pub(crate) fn commit_with(
        &self,
        trie: &SealedTrie,
        id: &StacksBlockId,
        contracts: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let tx = self.connection.unchecked_transaction()?;
        contracts(&tx)?;
        let pending = self.marf.commit(&tx, trie, BlockId(id.0))?;
        tx.commit()?;
        self.marf.publish(pending);
        Ok(())
    }
}

impl execution::ChainFacts for ScratchState {
    fn block(&self, id: &StacksBlockId, _tenure_height: u64) -> execution::Fact<BlockFacts> {
        Ok(self.headers.block_facts(id))
    }

    fn burn_block_hash(&self, height: u64, tip: &BurnBlockHash) -> execution::Fact<BurnBlockHash> {
        let Ok(height) = u32::try_from(height) else { return Ok(None) };
        Ok((self.burn_hash)(height, &tip.0).map(BurnBlockHash))
    }
}
