//! Stacker sets: one for each reward cycle, in signing order. A set stays in force until a later cycle has its own.

use super::rows::get_address;
use crate::db::StoreError;
use crate::params::Stacker;
use rusqlite::{Connection, Transaction, params};
use stacks_types::ids::Hash160;
use std::collections::BTreeSet;

/// Members of a set: each stacker needs a slot of `.signers`, and a StackerDB has at most 4096
/// (docs/COMPATIBILITY.md#stackerdb-contracts).
pub(crate) const MAX_SET_MEMBERS: usize = 4096;

/// Share of the weight that must sign, in percent (docs/CONSENSUS.md#rules-of-a-block).
const THRESHOLD_PERCENT: u64 = 70;

/// The stackers of one reward cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackerSet {
    /// The cycle that was asked for. The members may come from the set of an earlier cycle.
    pub cycle: u64,
    /// The members, in the order in which their signatures stand in a header. Never empty.
    pub stackers: Vec<Stacker>,
}

impl StackerSet {
    /// Sum of all weights.
    #[must_use]
    pub(crate) fn total_weight(&self) -> u64 {
        // At most 4096 weights of 32 bits each: far from 64 bits.
        self.stackers.iter().map(|stacker| u64::from(stacker.weight)).sum()
    }

    /// The least weight that makes a block valid: 70 % of the total, rounded up.
    #[must_use]
    pub(crate) fn threshold(&self) -> u64 {
        (self.total_weight() * THRESHOLD_PERCENT).div_ceil(100)
    }

    /// Place of the member whose key hashes to `hash160`, from 0.
    #[must_use]
    pub(crate) fn position(&self, hash160: &Hash160) -> Option<usize> {
        self.stackers.iter().position(|stacker| stacker.address.hash160() == *hash160)
    }
}

/// Checks what must hold for every set.
pub(super) fn check_stackers(stackers: &[Stacker]) -> Result<(), &'static str> {
    if stackers.is_empty() {
        return Err("has no member");
    }
    if stackers.len() > MAX_SET_MEMBERS {
        return Err("has more than 4096 members");
    }
    if stackers.iter().any(|stacker| stacker.weight == 0) {
        return Err("has a member without weight");
    }
    // No single signature leads to such an address, so nobody could sign, and the chain would stop with its cycle.
    if !stackers.iter().all(|stacker| stacker.address.is_p2pkh()) {
        return Err("has a member whose address is not that of a single key");
    }
    let mut hashes = BTreeSet::new();
    // The hash alone names a signer: signatures are compared with it and never with the version.
    if !stackers.iter().all(|stacker| hashes.insert(stacker.address.hash160())) {
        return Err("names a member twice");
    }
    Ok(())
}

/// Replaces the set that begins with `cycle`.
pub(super) fn replace_stackers(tx: &Transaction<'_>, cycle: i64, stackers: &[Stacker]) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM stackers WHERE cycle = ?1")?.execute([cycle])?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO stackers (cycle, position, address_version, address_hash160, weight) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (position, stacker) in (0_u32..).zip(stackers) {
        insert.execute(params![
            cycle,
            position,
            stacker.address.version(),
            stacker.address.hash160().0,
            stacker.weight
        ])?;
    }
    Ok(())
}

/// The set in force in `cycle`: the one that begins with it, or else the newest before.
pub(super) fn select_stackers(conn: &Connection, cycle: i64) -> Result<Vec<Stacker>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT address_version, address_hash160, weight FROM stackers
         WHERE cycle = (SELECT max(cycle) FROM stackers WHERE cycle <= ?1) ORDER BY position",
    )?;
    let rows = select.query_map([cycle], |row| Ok(Stacker { address: get_address(row)?, weight: row.get(2)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
