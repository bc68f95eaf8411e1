//! The state as the engine reads it: seen from a block in execution, or from a committed one.
//!
//! # Invariants
//! - Only the block in execution is written, by [`BlockWorld::keep`], and only with the writes of whole transactions.
//! - An older state (`at-block`) is that of an ancestor of the tip, never of a block of another fork.
//! - A failure of storage is an internal error of the engine and ends the transaction; it is no verdict on it.
//!
//! # Not here
//! Writes of a transaction that may still be undone: the engine's journal.

use std::collections::HashMap;
use std::sync::Arc;

use clarity::Rules;
use clarity::error::InternalError;
use clarity::keys;
use clarity::principal::ContractId;
use clarity::state::{BlockFacts, Contract, Found, PoxAddresses, View, World, Write};
use marf::{BlockId, Marf, OpenTrie};
use rusqlite::Connection;
use stacks_types::ids::StacksBlockId;

use super::contract_cache::ContractCache;
use super::contract_store::{ContractRow, Deployed, select_contract, select_contract_head};
use super::env::BlockEnv;
use super::facts::{BurnView, ChainFacts};
use super::locking::locks;
use crate::params::BootContracts;

/// Hex digits of a commitment that are the hash of the source; the rest is the height of the block.
const COMMITMENT_HASH_DIGITS: usize = 64;

/// Where a view stands, unless `at-block` moves it.
pub(super) enum Tip {
    /// A block in execution, under the id with which its trie was opened.
    Open {
        /// Holds the block's writes.
        trie: Box<OpenTrie>,
        /// The id under which it was opened.
        opened_as: BlockId,
        /// The committed parent; none for the boot block.
        parent: Option<BlockId>,
        /// Which tenure it belongs to.
        tenure_height: u32,
    },
    /// A committed block, read only.
    Committed(BlockId),
}

/// The engine's view of the chain.
pub(super) struct BlockWorld<'a> {
    boot_contracts: &'a BootContracts,
    is_mainnet: bool,
    chain_id: u32,
    rules: &'static Rules,
    marf: &'a Marf,
    side: &'a Connection,
    contracts: &'a ContractCache,
    facts: &'a dyn ChainFacts,
    burn_view: BurnView,
    tip: Tip,
    /// Contracts found from the tip, those of the block in execution included.
    known: HashMap<ContractId, Arc<Contract>>,
    rows: Vec<ContractRow>,
    /// All writes in order, if a test wants them.
    #[cfg(any(test, feature = "test-support"))]
    pub(super) writes: Option<Vec<StateWrite>>,
}

/// A state write: key and value as text.
#[cfg(any(test, feature = "test-support"))]
pub(crate) type StateWrite = (String, String);

fn failed(what: &str, error: &dyn std::fmt::Display) -> InternalError {
    let text = format!("state {what}: {error}");
    tracing::error!("{text}");
    InternalError::State(text)
}

impl<'a> BlockWorld<'a> {
    /// The view from `tip`.
    pub(super) fn new(env: &BlockEnv<'a>, burn_view: BurnView, tip: Tip) -> Self {
        Self {
            boot_contracts: &env.params.boot_contracts,
            is_mainnet: env.params.mainnet,
            chain_id: env.params.chain_id,
            rules: env.params.rules,
            marf: env.marf,
            side: env.side,
            contracts: env.contracts,
            facts: env.facts,
            burn_view,
            tip,
            known: HashMap::new(),
            rows: Vec::new(),
            #[cfg(any(test, feature = "test-support"))]
            writes: None,
        }
    }

    /// Writes a transaction's changes into the state, with the contract that it deployed.
    ///
    /// # Errors
    /// Half of the changes may have been written: the block must be abandoned.
    pub(super) fn keep(&mut self, writes: Vec<Write>, deployed: Option<Deployed>) -> Result<(), InternalError> {
        let Tip::Open { trie, .. } = &mut self.tip else {
            return Err(InternalError::State("a committed block is not written".to_owned()));
        };
        for Write { key, datum, .. } in writes {
            let text = datum.text();
            trie.insert(&key, &text).map_err(|error| failed("write", &error))?;
            #[cfg(any(test, feature = "test-support"))]
            if let Some(writes) = &mut self.writes {
                writes.push((key.to_string(), text));
            }
        }
        if let Some(Deployed { contract, row }) = deployed {
            self.rows.push(row);
            self.known.insert(contract.id().clone(), contract);
        }
        Ok(())
    }

    /// Takes the view apart: trie and contracts of the block in execution.
    pub(super) fn into_block(self) -> Option<(OpenTrie, Vec<ContractRow>)> {
        let Tip::Open { trie, .. } = self.tip else { return None };
        Some((*trie, self.rows))
    }

