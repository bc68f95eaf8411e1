//! Gives the VM its storage: the state index and the side store, seen from a block in execution or a committed one.
//!
//! # Invariants
//! - Only a block in execution is written; a view of a committed block refuses writes.
//! - A time-shifted view (`at-block`) reads one ancestor of the tip, never a block of another fork.
//! - A storage failure is kept in [`StateStore::fault`]: some callers in the VM drop errors, so whoever ran the VM asks
//!   for the fault before it believes the result.
//! - From epoch 3.0 on, the heights that contracts of Clarity 1 and 2 see count tenures, not blocks
//!   (docs/CONSENSUS.md#heights): the VM of this release does not know tenures, so they are translated here.
//!   Commitments keep block heights.
//!
//! # Not here
//! Nesting and rolling back of writes: the VM's `RollbackWrapper`, which writes here only when a transaction commits.

use std::collections::{BTreeMap, HashMap};

use ::clarity::vm::database::ClarityBackingStore;
use ::clarity::vm::database::ClarityDeserializable as _;
use ::clarity::vm::database::clarity_store::{ContractCommitment, make_contract_hash_key};
use ::clarity::vm::errors::{CheckErrors, InterpreterError, InterpreterResult, RuntimeErrorType};
use ::clarity::vm::types::QualifiedContractIdentifier;
use marf::{BlockId, Marf, OpenTrie};
use rusqlite::Connection;
use stacks_common::types::chainstate::{BlockHeaderHash, StacksBlockId};
use stacks_common::util::hash::Sha512Trunc256Sum;

use super::burn_view::has_nakamoto_views;
use super::kept_contracts::ContractCache;
use super::session::BlockEnv;
use super::side_store::{MetadataRow, select_metadata};

/// Key of the tenure height, 8 hex digits, written first in every block of epoch 3.0 and later
/// (docs/CONSENSUS.md#state-keys).
pub(crate) const TENURE_HEIGHT_KEY: &str = "_stx-data::tenure_height";

/// Bounds the translated heights that one session remembers; each costs at most 100 bytes.
const HEIGHT_CACHE_MAX: usize = 4096;

/// Where a view stands when it is not shifted in time.
pub(crate) enum Tip {
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
    #[expect(dead_code, reason = "reads are the engine's")]
    Committed(BlockId),
}

/// A key and a value, as written into the state.
pub type StateWrite = (String, String);

/// The VM's view of storage.
pub(crate) struct StateStore<'a> {
    marf: &'a Marf,
    side: &'a Connection,
    /// Contracts of committed blocks, decoded.
    pub(crate) contracts: &'a ContractCache,
    tip: Tip,
    /// The ancestor that `at-block` reads.
    shifted_to: Option<BlockId>,
    counts_tenures: bool,
    metadata: BTreeMap<(String, String), String>,
    heights: HashMap<(BlockId, u32), Option<BlockId>>,
    /// All writes in order, if somebody wants them.
    pub(crate) writes: Option<Vec<StateWrite>>,
    /// True from the first to the last write of a commit: a panic in between leaves half of it.
    pub(crate) committing: bool,
    /// The first storage failure.
    pub(crate) fault: Option<String>,
}

impl<'a> StateStore<'a> {
    /// A view from `tip`.
    pub(crate) fn new(env: &BlockEnv<'a>, tip: Tip) -> Self {
        Self {
            marf: env.marf,
            side: env.side,
            contracts: env.contracts,
            tip,
            shifted_to: None,
            counts_tenures: has_nakamoto_views(super::EPOCH),
            metadata: BTreeMap::new(),
            heights: HashMap::new(),
            writes: None,
            committing: false,
            fault: None,
        }
    }

    /// Takes the view apart: the trie of the block in execution and its metadata.
    pub(crate) fn into_block(self) -> Option<(OpenTrie, Vec<MetadataRow>, Option<Vec<StateWrite>>)> {
        let Tip::Open { trie, .. } = self.tip else { return None };
        let rows =
            self.metadata.into_iter().map(|((contract, key), value)| MetadataRow { contract, key, value }).collect();
        Some((*trie, rows, self.writes))
    }

    /// Returns a time-shifted view to the tip. A runtime failure inside `at-block` may leave it shifted.
    pub(crate) fn unshift(&mut self) {
        self.shifted_to = None;
    }

    /// Writes one entry past the VM, before any transaction of the block.
    pub(crate) fn put(&mut self, key: &str, value: &str) -> InterpreterResult<()> {
        let Tip::Open { trie, .. } = &mut self.tip else {
            return Err(InterpreterError::Expect("write to a read-only view".into()).into());
        };
        if let Err(error) = trie.insert(key, value) {
            return Err(self.failed("write", &error));
        }
        if let Some(writes) = &mut self.writes {
            writes.push((key.to_owned(), value.to_owned()));
        }
        Ok(())
    }

