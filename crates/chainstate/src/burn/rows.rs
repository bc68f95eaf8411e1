//! Rows of `burn_blocks`, one function for each query, and the walks over skip pointers that they allow.
//!
//! Each row has a pointer to its parent and one further back, chosen by height alone (Myers' skew-binary jump pointers):
//! any ancestor is reached in O(log n) rows, and two blocks of equal height have skip targets of equal height.

use super::block::BurnBlock;
use crate::db::{StoreError, get_u64, to_integer};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use stacks_types::address::StacksAddress;
use stacks_types::ids::{BurnBlockHash, ConsensusHash, Hash160, SortitionHash};

/// The part of a row that a walk needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) seen: u64,
    pub(super) height: u64,
    pub(super) parent_seen: u64,
    pub(super) skip_seen: u64,
    pub(super) skip_height: u64,
}

impl Link {
    /// The links of the first block: it points to itself.
    pub(super) const fn first(block: &BurnBlock) -> Self {
        let (seen, height) = (block.seen, block.height);
        Self { seen, height, parent_seen: seen, skip_seen: seen, skip_height: height }
    }

    /// The links of a child of the block with this link, whose skip target has the link `skip`.
    ///
    /// If the last two skips are equally long, one skip replaces both; otherwise a new short one starts.
    pub(super) const fn of_child(&self, skip: &Self, seen: u64, height: u64) -> Self {
        let (skip_seen, skip_height) = if self.height - self.skip_height == self.skip_height - skip.skip_height {
            (skip.skip_seen, skip.skip_height)
        } else {
            (self.seen, self.height)
        };
        Self { seen, height, parent_seen: self.seen, skip_seen, skip_height }
    }
}

/// How far the other databases were when the row was written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KnownPositions {
    pub(super) event: u64,
    pub(super) staging_row: u64,
}

/// Stores a block.
pub(super) fn insert_block(
    tx: &Transaction<'_>,
    block: &BurnBlock,
    link: &Link,
    known: KnownPositions,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO burn_blocks (seen, hash, parent, height, time_s, sortition_hash, consensus_hash, satoshis_spent,
                                  salt, parent_seen, skip_seen, skip_height, known_event, known_staging_row)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        to_integer("burn block number", block.seen)?,
        block.hash.0,
        block.parent.0,
        to_integer("burn height", block.height)?,
        to_integer("burn block time", block.time_s)?,
        block.sortition_hash.0,
        block.consensus_hash.0,
        to_integer("burn block spend", block.satoshis_spent)?,
        to_integer("burn block salt", block.salt)?,
        to_integer("burn block number", link.parent_seen)?,
        to_integer("burn block number", link.skip_seen)?,
        to_integer("burn height", link.skip_height)?,
        to_integer("event", known.event)?,
        to_integer("staging row", known.staging_row)?,
    ])?;
    Ok(())
}

/// The block with this hash.
pub(super) fn select_by_hash(conn: &Connection, hash: &BurnBlockHash) -> Result<Option<BurnBlock>, StoreError> {
    let mut select = conn.prepare_cached("SELECT * FROM burn_blocks WHERE hash = ?1")?;
    Ok(select.query_row([hash.0], to_block).optional()?)
}

/// The block with this consensus hash.
pub(super) fn select_by_consensus_hash(
    conn: &Connection,
    hash: &ConsensusHash,
) -> Result<Option<BurnBlock>, StoreError> {
    let mut select = conn.prepare_cached("SELECT * FROM burn_blocks WHERE consensus_hash = ?1")?;
    Ok(select.query_row([hash.0], to_block).optional()?)
}

/// The block with this number.
pub(super) fn select_by_seen(conn: &Connection, seen: u64) -> Result<BurnBlock, StoreError> {
    let mut select = conn.prepare_cached("SELECT * FROM burn_blocks WHERE seen = ?1")?;
    let block = select.query_row([to_integer("burn block number", seen)?], to_block).optional()?;
    block.ok_or(missing("burn_blocks.seen"))
}

