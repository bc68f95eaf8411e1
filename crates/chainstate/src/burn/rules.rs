//! The rules of a burn chain as stored in its file, so that a reader needs nothing but the path.

use super::error::BurnOpenError;
use super::producers::{check_producers, replace_producers, select_producers};
use super::stackers::{check_stackers, replace_stackers, select_stackers};
use crate::db::{StoreError, get_u64, to_integer};
use crate::params::BurnParams;
use rusqlite::{Connection, OptionalExtension, Transaction};

/// The cycle with which the sets of the rules begin.
const FIRST_CYCLE: i64 = 0;

/// Checks that a chain can have these rules.
pub(super) fn check_rules(rules: &BurnParams) -> Result<(), BurnOpenError> {
    check_producers(&rules.producers).map_err(|what| BurnOpenError::BadRules { set: "producer set ", what })?;
    if rules.reward_cycle_length == 0 {
        return Err(BurnOpenError::BadRules { set: "", what: "a reward cycle has no block" });
    }
    check_stackers(&rules.stackers).map_err(|what| BurnOpenError::BadRules { set: "stacker set ", what })
}

/// Names the first rule in which the two differ.
pub(super) fn first_difference(stored: &BurnParams, wanted: &BurnParams) -> Option<&'static str> {
    [
        ("first height", stored.first_height == wanted.first_height),
        ("first time", stored.first_time_s == wanted.first_time_s),
        ("spend per block", stored.satoshis_per_block == wanted.satoshis_per_block),
        ("reward cycle length", stored.reward_cycle_length == wanted.reward_cycle_length),
        ("producer set", stored.producers == wanted.producers),
        ("stacker set", stored.stackers == wanted.stackers),
    ]
    .into_iter()
    .find_map(|(what, same)| (!same).then_some(what))
}

/// Stores the rules of a new chain.
pub(super) fn insert_rules(tx: &Transaction<'_>, rules: &BurnParams) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO burn_rules (id, first_height, first_time_s, satoshis_per_block, reward_cycle_length)
         VALUES (1, ?1, ?2, ?3, ?4)",
        [
            to_integer("first burn height", rules.first_height)?,
            to_integer("first burn time", rules.first_time_s)?,
            to_integer("spend per burn block", rules.satoshis_per_block)?,
            to_integer("reward cycle length", rules.reward_cycle_length)?,
        ],
    )?;
    replace_producers(tx, FIRST_CYCLE, &rules.producers)?;
    replace_stackers(tx, FIRST_CYCLE, &rules.stackers)
}

/// The stored rules, if the file has any yet.
pub(super) fn select_rules(conn: &Connection) -> Result<Option<BurnParams>, StoreError> {
    let rules = conn
        .query_row(
            "SELECT first_height, first_time_s, satoshis_per_block, reward_cycle_length FROM burn_rules WHERE id = 1",
            [],
            |row| {
                Ok(BurnParams {
                    first_height: get_u64(row, "first_height")?,
                    first_time_s: get_u64(row, "first_time_s")?,
                    satoshis_per_block: get_u64(row, "satoshis_per_block")?,
                    reward_cycle_length: get_u64(row, "reward_cycle_length")?,
                    producers: Vec::new(),
                    stackers: Vec::new(),
                })
            },
        )
        .optional()?;
    let Some(mut rules) = rules else { return Ok(None) };
    rules.producers = select_producers(conn, FIRST_CYCLE)?;
    rules.stackers = select_stackers(conn, FIRST_CYCLE)?;
    Ok(Some(rules))
}