    fn tip_height(&self) -> u32 {
        match &self.tip {
            Tip::Open { trie, .. } => trie.height(),
            Tip::Committed(block) => self.marf.height_of(block).unwrap_or(0),
        }
    }

    /// The newest committed block among the tip and its ancestors.
    const fn anchor(&self) -> Option<BlockId> {
        match &self.tip {
            Tip::Open { parent, .. } => *parent,
            Tip::Committed(block) => Some(*block),
        }
    }

    /// The committed block of a height, as seen from the tip.
    fn committed_at(&self, height: u64) -> Result<Option<BlockId>, InternalError> {
        let (Some(anchor), Ok(height)) = (self.anchor(), u32::try_from(height)) else { return Ok(None) };
        if self.marf.height_of(&anchor).is_none_or(|own| height > own) {
            return Ok(None);
        }
        self.marf.ancestor_at_height(&anchor, height).map_err(|error| failed("ancestor", &error))
    }

    /// The committed block that a view reads; none for the block in execution.
    fn block_of(&self, view: View) -> Result<Option<BlockId>, InternalError> {
        match (view, &self.tip) {
            (View::Tip, Tip::Open { .. }) => Ok(None),
            (View::Tip, Tip::Committed(block)) => Ok(Some(*block)),
            (View::Block(height), _) => {
                let block = self.committed_at(height)?;
                block.map(Some).ok_or_else(|| failed("view", &format!("no block of height {height}")))
            }
        }
    }

    /// The height of a committed block's tenure.
    fn tenure_of(&self, block: &BlockId) -> Result<u64, InternalError> {
        let read = self.marf.get(block, keys::TENURE_HEIGHT).map_err(|error| failed("tenure height", &error))?;
        let height = read.as_deref().and_then(|text| std::str::from_utf8(text).ok());
        let height = height.and_then(|text| u64::from_str_radix(text, 16).ok());
        height.ok_or_else(|| failed("tenure height", &format!("block {block} has none")))
    }

    /// Where a contract is that a view sees.
    fn place_of(&mut self, view: View, id: &ContractId) -> Result<Option<Place>, InternalError> {
        if view == View::Tip
            && let Some(known) = self.known.get(id)
        {
            return Ok(Some(Place::Memory(Arc::clone(known))));
        }
        let Some(commitment) = self.read(view, &keys::contract(id))? else { return Ok(None) };
        let height = committed_height(&commitment).ok_or_else(|| failed("commitment", &commitment))?;
        let deployed_in = self.committed_at(height)?;
        let deployed_in = deployed_in.ok_or_else(|| failed("commitment", &format!("no block of height {height}")))?;
        let Some(contract) = self.contracts.get(deployed_in, id) else { return Ok(Some(Place::Row(deployed_in))) };
        self.remember(view, &contract);
        Ok(Some(Place::Memory(contract)))
    }

    fn remember(&mut self, view: View, contract: &Arc<Contract>) {
        if view == View::Tip {
            self.known.insert(contract.id().clone(), Arc::clone(contract));
        }
    }
}

/// Where a contract is.
enum Place {
    /// Ready to run.
    Memory(Arc<Contract>),
    /// In the row of the committed block that deployed it.
    Row(BlockId),
}

/// What was selected of the row of a contract, which is there if its commitment is.
fn selected<T>(row: rusqlite::Result<Option<T>>, block: BlockId, id: &ContractId) -> Result<T, InternalError> {
    let row = row.map_err(|error| failed("contracts", &error))?;
    row.ok_or_else(|| failed("contracts", &format!("{id} of block {block} is not there")))
}

/// The height that a contract's commitment names.
fn committed_height(commitment: &str) -> Option<u64> {
    u64::from_str_radix(commitment.get(COMMITMENT_HASH_DIGITS..)?, 16).ok()
}

