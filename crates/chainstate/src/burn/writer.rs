//! The one writer of the burn chain: makes the file, mines blocks, sets future stacker and producer sets.

use super::block::{BurnBlock, ChildPlace, child_block, first_block};
use super::error::{BurnLookupError, BurnOpenError, SetMembersError};
use super::producers::{check_producers, replace_producers};
use super::reader::ProcessedBurnDb;
use super::rows::{self, Link};
use super::rules::{check_rules, first_difference, insert_rules, select_rules};
use super::schema::SCHEMA;
use super::stackers::{check_stackers, replace_stackers};
use crate::db::{Positions, StoreError, insert_identity};
use crate::params::{BurnParams, Producer, Stacker};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use sqlite::Durability;
use stacks_types::ids::BurnBlockHash;
use std::ops::Deref;
use std::sync::Arc;

/// The highest burn block: contracts read heights of 32 bits.
const MAX_HEIGHT: u64 = u32::MAX as u64;

/// The connection that may change the burn chain. Answers all questions of a [`ProcessedBurnDb`], too.
#[derive(Debug)]
pub(crate) struct BurnDbWriter(ProcessedBurnDb, Arc<Positions>);

impl Deref for BurnDbWriter {
    type Target = ProcessedBurnDb;

    fn deref(&self) -> &ProcessedBurnDb {
        &self.0
    }
}

impl BurnDbWriter {
    /// Opens the burn database. A new file gets the rules and exactly one block, at `rules.first_height`. Each new
    /// block records how far the other files had come.
    ///
    /// # Errors
    /// When the rules are impossible, the file was made with other rules, or it is damaged or unusable.
    pub(crate) fn open_inspected(
        inspected: sqlite::Inspected,
        rules: &BurnParams,
        positions: Arc<Positions>,
        durability: Durability,
    ) -> Result<Self, BurnOpenError> {
        check_rules(rules)?;
        let mut conn = inspected.open(durability)?;
        SCHEMA.migrate(&mut conn)?;
        match select_rules(&conn)? {
            Some(stored) => {
                if let Some(what) = first_difference(&stored, rules) {
                    return Err(BurnOpenError::OtherRules { what });
                }
            }
            None => insert_chain(&mut conn, rules)?,
        }
        positions.burn_row().raise(rows::select_newest_seen(&conn)?);
        Ok(Self(ProcessedBurnDb { conn, rules: rules.clone() }, positions))
    }

    /// The connection that it writes with.
    #[cfg(test)]
    pub(crate) const fn connection(&self) -> &Connection {
        &self.0.conn
    }

    /// Records in the file which chain it belongs to.
    pub(crate) fn set_identity(&mut self, chain: [u8; 16]) -> Result<(), StoreError> {
        let tx = self.0.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        insert_identity(&tx, chain)?;
        Ok(tx.commit()?)
    }

    /// Mines `count` blocks: the first on `on`, any known block, each other one on the one before. Stores all or none
    /// and returns them oldest first; they are committed.
    ///
    /// A block's time is `time_s` (seconds since 1970), or its parent's if that is later.
    ///
    /// # Errors
    /// [`BurnLookupError::UnknownBurnBlock`], or when the database fails.
    pub(crate) fn mine_chain(
        &mut self,
        on: &BurnBlockHash,
        count: u32,
        time_s: u64,
    ) -> Result<Vec<BurnBlock>, BurnLookupError> {
        let Self(reader, positions) = self;
        let known = rows::KnownPositions { event: positions.event().get(), staging_row: positions.staging_row().get() };
        let tx = reader.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut parent = *on;
        let mut blocks = Vec::new();
        for _ in 0..count {
            let block = insert_child(&tx, &parent, time_s, (&reader.rules, known))?;
            parent = block.hash;
            blocks.push(block);
        }
        sqlite::crash_point("burn:before_commit");
        tx.commit()?;
        positions.burn_row().raise(blocks.last().map_or(0, |block| block.seen));
        sqlite::crash_point("burn:after_commit");
        Ok(blocks)
    }

    /// Sets the stackers of a reward cycle that has not begun on any fork, and of the later cycles up to the next one
    /// with a set of its own. Replaces an earlier set of this cycle.
    ///
    /// # Errors
    /// When the cycle has begun, the set breaks a rule, or the database fails.
    pub(crate) fn set_stackers(&mut self, cycle: u64, stackers: &[Stacker]) -> Result<(), SetMembersError> {
        check_stackers(stackers).map_err(|what| SetMembersError::BadSet { field: "stackers", what })?;
        self.set_members(cycle, |tx, cycle| replace_stackers(tx, cycle, stackers))
    }

    /// Sets the producers of a reward cycle, as [`Self::set_stackers`] does the stackers.
    ///
    /// # Errors
    /// As [`Self::set_stackers`].
    pub(crate) fn set_producers(&mut self, cycle: u64, producers: &[Producer]) -> Result<(), SetMembersError> {
        check_producers(producers).map_err(|what| SetMembersError::BadSet { field: "producers", what })?;
        self.set_members(cycle, |tx, cycle| replace_producers(tx, cycle, producers))
    }

    fn set_members(
        &mut self,
        cycle: u64,
        replace: impl FnOnce(&Transaction<'_>, i64) -> Result<(), StoreError>,
    ) -> Result<(), SetMembersError> {
        let reader = &mut self.0;
        let starts_at = reader.rules.cycle_start(cycle);
        let starts_at = starts_at.ok_or(SetMembersError::CycleTooFar { cycle })?;
        let stored = i64::try_from(cycle).map_err(|_| SetMembersError::CycleTooFar { cycle })?;
        let tx = reader.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let highest = rows::select_canonical(&tx)?.map_or(0, |block| block.height);
        if starts_at <= highest {
            return Err(SetMembersError::CycleStarted { cycle, starts_at, highest });
        }
        replace(&tx, stored)?;
        Ok(tx.commit()?)
    }
}

/// Stores a new child of `on`.
fn insert_child(
    tx: &Transaction<'_>,
    on: &BurnBlockHash,
    time_s: u64,
    (rules, known): (&BurnParams, rows::KnownPositions),
) -> Result<BurnBlock, BurnLookupError> {
    let parent = rows::select_by_hash(tx, on)?.ok_or(BurnLookupError::UnknownBurnBlock(*on))?;
    let parent_link = rows::select_link_by_seen(tx, parent.seen)?;
    let skip_link = rows::select_link_by_seen(tx, parent_link.skip_seen)?;
    let height = parent.height.saturating_add(1); // Stored heights have 63 bits.
    if height > MAX_HEIGHT {
        return Err(BurnLookupError::TooHigh(height));
    }
    let place = ChildPlace {
        salt: rows::select_child_count(tx, on)?,
        seen: rows::select_newest_seen(tx)?.saturating_add(1),
        time_s,
    };
    let block = child_block(&parent, height, place, rules);
    rows::insert_block(tx, &block, &parent_link.of_child(&skip_link, block.seen, height), known)?;
    Ok(block)
}

/// Stores the rules and the first block of a new chain in one transaction.
fn insert_chain(conn: &mut Connection, rules: &BurnParams) -> Result<(), BurnOpenError> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    insert_rules(&tx, rules)?;
    let block = first_block(rules);
    rows::insert_block(&tx, &block, &Link::first(&block), rows::KnownPositions::default())?;
    Ok(tx.commit()?)
}
