//! A state index and its side store in a folder, without a chain around them.

use std::path::Path;

use engine::state::BlockFacts;
use marf::{BlockId, Marf, SealedTrie, Sync};
use rusqlite::Connection;
use stacks_common::types::chainstate::SortitionId;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};

use super::{FixedBurn, FixedHeaders};
use crate::clarity::{BlockEnv, ContractCache, ExecutedBlock, side_store};
use crate::db::StoreError;
use crate::execution::{self, contract_store};
use crate::params::ChainParams;

/// Executes and commits blocks of a test's own making.
pub struct ScratchState {
    /// The rules.
    pub params: ChainParams,
    /// The state index.
    pub marf: Marf,
    /// Its database, which is the side store too.
    pub connection: Connection,
    /// Contracts that were called.
    pub contracts: ContractCache,
    /// The same, of the engine.
    pub engine_contracts: execution::ContractCache,
    /// What the VM is told of blocks.
    pub headers: FixedHeaders,
    /// What the VM is told of burn blocks.
    pub burn: FixedBurn,
}

impl ScratchState {
    /// An empty state in an empty folder.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn new(folder: &Path, params: ChainParams, burn: FixedBurn) -> Result<Self, StoreError> {
        let connection = Connection::open(folder.join("index.sqlite"))?;
        Marf::create_tables(&connection)?;
        connection.execute_batch(side_store::SCHEMA)?;
        connection.execute_batch(contract_store::SCHEMA)?;
        let marf = Marf::open(&folder.join("nodes"), &connection, Sync::None);
        let marf = marf.map_err(|error| StoreError::Marf(error.to_string()))?;
        let (contracts, headers) = (ContractCache::default(), FixedHeaders::default());
        let engine_contracts = execution::ContractCache::default();
        Ok(Self { params, marf, connection, contracts, engine_contracts, headers, burn })
    }

    /// What execution needs.
    #[must_use]
    pub fn env(&self) -> BlockEnv<'_> {
        BlockEnv {
            params: &self.params,
            marf: &self.marf,
            side: &self.connection,
            contracts: &self.contracts,
            headers: &self.headers,
            burn: &self.burn,
        }
    }

    /// What execution by the engine needs.
    #[must_use]
    pub fn engine_env(&self, rules: &'static engine::Rules) -> execution::BlockEnv<'_> {
        execution::BlockEnv {
            params: &self.params,
            rules,
            marf: &self.marf,
            side: &self.connection,
            contracts: &self.engine_contracts,
            facts: self,
        }
    }

    /// As [`Self::commit_trie`], of a block that the engine executed.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub fn commit_engine_trie(
        &self,
        executed: &execution::ExecutedBlock,
        trie: &SealedTrie,
        id: &StacksBlockId,
    ) -> Result<(), StoreError> {
        let tx = self.connection.unchecked_transaction()?;
        executed.commit_contracts(&tx, id)?;
        let pending = self.marf.commit(&tx, trie, BlockId(id.0))?;
        tx.commit()?;
        self.marf.publish(pending);
        Ok(())
    }

    /// Commits an executed block under its id.
    ///
    /// # Errors
    /// When the id is taken, or nothing can be written.
    pub fn commit(&self, executed: &ExecutedBlock, id: &StacksBlockId) -> Result<(), StoreError> {
        self.commit_trie(executed, &executed.trie, id)
    }

    /// As [`Self::commit`], with another trie than execution gave.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub fn commit_trie(
        &self,
        executed: &ExecutedBlock,
        trie: &SealedTrie,
        id: &StacksBlockId,
    ) -> Result<(), StoreError> {
        let tx = self.connection.unchecked_transaction()?;
        executed.commit_metadata(&tx, id)?;
        let pending = self.marf.commit(&tx, trie, BlockId(id.0))?;
        tx.commit()?;
        self.marf.publish(pending);
        Ok(())
    }
}

impl execution::ChainFacts for ScratchState {
    fn block(&self, id: &StacksBlockId) -> Result<Option<BlockFacts>, StoreError> {
        Ok(self.headers.block_facts(id))
    }

    fn burn_block_hash(&self, height: u64, _: &BurnBlockHash) -> Result<Option<BurnBlockHash>, StoreError> {
        let Ok(height) = u32::try_from(height) else { return Ok(None) };
        Ok((self.burn.burn_hash)(height, &SortitionId([0; 32])).map(BurnBlockHash))
    }
}
