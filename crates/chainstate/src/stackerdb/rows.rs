//! Rows of the `StackerDB` tables, one function for each query.

use super::chunk::SlotMetadata;
use super::instance::InstanceConfig;
use crate::db::{Compressed, StoreError};
use nakamoto_proto::v1;
use prost::Message as _;
use prost::bytes::Bytes;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use stacks_types::ids::Hash160;
use stacks_types::keys::MessageSignature;
use stacks_types::stackerdb::{ChunkHash, StackerDbChunk};

/// An instance as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instance {
    pub(super) id: i64,
    pub(super) config: InstanceConfig,
}

/// Contract ids of all instances, in alphabetical order.
///
/// # Errors
/// When the database fails.
pub fn list_instances(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut select = conn.prepare_cached("SELECT contract FROM stackerdb_instances ORDER BY contract")?;
    let rows = select.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Metadata of all slots, in order; none when there is no such instance.
///
/// # Errors
/// When the database fails.
pub fn list_metadata(conn: &Connection, contract: &str) -> Result<Option<Vec<SlotMetadata>>, StoreError> {
    let Some(instance) = select_instance(conn, contract)? else { return Ok(None) };
    let mut select = conn.prepare_cached(
        "SELECT slot_id, slot_version, data_hash, signature, owner FROM stackerdb_slots
         WHERE instance = ?1 ORDER BY slot_id",
    )?;
    let rows = select.query_map([instance.id], to_metadata)?;
    Ok(Some(rows.collect::<Result<_, _>>()?))
}

/// The newest chunk of a slot; none if `version` is another one. Also none for an unknown instance or slot, and for a
/// slot that was never written.
///
/// # Errors
/// When the database fails.
pub fn get_chunk(
    conn: &Connection,
    contract: &str,
    slot_id: u32,
    version: Option<u32>,
) -> Result<Option<StackerDbChunk>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT s.slot_id, s.slot_version, s.signature, d.data, e.body
         FROM stackerdb_instances i
         JOIN stackerdb_slots s ON s.instance = i.instance AND s.slot_id = ?2 AND s.slot_version > 0
         LEFT JOIN stackerdb_chunks d ON d.slot = s.slot
         LEFT JOIN events e ON e.sequence = s.event_sequence
         WHERE i.contract = ?1 AND (?3 IS NULL OR s.slot_version = ?3)",
    )?;
    Ok(select.query_row(params![contract, slot_id, version], to_chunk).optional()?)
}

pub(super) fn select_instance(conn: &Connection, contract: &str) -> Result<Option<Instance>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT instance, chunk_size_bytes, write_freq, max_writes FROM stackerdb_instances WHERE contract = ?1",
    )?;
    let instance = select.query_row([contract], |row| {
        let config = InstanceConfig {
            chunk_size_bytes: row.get("chunk_size_bytes")?,
            write_freq: row.get("write_freq")?,
            max_writes: row.get("max_writes")?,
        };
        Ok(Instance { id: row.get("instance")?, config })
    });
    Ok(instance.optional()?)
}

pub(super) fn insert_instance(
    tx: &Transaction<'_>,
    contract: &str,
    config: &InstanceConfig,
) -> Result<i64, StoreError> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO stackerdb_instances (contract, chunk_size_bytes, write_freq, max_writes)
         VALUES (?1, ?2, ?3, ?4) RETURNING instance",
    )?;
    let values = params![contract, config.chunk_size_bytes, config.write_freq, config.max_writes];
    Ok(insert.query_row(values, |row| row.get(0))?)
}

pub(super) fn update_config(tx: &Transaction<'_>, instance: i64, config: &InstanceConfig) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE stackerdb_instances SET chunk_size_bytes = ?2, write_freq = ?3, max_writes = ?4 WHERE instance = ?1",
    )?
    .execute(params![instance, config.chunk_size_bytes, config.write_freq, config.max_writes])?;
    Ok(())
}

/// The owners of all slots, in order.
pub(super) fn select_owners(conn: &Connection, instance: i64) -> Result<Vec<Hash160>, StoreError> {
    let mut select = conn.prepare_cached("SELECT owner FROM stackerdb_slots WHERE instance = ?1 ORDER BY slot_id")?;
    let rows = select.query_map([instance], |row| row.get(0).map(Hash160))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn select_slot_count(conn: &Connection, instance: i64) -> Result<u32, StoreError> {
    let mut select = conn.prepare_cached("SELECT COUNT(*) FROM stackerdb_slots WHERE instance = ?1")?;
    Ok(select.query_row([instance], |row| row.get(0))?)
}

pub(super) fn select_slot_count_in_all(conn: &Connection) -> Result<usize, StoreError> {
    let mut select = conn.prepare_cached("SELECT COUNT(*) FROM stackerdb_slots")?;
    Ok(select.query_row([], |row| row.get(0))?)
}

pub(super) fn select_slot(conn: &Connection, instance: i64, slot_id: u32) -> Result<Option<SlotMetadata>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT slot_id, slot_version, data_hash, signature, owner FROM stackerdb_slots
         WHERE instance = ?1 AND slot_id = ?2",
    )?;
    Ok(select.query_row(params![instance, slot_id], to_metadata).optional()?)
}

pub(super) fn insert_slot(
    tx: &Transaction<'_>,
    instance: i64,
    slot_id: u32,
    owner: &Hash160,
) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO stackerdb_slots (instance, slot_id, owner) VALUES (?1, ?2, ?3)")?
        .execute(params![instance, slot_id, owner.0])?;
    Ok(())
}