    fn failed(&mut self, what: &str, error: &dyn std::fmt::Display) -> ::clarity::vm::errors::Error {
        let text = format!("state {what}: {error}");
        tracing::error!("{text}");
        self.fault.get_or_insert_with(|| text.clone());
        InterpreterError::MarfFailure(text).into()
    }

    fn tip_id(&self) -> BlockId {
        match &self.tip {
            Tip::Open { opened_as, .. } => *opened_as,
            Tip::Committed(block) => *block,
        }
    }

    /// The newest committed block that this view descends from, or is.
    fn anchor(&self) -> Option<BlockId> {
        match &self.tip {
            Tip::Open { parent, .. } => *parent,
            Tip::Committed(block) => Some(*block),
        }
    }

    fn is_open_view(&self) -> bool {
        self.shifted_to.is_none() && matches!(self.tip, Tip::Open { .. })
    }

    fn read(&mut self, key: &str) -> InterpreterResult<Option<Vec<u8>>> {
        let read = match (&self.shifted_to, &self.tip) {
            (Some(block), _) | (None, Tip::Committed(block)) => self.marf.get(block, key),
            (None, Tip::Open { trie, .. }) => trie.get(key),
        };
        read.map_err(|error| self.failed("read", &error))
    }

    fn block_height(&self) -> u32 {
        match (&self.shifted_to, &self.tip) {
            (Some(block), _) | (None, Tip::Committed(block)) => self.marf.height_of(block).unwrap_or(0),
            (None, Tip::Open { trie, .. }) => trie.height(),
        }
    }

    /// The block at block height `height`, as seen from the view; none above it.
    fn ancestor(&mut self, height: u32) -> Option<BlockId> {
        let own = self.block_height();
        let from = match self.shifted_to {
            Some(block) => block,
            None if height == own => return Some(self.tip_id()),
            None => self.anchor()?,
        };
        if height > own {
            return None;
        }
        match self.marf.ancestor_at_height(&from, height) {
            Ok(block) => block,
            Err(error) => {
                let _ = self.failed("ancestor", &error);
                None
            }
        }
    }

    /// The tenure height of a committed block. Blocks from before epoch 3.0 are a tenure each.
    fn tenure_height_of(&mut self, block: &BlockId) -> Option<u32> {
        let read = match self.marf.get(block, TENURE_HEIGHT_KEY) {
            Ok(read) => read,
            Err(error) => {
                let _ = self.failed("tenure height", &error);
                return None;
            }
        };
        match read {
            Some(text) => u32::from_str_radix(std::str::from_utf8(&text).ok()?, 16).ok(),
            None => self.marf.height_of(block),
        }
    }

    /// The first block of tenure `tenure_height`, as seen from the view: a binary search, as tenure heights never
    /// decrease along a fork. Should a height be left out, the tenure before answers for it: the VM asks for the height
    /// before the current one and takes no for a bug.
    fn tenure_start(&mut self, tenure_height: u32) -> Option<BlockId> {
        let view = self.shifted_to.unwrap_or_else(|| self.tip_id());
        if let Some(known) = self.heights.get(&(view, tenure_height)) {
            return *known;
        }
        let mut low = 0;
        let mut high = if self.is_open_view() { self.block_height() } else { self.block_height().checked_add(1)? };
        while low < high {
            let middle = low + (high - low) / 2;
            let block = self.ancestor(middle)?;
            if self.tenure_height_of(&block)? < tenure_height { low = middle + 1 } else { high = middle }
        }
        let at_low = self.ancestor(low).filter(|block| !self.is_open_view() || *block != self.tip_id());
        let found = match at_low {
            Some(block) if self.tenure_height_of(&block)? == tenure_height => Some(block),
            _ => {
                let before = self.ancestor(low.checked_sub(1)?)?;
                let tenure_before = self.tenure_height_of(&before)?;
                self.tenure_start(tenure_before)
            }
        };
        if self.heights.len() >= HEIGHT_CACHE_MAX {
            self.heights.clear();
        }
        self.heights.insert((view, tenure_height), found);
        found
    }

    fn metadata_at(
        &mut self,
        block: &BlockId,
        contract: &QualifiedContractIdentifier,
        key: &str,
    ) -> InterpreterResult<Option<String>> {
        if *block == self.tip_id() && matches!(self.tip, Tip::Open { .. }) {
            return Ok(self.metadata.get(&(contract.to_string(), key.to_owned())).cloned());
        }
        select_metadata(self.side, &block.0, &contract.to_string(), key)
            .map_err(|error| self.failed("side store", &error))
    }

    /// The committed block that deployed `contract`; none if there is no such contract, or the block in execution
    /// deployed it.
    pub(crate) fn deployed_in(&mut self, contract: &QualifiedContractIdentifier) -> Option<BlockId> {
        let (block, _) = self.commitment(contract).ok()?;
        let is_open = matches!(self.tip, Tip::Open { .. }) && block == self.tip_id();
        (!is_open).then_some(block)
    }

