//! All reads of the chain, on database connections of their own.

use std::path::Path;
use std::sync::Arc;

use clarity::principal::Principal;
use marf::Marf;
use nakamoto_proto::v1;
use prost::Message as _;
use rusqlite::Connection;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};

use super::mining_policy::{Mining, select_mining};
use crate::blocks::SignatureCache;
use crate::blocks::rules::RuleEnv;
use crate::burn::{BurnBlock, BurnOpenError, ProcessedBurnDb};
use crate::chain::chain_meta::{Meta, select_meta};
use crate::chain::folder::Paths;
use crate::db::{OpenError, StoreError};
use crate::execution::read_only::{Account, ReadError, StateReader};
use crate::execution::{BlockEnv, ContractCache, Expired};
use crate::headers::{Ancestry, ChainHeaders, ProcessedHeader, burn_view_of, processed_event, select_header};
use crate::journal::{restore_transactions, select_sequence_of_block, sequence_of_processed};
use crate::params::ChainParams;
use crate::staging::StagingReader;

/// Why state could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadStateError {
    /// No processed block has this id.
    #[error("block {0} is not processed")]
    UnknownBlock(StacksBlockId),
    /// Reading the state failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The node's own failure.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A view of the chain: one connection to each database.
pub struct ChainReader {
    params: ChainParams,
    marf: Marf,
    contracts: Arc<ContractCache>,
    conn: Connection,
    burn: ProcessedBurnDb,
    staging: StagingReader,
    verified: Arc<SignatureCache>,
}

impl ChainReader {
    pub(super) fn open(
        folder: &Path,
        params: ChainParams,
        marf: Marf,
        verified: Arc<SignatureCache>,
        contracts: Arc<ContractCache>,
    ) -> Result<Self, OpenError> {
        let paths = Paths::of(folder);
        let conn = sqlite::open_reader(&paths.chain)?;
        let burn = ProcessedBurnDb::open(&paths.burn).map_err(BurnOpenError::at(&paths.burn))?;
        let staging = StagingReader::open(&paths.staging)?;
        Ok(Self { params, marf, contracts, conn, burn, staging, verified })
    }

    /// From here to [`Self::end`] the main database does not change for this reader.
    pub(super) fn begin(&self) -> Result<(), StoreError> {
        self.conn.prepare_cached("BEGIN DEFERRED")?.execute([])?;
        Ok(())
    }

    /// Ends the snapshot, if there is one; false when that fails. Ending a read transaction cannot lose anything.
    pub(super) fn end(&self) -> bool {
        self.conn.is_autocommit()
            || self.conn.prepare_cached("ROLLBACK").and_then(|mut rollback| rollback.execute([])).is_ok()
    }

    /// `chainstate.sqlite`.
    #[must_use]
    pub fn conn(&self) -> &Connection {
        &self.conn
    }

    /// The mocked bitcoin.
    #[must_use]
    pub fn burn(&self) -> &ProcessedBurnDb {
        &self.burn
    }

    /// Stored blocks.
    #[must_use]
    pub fn staging(&self) -> &StagingReader {
        &self.staging
    }