/// Gives a slot to a new owner, and empties it.
pub(super) fn reset_slot(tx: &Transaction<'_>, instance: i64, slot_id: u32, owner: &Hash160) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM stackerdb_chunks
         WHERE slot = (SELECT slot FROM stackerdb_slots WHERE instance = ?1 AND slot_id = ?2)",
    )?
    .execute(params![instance, slot_id])?;
    tx.prepare_cached(
        "UPDATE stackerdb_slots
         SET owner = ?3, slot_version = 0, data_hash = zeroblob(32), signature = zeroblob(65), event_sequence = NULL
         WHERE instance = ?1 AND slot_id = ?2",
    )?
    .execute(params![instance, slot_id, owner.0])?;
    Ok(())
}

/// Removes all slots from the given one on; returns their number.
pub(super) fn delete_slots_from(tx: &Transaction<'_>, instance: i64, first: usize) -> Result<u32, StoreError> {
    let first = i64::try_from(first).unwrap_or(i64::MAX);
    // Deleted here too: a connection without foreign keys would leave the data behind.
    tx.prepare_cached(
        "DELETE FROM stackerdb_chunks
         WHERE slot IN (SELECT slot FROM stackerdb_slots WHERE instance = ?1 AND slot_id >= ?2)",
    )?
    .execute(params![instance, first])?;
    let deleted = tx
        .prepare_cached("DELETE FROM stackerdb_slots WHERE instance = ?1 AND slot_id >= ?2")?
        .execute(params![instance, first])?;
    Ok(u32::try_from(deleted).unwrap_or(u32::MAX))
}

/// Removes an instance with its slots and chunks, if there is one.
pub(super) fn delete_instance(tx: &Transaction<'_>, contract: &str) -> Result<(), StoreError> {
    if let Some(instance) = select_instance(tx, contract)? {
        delete_slots_from(tx, instance.id, 0)?;
        tx.prepare_cached("DELETE FROM stackerdb_instances WHERE instance = ?1")?.execute([instance.id])?;
    }
    Ok(())
}

/// Replaces a slot's chunk by one whose data is in the event with that sequence.
pub(super) fn update_slot(
    tx: &Transaction<'_>,
    instance: i64,
    slot: &SlotMetadata,
    event_sequence: u64,
) -> Result<(), StoreError> {
    let mut update = tx.prepare_cached(
        "UPDATE stackerdb_slots SET slot_version = ?3, data_hash = ?4, signature = ?5, event_sequence = ?6
         WHERE instance = ?1 AND slot_id = ?2 RETURNING slot",
    )?;
    let values = params![instance, slot.slot_id, slot.slot_version, slot.data_hash.0, slot.signature.0, event_sequence];
    let row: i64 = update.query_row(values, |row| row.get(0))?;
    tx.prepare_cached("DELETE FROM stackerdb_chunks WHERE slot = ?1")?.execute([row])?;
    Ok(())
}

/// Copies data from events below a sequence to the slots: for a caller that is about to remove these events.
///
/// # Errors
/// When the database fails, or such an event holds no chunk.
pub(crate) fn keep_chunks_of_events(tx: &Transaction<'_>, before_sequence: u64) -> Result<(), StoreError> {
    let mut slots = tx.prepare_cached("SELECT slot, event_sequence FROM stackerdb_slots WHERE event_sequence < ?1")?;
    let slots = slots.query_map([before_sequence], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let slots: Vec<(i64, u64)> = slots.collect::<Result<_, _>>()?;
    for (slot, sequence) in slots {
        let mut event = tx.prepare_cached("SELECT body FROM events WHERE sequence = ?1")?;
        let EventData(data) = event.query_row([sequence], |row| row.get(0))?;
        tx.prepare_cached("INSERT INTO stackerdb_chunks (slot, data) VALUES (?1, ?2)")?.execute(params![slot, data])?;
        tx.prepare_cached("UPDATE stackerdb_slots SET event_sequence = NULL WHERE slot = ?1")?.execute([slot])?;
    }
    Ok(())
}

/// The data of the one chunk in a stored event.
struct EventData(Vec<u8>);

impl FromSql for EventData {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let Compressed(stored) = Compressed::column_result(value)?;
        let event = v1::Event::decode(Bytes::from(stored.into_owned()));
        match event.map(|event| event.body) {
            Ok(Some(v1::event::Body::StackerdbChunks(mut chunks))) if chunks.chunks.len() == 1 => {
                Ok(Self(chunks.chunks.swap_remove(0).data.into()))
            }
            _ => Err(FromSqlError::Other("the event of a slot's chunk holds none".into())),
        }
    }
}

fn to_metadata(row: &Row<'_>) -> rusqlite::Result<SlotMetadata> {
    Ok(SlotMetadata {
        slot_id: row.get("slot_id")?,
        slot_version: row.get("slot_version")?,
        data_hash: ChunkHash(row.get("data_hash")?),
        signature: MessageSignature(row.get("signature")?),
        owner: Hash160(row.get("owner")?),
    })
}

fn to_chunk(row: &Row<'_>) -> rusqlite::Result<StackerDbChunk> {
    let data: Option<Vec<u8>> = row.get("data")?;
    let data = data.map_or_else(|| row.get("body").map(|EventData(data)| data), Ok)?;
    Ok(StackerDbChunk {
        slot_id: row.get("slot_id")?,
        slot_version: row.get("slot_version")?,
        signature: MessageSignature(row.get("signature")?),
        data,
    })
}