    fn commitment(
        &mut self,
        contract: &QualifiedContractIdentifier,
    ) -> InterpreterResult<(BlockId, ContractCommitment)> {
        let text = ClarityBackingStore::get(self, &make_contract_hash_key(contract))?
            .ok_or_else(|| CheckErrors::NoSuchContract(contract.to_string()))?;
        let commitment = ContractCommitment::deserialize(&text)?;
        let block = self
            .ancestor(commitment.block_height)
            .ok_or_else(|| InterpreterError::Expect("a contract's block is an ancestor".into()))?;
        Ok((block, commitment))
    }
}

impl ClarityBackingStore for StateStore<'_> {
    fn put_all(&mut self, items: Vec<(String, String)>) -> InterpreterResult<()> {
        self.committing = true;
        for (key, value) in items {
            self.put(&key, &value)?;
        }
        self.committing = false;
        Ok(())
    }

    fn get(&mut self, key: &str) -> InterpreterResult<Option<String>> {
        let Some(bytes) = self.read(key)? else { return Ok(None) };
        String::from_utf8(bytes).map(Some).map_err(|error| self.failed("value", &error))
    }

    fn get_with_proof(&mut self, key: &str) -> InterpreterResult<Option<(String, Vec<u8>)>> {
        let block = match (&self.shifted_to, &self.tip) {
            (Some(block), _) | (None, Tip::Committed(block)) => *block,
            // A proof ends in the block's root, which a block in execution does not have yet.
            (None, Tip::Open { .. }) => return Ok(None),
        };
        let found = self.marf.get_with_proof(&block, key).map_err(|error| self.failed("proof", &error))?;
        let Some((value, proof)) = found else { return Ok(None) };
        let value = String::from_utf8(value).map_err(|error| self.failed("value", &error))?;
        Ok(Some((value, proof.encode())))
    }

    fn set_block_hash(&mut self, block: StacksBlockId) -> InterpreterResult<StacksBlockId> {
        let prior = self.shifted_to.unwrap_or_else(|| self.tip_id());
        let block = BlockId(block.0);
        if block == self.tip_id() {
            self.shifted_to = None;
        } else {
            let known = match self.anchor() {
                Some(anchor) if self.marf.contains(&block) => {
                    self.marf.is_ancestor(&block, &anchor).map_err(|error| self.failed("ancestry", &error))?
                }
                _ => false,
            };
            if !known {
                return Err(RuntimeErrorType::UnknownBlockHeaderHash(BlockHeaderHash(block.0)).into());
            }
            self.shifted_to = Some(block);
        }
        Ok(StacksBlockId(prior.0))
    }

    fn get_block_at_height(&mut self, height: u32) -> Option<StacksBlockId> {
        let block = if self.counts_tenures { self.tenure_start(height) } else { self.ancestor(height) };
        block.map(|block| StacksBlockId(block.0))
    }

    fn get_current_block_height(&mut self) -> u32 {
        if !self.counts_tenures {
            return self.block_height();
        }
        match (&self.shifted_to, &self.tip) {
            (None, Tip::Open { tenure_height, .. }) => *tenure_height,
            (Some(block), _) | (None, Tip::Committed(block)) => {
                let block = *block;
                self.tenure_height_of(&block).unwrap_or(0)
            }
        }
    }

    fn get_open_chain_tip_height(&mut self) -> u32 {
        match &self.tip {
            Tip::Open { trie, .. } => trie.height(),
            Tip::Committed(block) => self.marf.height_of(block).unwrap_or(0),
        }
    }

    fn get_open_chain_tip(&mut self) -> StacksBlockId {
        StacksBlockId(self.tip_id().0)
    }

    fn get_contract_hash(
        &mut self,
        contract: &QualifiedContractIdentifier,
    ) -> InterpreterResult<(StacksBlockId, Sha512Trunc256Sum)> {
        let (block, commitment) = self.commitment(contract)?;
        Ok((StacksBlockId(block.0), commitment.hash))
    }

    fn insert_metadata(
        &mut self,
        contract: &QualifiedContractIdentifier,
        key: &str,
        value: &str,
    ) -> InterpreterResult<()> {
        if !matches!(self.tip, Tip::Open { .. }) {
            return Err(InterpreterError::Expect("write to a read-only view".into()).into());
        }
        self.metadata.insert((contract.to_string(), key.to_owned()), value.to_owned());
        Ok(())
    }

    fn get_metadata(&mut self, contract: &QualifiedContractIdentifier, key: &str) -> InterpreterResult<Option<String>> {
        let (block, _) = self.commitment(contract)?;
        self.metadata_at(&block, contract, key)
    }

    fn get_metadata_manual(
        &mut self,
        at_height: u32,
        contract: &QualifiedContractIdentifier,
        key: &str,
    ) -> InterpreterResult<Option<String>> {
        let block = self.ancestor(at_height).ok_or_else(|| RuntimeErrorType::BadBlockHeight(at_height.to_string()))?;
        self.metadata_at(&block, contract, key)
    }
}