impl World for BlockWorld<'_> {
    fn read(&mut self, view: View, key: &str) -> Result<Option<String>, InternalError> {
        let read = match (self.block_of(view)?, &self.tip) {
            (Some(block), _) => self.marf.get(&block, key),
            (None, Tip::Open { trie, .. }) => trie.get(key),
            (None, Tip::Committed(_)) => Ok(None),
        };
        let Some(bytes) = read.map_err(|error| failed("read", &error))? else { return Ok(None) };
        String::from_utf8(bytes).map(Some).map_err(|error| failed("value", &error))
    }

    fn find_contract(&mut self, view: View, id: &ContractId) -> Result<Option<Found>, InternalError> {
        let block = match self.place_of(view, id)? {
            None => return Ok(None),
            Some(Place::Memory(contract)) => return Ok(Some(Found::Loaded(contract))),
            Some(Place::Row(block)) => block,
        };
        let head = selected(select_contract_head(self.side, &block.0, &id.to_string()), block, id)?;
        let size = Contract::stored_size(&head).map_err(|error| failed("contracts", &format!("{id}: {error}")))?;
        Ok(Some(Found::Stored { size }))
    }

    fn contract(&mut self, view: View, id: &ContractId) -> Result<Option<Arc<Contract>>, InternalError> {
        let block = match self.place_of(view, id)? {
            None => return Ok(None),
            Some(Place::Memory(contract)) => return Ok(Some(contract)),
            Some(Place::Row(block)) => block,
        };
        let body = selected(select_contract(self.side, &block.0, &id.to_string()), block, id)?;
        let contract = Contract::decode(&body, id, self.rules);
        let contract = Arc::new(contract.map_err(|error| failed("contracts", &format!("{id}: {error}")))?);
        self.contracts.insert(block, &contract);
        self.remember(view, &contract);
        Ok(Some(contract))
    }

    fn not_done_here(&self, contract: &ContractId, function: &str) -> Option<String> {
        if self.boot_contracts.brought.is_empty() {
            return None;
        }
        locks(self.boot_contracts, self.is_mainnet, contract, function)
            .then(|| format!("{contract}::{function} locks or unlocks STX, and stacking is mocked on this chain"))
    }

    fn view_of(&mut self, block: &[u8; 32]) -> Result<Option<View>, InternalError> {
        let block = BlockId(*block);
        if matches!(&self.tip, Tip::Committed(tip) | Tip::Open { opened_as: tip, .. } if *tip == block) {
            return Ok(Some(View::Tip));
        }
        let Some(anchor) = self.anchor().filter(|_| self.marf.contains(&block)) else { return Ok(None) };
        let is_known = self.marf.is_ancestor(&block, &anchor).map_err(|error| failed("ancestry", &error))?;
        Ok(self.marf.height_of(&block).filter(|_| is_known).map(|height| View::Block(height.into())))
    }

    fn is_mainnet(&self) -> bool {
        self.is_mainnet
    }

    fn chain_id(&self) -> u32 {
        self.chain_id
    }

    fn block_height(&self, view: View) -> u64 {
        match view {
            View::Tip => self.tip_height().into(),
            View::Block(height) => height,
        }
    }

    fn burn_height(&self) -> u64 {
        self.burn_view.height
    }

    fn tenure_height(&mut self, view: View) -> Result<u64, InternalError> {
        match (self.block_of(view)?, &self.tip) {
            (Some(block), _) => self.tenure_of(&block),
            (None, Tip::Committed(block)) => self.tenure_of(block),
            (None, Tip::Open { tenure_height, .. }) => Ok((*tenure_height).into()),
        }
    }

    /// Binary search: tenure heights never decrease along a fork. The view's own tenure is not in the past yet
    /// (docs/CONSENSUS.md#heights).
    fn first_block_of_tenure(&mut self, view: View, tenure: u64) -> Result<Option<u64>, InternalError> {
        if tenure >= self.tenure_height(view)? {
            return Ok(None);
        }
        let (mut low, mut high) = (0, self.block_height(view));
        while low < high {
            let middle = low + (high - low) / 2;
            let block = self.committed_at(middle)?;
            let block = block.ok_or_else(|| failed("tenure", &format!("no block of height {middle}")))?;
            if self.tenure_of(&block)? < tenure { low = middle + 1 } else { high = middle }
        }
        // `low` may be the height of the block in execution, which is not committed: then no block has this tenure.
        let Some(block) = self.committed_at(low)? else { return Ok(None) };
        Ok((self.tenure_of(&block)? == tenure).then_some(low))
    }

    fn block(&mut self, view: View, height: u64) -> Result<Option<BlockFacts>, InternalError> {
        if height >= self.block_height(view) {
            return Ok(None);
        }
        let Some(block) = self.committed_at(height)? else { return Ok(None) };
        let tenure_height = self.tenure_height(view)?;
        let facts =
            self.facts.block(&StacksBlockId(block.0), tenure_height).map_err(|error| failed("header", &error))?;
        // Nobody was elected for the boot block.
        Ok(facts.map(|facts| if height == 0 { BlockFacts { spend_winner: 0, spend_total: 0, ..facts } } else { facts }))
    }

    fn burn_header_hash(&mut self, height: u64) -> Result<Option<[u8; 32]>, InternalError> {
        let found = self.facts.burn_block_hash(height, &self.burn_view.hash);
        Ok(found.map_err(|error| failed("burn block", &error))?.map(|hash| hash.0))
    }

    /// The mocked bitcoin pays nobody.
    fn pox_addresses(&mut self, height: u64) -> Result<Option<PoxAddresses>, InternalError> {
        let known = self.burn_header_hash(height)?;
        Ok(known.map(|_| PoxAddresses { addresses: Vec::new(), payout: 0 }))
    }
}