/// Up to `limit` blocks with numbers above `seen`, in order.
pub(super) fn select_after(conn: &Connection, seen: u64, limit: u32) -> Result<Vec<BurnBlock>, StoreError> {
    let mut select = conn.prepare_cached("SELECT * FROM burn_blocks WHERE seen > ?1 ORDER BY seen LIMIT ?2")?;
    let rows = select.query_map(params![to_integer("burn block number", seen)?, limit], to_block)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The canonical block: the greatest height; of several, the one seen first.
pub(super) fn select_canonical(conn: &Connection) -> Result<Option<BurnBlock>, StoreError> {
    let mut select = conn.prepare_cached("SELECT * FROM burn_blocks ORDER BY height DESC, seen ASC LIMIT 1")?;
    Ok(select.query_row([], to_block).optional()?)
}

/// See [`select_canonical_as_of`].
pub(super) const CANONICAL_AS_OF: &str =
    "SELECT * FROM burn_blocks WHERE +seen <= ?1 ORDER BY height DESC, seen ASC LIMIT 1";

/// The canonical block among the first `seen`. Reads the rows of the greatest heights that came later, which are few:
/// the plus keeps SQLite from reading and sorting all earlier rows instead.
pub(super) fn select_canonical_as_of(conn: &Connection, seen: u64) -> Result<Option<BurnBlock>, StoreError> {
    let seen = to_integer("burn block number", seen)?;
    Ok(conn.prepare_cached(CANONICAL_AS_OF)?.query_row([seen], to_block).optional()?)
}

/// Number of blocks.
pub(super) fn select_newest_seen(conn: &Connection) -> Result<u64, StoreError> {
    let mut select = conn.prepare_cached("SELECT COALESCE(MAX(seen), 0) AS seen FROM burn_blocks")?;
    Ok(select.query_row([], |row| get_u64(row, "seen"))?)
}

/// Number of children of a block.
pub(super) fn select_child_count(conn: &Connection, hash: &BurnBlockHash) -> Result<u64, StoreError> {
    let mut select =
        conn.prepare_cached("SELECT COALESCE(MAX(salt) + 1, 0) AS n FROM burn_blocks WHERE parent = ?1")?;
    Ok(select.query_row([hash.0], |row| get_u64(row, "n"))?)
}

/// The links of the block with this hash.
pub(super) fn select_link(conn: &Connection, hash: &BurnBlockHash) -> Result<Option<Link>, StoreError> {
    let mut select = conn
        .prepare_cached("SELECT seen, height, parent_seen, skip_seen, skip_height FROM burn_blocks WHERE hash = ?1")?;
    Ok(select.query_row([hash.0], to_link).optional()?)
}

/// The links of the block with this number.
pub(super) fn select_link_by_seen(conn: &Connection, seen: u64) -> Result<Link, StoreError> {
    let mut select = conn
        .prepare_cached("SELECT seen, height, parent_seen, skip_seen, skip_height FROM burn_blocks WHERE seen = ?1")?;
    let link = select.query_row([to_integer("burn block number", seen)?], to_link).optional()?;
    link.ok_or(missing("burn_blocks.seen"))
}

/// The ancestor of `from` (or itself) at `height`; none when `from` is below it or the chain starts above it.
pub(super) fn ancestor_at(conn: &Connection, from: Link, height: u64) -> Result<Option<Link>, StoreError> {
    let mut at = from;
    while at.height > height {
        let next = if at.skip_height >= height { at.skip_seen } else { at.parent_seen };
        if next >= at.seen {
            return Ok(None); // Only the first block points to itself: the height is below the chain.
        }
        at = select_link_by_seen(conn, next)?;
    }
    Ok((at.height == height).then_some(at))
}

/// The address in columns `address_version` and `address_hash160`.
pub(super) fn get_address(row: &Row<'_>) -> rusqlite::Result<StacksAddress> {
    let version: u8 = row.get("address_version")?;
    StacksAddress::new(version, Hash160(row.get("address_hash160")?))
        .ok_or(rusqlite::Error::IntegralValueOutOfRange(0, version.into()))
}

/// The error when a row is absent that another row names.
fn missing(column: &'static str) -> StoreError {
    StoreError::impossible(column)
}

fn to_link(row: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link {
        seen: get_u64(row, "seen")?,
        height: get_u64(row, "height")?,
        parent_seen: get_u64(row, "parent_seen")?,
        skip_seen: get_u64(row, "skip_seen")?,
        skip_height: get_u64(row, "skip_height")?,
    })
}

fn to_block(row: &Row<'_>) -> rusqlite::Result<BurnBlock> {
    Ok(BurnBlock {
        hash: BurnBlockHash(row.get("hash")?),
        parent: BurnBlockHash(row.get("parent")?),
        height: get_u64(row, "height")?,
        time_s: get_u64(row, "time_s")?,
        sortition_hash: SortitionHash(row.get("sortition_hash")?),
        consensus_hash: ConsensusHash(row.get("consensus_hash")?),
        satoshis_spent: get_u64(row, "satoshis_spent")?,
        salt: get_u64(row, "salt")?,
        seen: get_u64(row, "seen")?,
    })
}
