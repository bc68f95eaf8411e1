//! Producer sets: one for each reward cycle, in the order of rotation.

use super::rows::get_address;
use super::stackers::MAX_SET_MEMBERS;
use crate::db::StoreError;
use crate::params::Producer;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use stacks_types::vrf::VrfPublicKey;
use std::collections::BTreeSet;

/// Checks what must hold for every set.
pub(super) fn check_producers(producers: &[Producer]) -> Result<(), &'static str> {
    if producers.is_empty() {
        return Err("has no member");
    }
    if producers.len() > MAX_SET_MEMBERS {
        return Err("has more than 4096 members");
    }
    // No single signature leads to such an address, so nobody could sign, and the chain would stop with its cycle.
    if !producers.iter().all(|producer| producer.address.is_p2pkh()) {
        return Err("has a member whose address is not that of a single key");
    }
    let mut hashes = BTreeSet::new();
    // The hash alone names a producer; it has one slot in `.producers`.
    if !producers.iter().all(|producer| hashes.insert(producer.address.hash160())) {
        return Err("names a member twice");
    }
    Ok(())
}

/// Replaces the set that begins with `cycle`.
pub(super) fn replace_producers(tx: &Transaction<'_>, cycle: i64, producers: &[Producer]) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM producers WHERE cycle = ?1")?.execute([cycle])?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO producers (cycle, position, address_version, address_hash160, vrf_public_key)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (position, producer) in (0_u32..).zip(producers) {
        let address = &producer.address;
        insert.execute(params![cycle, position, address.version(), address.hash160().0, producer.vrf_public_key.0])?;
    }
    Ok(())
}

/// The set in force in `cycle`: the one that begins with it, or else the newest before.
pub(super) fn select_producers(conn: &Connection, cycle: i64) -> Result<Vec<Producer>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT address_version, address_hash160, vrf_public_key FROM producers
         WHERE cycle = (SELECT max(cycle) FROM producers WHERE cycle <= ?1) ORDER BY position",
    )?;
    let rows = select.query_map([cycle], to_producer)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The member elected at the `turn`th burn block of the chain, from 0, which is in `cycle`.
pub(super) fn select_elected(conn: &Connection, cycle: i64, turn: i64) -> Result<Option<Producer>, StoreError> {
    let mut select = conn.prepare_cached(
        "WITH in_force AS (SELECT max(cycle) AS cycle FROM producers WHERE cycle <= ?1)
         SELECT address_version, address_hash160, vrf_public_key FROM producers
         WHERE cycle = (SELECT cycle FROM in_force)
           AND position = ?2 % (SELECT count(*) FROM producers WHERE cycle = (SELECT cycle FROM in_force))",
    )?;
    Ok(select.query_row([cycle, turn], to_producer).optional()?)
}

fn to_producer(row: &Row<'_>) -> rusqlite::Result<Producer> {
    Ok(Producer { address: get_address(row)?, vrf_public_key: VrfPublicKey(row.get(2)?) })
}
