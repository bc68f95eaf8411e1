//! When producers are to make blocks: a setting that they read with their view of the chain.
//!
//! Kept in the chain's database, so that it commits with its event and with the blocks that count against it.

use nakamoto_proto::v1;
use rusqlite::{Connection, Transaction};

use super::block_orders::{BlockOrder, OnBlock};
use super::{NakamotoChainState, lock};
use crate::db::StoreError;

/// Most blocks that may be wanted at once.
pub const BLOCKS_WANTED_MAX: u32 = 1_000;

/// When producers are to make blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mining {
    /// What makes a producer build.
    pub mode: v1::MiningMode,
    /// Pause before a block without transactions, in milliseconds; `None` = the producer's own.
    pub interval_ms: Option<u64>,
    /// Blocks that were requested and are not made yet.
    pub blocks_wanted: u32,
}

impl From<Mining> for v1::MiningPolicy {
    fn from(mining: Mining) -> Self {
        let interval = mining.interval_ms.map(std::time::Duration::from_millis);
        Self {
            mode: mining.mode.into(),
            interval: interval.and_then(|interval| prost_types::Duration::try_from(interval).ok()),
            blocks_wanted: mining.blocks_wanted,
        }
    }
}

/// So many blocks are requested that more would be above [`BLOCKS_WANTED_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyRequested {
    /// Blocks that were requested and are not there yet.
    pub wanted: u32,
}

impl NakamotoChainState {
    /// Sets mode and interval, and announces them to producers. Requested blocks stay requested.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was stored.
    pub fn set_mining(&self, mode: v1::MiningMode, interval_ms: Option<u64>) -> Result<Mining, StoreError> {
        self.inner.store.write(move |tx| {
            let mining = Mining { mode, interval_ms, ..select_mining(tx.sql())? };
            update_mining(tx.sql(), &mining)?;
            tx.emit(v1::EventKind::Mining, event(mining), None)?;
            Ok(mining)
        })
    }

    /// Requests `count` more blocks from producers, unless they would be too many. Those that were requested before come
    /// first; `on_block` is called with each that is of this order, and must not block.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was stored.
    pub fn request_blocks(
        &self,
        count: u32,
        on_block: OnBlock,
    ) -> Result<Result<BlockOrder, TooManyRequested>, StoreError> {
        let chain = self.clone();
        self.inner.store.write(move |tx| {
            let mut mining = select_mining(tx.sql())?;
            let before = mining.blocks_wanted;
            mining.blocks_wanted = before.saturating_add(count);
            if mining.blocks_wanted > BLOCKS_WANTED_MAX {
                return Ok(Err(TooManyRequested { wanted: before }));
            }
            update_mining(tx.sql(), &mining)?;
            let event_sequence = tx.emit(v1::EventKind::Mining, event(mining), None)?.sequence;
            tx.after_commit(move || lock(&chain.inner.orders).open(event_sequence, count, on_block));
            Ok(Ok(BlockOrder { event_sequence }))
        })
    }

    /// Withdraws the blocks of an order that have not come, and announces it to producers.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was stored.
    pub fn withdraw_blocks(&self, order: BlockOrder) -> Result<(), StoreError> {
        let chain = self.clone();
        self.inner.store.write(move |tx| {
            let missing = lock(&chain.inner.orders).missing(&order);
            if missing == 0 {
                return Ok(());
            }
            let mut mining = select_mining(tx.sql())?;
            mining.blocks_wanted = mining.blocks_wanted.saturating_sub(missing);
            update_mining(tx.sql(), &mining)?;
            tx.emit(v1::EventKind::Mining, event(mining), None)?;
            tx.after_commit(move || lock(&chain.inner.orders).close(&order));
            Ok(())
        })
    }
}

fn event(mining: Mining) -> v1::event::Body {
    v1::event::Body::MiningChanged(v1::MiningChanged { policy: Some(mining.into()) })
}

/// Reads the setting.
pub(super) fn select_mining(conn: &Connection) -> Result<Mining, StoreError> {
    let mut select = conn.prepare_cached("SELECT mode, interval_ms, blocks_wanted FROM mining")?;
    let (mode, interval_ms, blocks_wanted): (i32, _, _) =
        select.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mode = v1::MiningMode::try_from(mode);
    let mode = mode.map_err(|error| StoreError::Corrupt(format!("mining mode: {error}")))?;
    Ok(Mining { mode, interval_ms, blocks_wanted })
}

fn update_mining(tx: &Transaction<'_>, mining: &Mining) -> Result<(), StoreError> {
    let sql = "UPDATE mining SET mode = ?1, interval_ms = ?2, blocks_wanted = ?3";
    tx.prepare_cached(sql)?.execute((i32::from(mining.mode), mining.interval_ms, mining.blocks_wanted))?;
    Ok(())
}

/// Counts an appended block: one less is wanted.
pub(super) fn count_block(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let sql = "UPDATE mining SET blocks_wanted = blocks_wanted - 1 WHERE blocks_wanted > 0";
    tx.prepare_cached(sql)?.execute([])?;
    Ok(())
}