    /// Ancestors among processed blocks.
    #[must_use]
    pub fn ancestry(&self) -> Ancestry<'_> {
        Ancestry(&self.marf)
    }

    pub(super) fn rule_env(&self) -> RuleEnv<'_> {
        RuleEnv { params: &self.params, conn: &self.conn, burn: &self.burn, marf: &self.marf, verified: &self.verified }
    }

    /// The facts that contracts can ask about ancestors, seen from `tip`.
    pub(crate) fn headers(&self, tip: StacksBlockId) -> ChainHeaders<'_> {
        ChainHeaders { params: &self.params, conn: &self.conn, burn: &self.burn, marf: &self.marf, tip }
    }

    /// What execution on `headers.tip` needs.
    pub(crate) fn block_env<'a>(&'a self, headers: &'a ChainHeaders<'a>) -> BlockEnv<'a> {
        BlockEnv {
            params: &self.params,
            marf: &self.marf,
            side: &self.conn,
            contracts: &self.contracts,
            facts: headers,
        }
    }

    pub(super) fn meta(&self) -> Result<Meta, StoreError> {
        select_meta(&self.conn)?.ok_or_else(|| StoreError::Corrupt("the database has no genesis".to_owned()))
    }

    /// The canonical Stacks tip as of the last commit.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn tip(&self) -> Result<ProcessedHeader, StoreError> {
        let tip = self.meta()?.tip;
        self.header(&tip)?.ok_or_else(|| StoreError::Corrupt(format!("the tip {tip} has no header")))
    }

    /// The canonical burn tip among the burn blocks that the journal has announced; it determines [`Self::tip`]. A
    /// newly mined burn block counts once it is announced.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn burn_tip(&self) -> Result<BurnBlock, StoreError> {
        self.burn_tip_as_of(self.meta()?.announced_burn_row)
    }

    pub(super) fn burn_tip_as_of(&self, seen: u64) -> Result<BurnBlock, StoreError> {
        let tip = self.burn.canonical_as_of(seen)?;
        tip.ok_or_else(|| StoreError::Corrupt("the burn database has no block".to_owned()))
    }

    /// Both canonical tips as of one commit, even outside of a snapshot.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub(crate) fn tips(&self) -> Result<(ProcessedHeader, BurnBlock), StoreError> {
        let meta = self.meta()?;
        let tip = self.header(&meta.tip)?;
        let tip = tip.ok_or_else(|| StoreError::Corrupt(format!("the tip {} has no header", meta.tip)))?;
        Ok((tip, self.burn_tip_as_of(meta.announced_burn_row)?))
    }

    /// When producers are to make blocks.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn mining(&self) -> Result<Mining, StoreError> {
        select_mining(&self.conn)
    }

    /// A processed block's header, on any fork.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn header(&self, block_id: &StacksBlockId) -> Result<Option<ProcessedHeader>, StoreError> {
        select_header(&self.conn, block_id)
    }

    /// The burn block that a processed block witnessed.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn burn_view(&self, hash: &BurnBlockHash) -> Result<BurnBlock, StoreError> {
        Ok(self.burn.get_burn_block(hash)?)
    }

    /// The processed block at `chain_length` on the fork of `tip`.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn header_at(&self, chain_length: u64, tip: &StacksBlockId) -> Result<Option<ProcessedHeader>, StoreError> {
        match self.ancestry().at_height(tip, chain_length)? {
            Some(block_id) => self.header(&block_id),
            None => Ok(None),
        }
    }

    /// Whether a processed block is on the canonical fork.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub(crate) fn is_canonical(&self, block_id: &StacksBlockId) -> Result<bool, StoreError> {
        self.ancestry().is_ancestor(block_id, &self.meta()?.tip)
    }

    /// Sequence of the event that announced a processed block, even if the journal has removed it.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn sequence_of_block(&self, block_id: &StacksBlockId) -> Result<Option<u64>, StoreError> {
        match select_sequence_of_block(&self.conn, block_id)? {
            None => sequence_of_processed(&self.conn, block_id),
            kept => Ok(kept),
        }
    }

    /// Sequence of the event that announced the canonical block of a height, if there is one, even if the journal has
    /// removed it.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn sequence_of_height(&self, chain_length: u64) -> Result<Option<u64>, StoreError> {
        let tip = self.tip()?;
        if chain_length > tip.chain_length {
            return Ok(None);
        }
        match self.ancestry().at_height(&tip.block_id, chain_length)? {
            Some(block_id) => self.sequence_of_block(&block_id),
            None => Ok(None),
        }
    }

    /// The event of a processed block, receipts included.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn block_processed(&self, block_id: &StacksBlockId) -> Result<Option<v1::BlockProcessed>, StoreError> {
        let Some(encoded) = processed_event(&self.conn, block_id)? else { return Ok(None) };
        let event = v1::Event::decode(encoded.as_slice());
        let mut event = event.map_err(|error| StoreError::Corrupt(error.to_string()))?;
        restore_transactions(&mut event, &self.staging)?;
        match event.body {
            Some(v1::event::Body::BlockProcessed(body)) => Ok(Some(body)),
            _ => Err(StoreError::Corrupt(format!("the event of block {block_id} is of another kind"))),
        }
    }

    /// Runs `read` on the state after a processed block; `None` means the canonical tip.
    ///
    /// # Errors
    /// [`ReadStateError::UnknownBlock`], and those of `read`.
    pub fn state_at<T>(
        &self,
        block_id: Option<&StacksBlockId>,
        read: impl FnOnce(&StateReader<'_>) -> Result<T, ReadError>,
    ) -> Result<T, ReadStateError> {
        self.state_until(block_id, &|| false, read)
    }

    /// As [`Self::state_at`]; an evaluation fails with [`ReadError::DeadlinePassed`] once `expired` returns true.
    ///
    /// # Errors
    /// As [`Self::state_at`].
    pub(crate) fn state_until<T>(
        &self,
        block_id: Option<&StacksBlockId>,
        expired: Expired<'_>,
        read: impl FnOnce(&StateReader<'_>) -> Result<T, ReadError>,
    ) -> Result<T, ReadStateError> {
        let header = match block_id {
            Some(id) => self.header(id)?.ok_or(ReadStateError::UnknownBlock(*id))?,
            None => self.tip()?,
        };
        let view = self.burn_view(&header.burn_view)?;
        let headers = self.headers(header.block_id);
        let env = self.block_env(&headers);
        Ok(read(&StateReader::at(env, &header.block_id, burn_view_of(&view))?.stop_when(expired))?)
    }

    /// An account at a processed block; `None` means the canonical tip.
    ///
    /// # Errors
    /// [`ReadStateError`].
    pub fn account(&self, principal: &Principal, block_id: Option<&StacksBlockId>) -> Result<Account, ReadStateError> {
        self.state_at(block_id, |state| state.account(principal))
    }
}
