//! Rows of the mempool tables, one function for each query.

use super::pending::PendingTransaction;
use crate::db::{StoreError, get_u64, to_integer};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use stacks_types::address::StacksAddress;
use stacks_types::ids::{Hash160, Txid};

/// Number and bytes of pending transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Number of pending transactions.
    pub transactions: u64,
    /// Their encoded bytes.
    pub bytes: u64,
}

/// A pending transaction.
///
/// # Errors
/// When the database fails.
pub(crate) fn get_pending(conn: &Connection, txid: &Txid) -> Result<Option<PendingTransaction>, StoreError> {
    let mut select = conn.prepare_cached("SELECT * FROM mempool WHERE txid = ?1")?;
    Ok(select.query_row([txid.0], to_pending).optional()?)
}

/// The encoding of a pending transaction. Its signatures have been verified.
///
/// # Errors
/// When the database fails.
pub fn get_raw(conn: &Connection, txid: &Txid) -> Result<Option<Vec<u8>>, StoreError> {
    let mut select =
        conn.prepare_cached("SELECT r.raw FROM mempool m JOIN mempool_raw r USING (arrival) WHERE m.txid = ?1")?;
    Ok(select.query_row([txid.0], |row| row.get(0)).optional()?)
}

/// Whether a transaction is refused at the given time, in seconds since 1970.
///
/// # Errors
/// When the database fails.
pub(crate) fn is_blacklisted(conn: &Connection, txid: &Txid, now_s: u64) -> Result<bool, StoreError> {
    let mut select =
        conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM mempool_blacklist WHERE txid = ?1 AND until_s > ?2)")?;
    Ok(select.query_row(params![txid.0, to_integer("time", now_s)?], |row| row.get(0))?)
}

/// Number and bytes of pending transactions.
///
/// # Errors
/// When the database fails.
pub(crate) fn totals(conn: &Connection) -> Result<Totals, StoreError> {
    let mut select = conn.prepare_cached("SELECT transactions, bytes FROM mempool_totals")?;
    let totals = select.query_row([], |row| {
        Ok(Totals { transactions: get_u64(row, "transactions")?, bytes: get_u64(row, "bytes")? })
    })?;
    Ok(totals)
}

/// All pending transactions, in order of admission.
pub(super) fn select_all(conn: &Connection) -> Result<Vec<PendingTransaction>, StoreError> {
    let mut select = conn.prepare("SELECT * FROM mempool ORDER BY arrival")?;
    let rows = select.query_map([], to_pending)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The next nonces of all accounts with pending transactions.
pub(super) fn select_next_nonces(conn: &Connection) -> Result<Vec<(StacksAddress, u64)>, StoreError> {
    let mut select = conn.prepare("SELECT account, next_nonce FROM mempool_accounts ORDER BY account")?;
    let rows = select.query_map([], |row| Ok((to_account(row.get(0)?)?, u64::from_be_bytes(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The next nonce of an account that has pending transactions.
pub(super) fn select_next_nonce(conn: &Connection, account: &StacksAddress) -> Result<Option<u64>, StoreError> {
    let mut select = conn.prepare_cached("SELECT next_nonce FROM mempool_accounts WHERE account = ?1")?;
    let nonce = select.query_row([from_account(account)], |row| row.get(0).map(u64::from_be_bytes));
    Ok(nonce.optional()?)
}

/// The pending transaction that uses an account's nonce.
pub(super) fn select_by_nonce(
    conn: &Connection,
    account: &StacksAddress,
    nonce: u64,
) -> Result<Option<PendingTransaction>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT m.* FROM mempool_nonces n JOIN mempool m USING (arrival) WHERE n.account = ?1 AND n.nonce = ?2",
    )?;
    let values = params![from_account(account), nonce.to_be_bytes()];
    Ok(select.query_row(values, to_pending).optional()?)
}

/// The pending transactions that use a nonce of the account below the given one, lowest first.
pub(super) fn select_below_nonce(
    conn: &Connection,
    account: &StacksAddress,
    nonce: u64,
) -> Result<Vec<PendingTransaction>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT m.* FROM mempool_nonces n JOIN mempool m USING (arrival)
         WHERE n.account = ?1 AND n.nonce < ?2 ORDER BY n.nonce",
    )?;
    let rows = select.query_map(params![from_account(account), nonce.to_be_bytes()], to_pending)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Up to `limit` transactions that were accepted before the given time, oldest first.
pub(super) fn select_accepted_before(
    conn: &Connection,
    time_s: u64,
    limit: u32,
) -> Result<Vec<PendingTransaction>, StoreError> {
    let mut select =
        conn.prepare_cached("SELECT * FROM mempool WHERE accepted_s < ?1 ORDER BY accepted_s, arrival LIMIT ?2")?;
    let rows = select.query_map(params![to_integer("time", time_s)?, limit], to_pending)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stores a transaction; returns its arrival number. The accounts' rows must be there.
pub(super) fn insert_pending(
    tx: &Transaction<'_>,
    pending: &PendingTransaction,
    raw: &[u8],
) -> Result<u64, StoreError> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO mempool (txid, origin, origin_nonce, payer, payer_nonce, fee, size_bytes, accepted_s, restored)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING arrival",
    )?;
    let values = params![
        pending.txid.0,
        from_account(&pending.origin),
        pending.origin_nonce.to_be_bytes(),
        from_account(&pending.payer),
        pending.payer_nonce.to_be_bytes(),
        pending.fee.to_be_bytes(),
        pending.size_bytes,
        to_integer("time", pending.accepted_s)?,
        pending.restored,
    ];
    let arrival = insert.query_row(values, |row| get_u64(row, "arrival"))?;
    let row = to_integer("arrival", arrival)?;
    tx.prepare_cached("INSERT INTO mempool_raw (arrival, raw) VALUES (?1, ?2)")?.execute(params![row, raw])?;
    let mut insert = tx.prepare_cached("INSERT INTO mempool_nonces (account, nonce, arrival) VALUES (?1, ?2, ?3)")?;
    for (account, nonce) in pending.nonces() {
        insert.execute(params![from_account(&account), nonce.to_be_bytes(), row])?;
    }
    Ok(arrival)
}

/// Removes a transaction, its bytes, and the accounts that have no other.
pub(super) fn delete_pending(tx: &Transaction<'_>, pending: &PendingTransaction) -> Result<(), StoreError> {
    let row = to_integer("arrival", pending.arrival)?;
    let mut delete = tx.prepare_cached("DELETE FROM mempool_nonces WHERE account = ?1 AND nonce = ?2")?;
    for (account, nonce) in pending.nonces() {
        delete.execute(params![from_account(&account), nonce.to_be_bytes()])?;
    }
    // Deleted here too: a connection without foreign keys would leave the bytes behind.
    tx.prepare_cached("DELETE FROM mempool_raw WHERE arrival = ?1")?.execute([row])?;
    tx.prepare_cached("DELETE FROM mempool WHERE arrival = ?1")?.execute([row])?;
    Ok(())
}

/// Makes the row of an account that has none yet.
pub(super) fn insert_account(tx: &Transaction<'_>, account: &StacksAddress, nonce: u64) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO mempool_accounts (account, next_nonce, pending) VALUES (?1, ?2, 0)")?
        .execute(params![from_account(account), nonce.to_be_bytes()])?;
    Ok(())
}

/// Sets the next nonce of an account that has pending transactions; returns whether that changed anything.
pub(super) fn update_next_nonce(tx: &Transaction<'_>, account: &StacksAddress, nonce: u64) -> Result<bool, StoreError> {
    let mut update =
        tx.prepare_cached("UPDATE mempool_accounts SET next_nonce = ?2 WHERE account = ?1 AND next_nonce <> ?2")?;
    Ok(update.execute(params![from_account(account), nonce.to_be_bytes()])? > 0)
}

/// Refuses a transaction until the given time.
pub(super) fn insert_blacklisted(tx: &Transaction<'_>, txid: &Txid, until_s: u64) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO mempool_blacklist (txid, until_s) VALUES (?1, ?2)")?
        .execute(params![txid.0, to_integer("time", until_s)?])?;
    Ok(())
}

/// Deletes all but the `keep` blacklist entries that expire last.
pub(super) fn delete_blacklisted_beyond(tx: &Transaction<'_>, keep: u32) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM mempool_blacklist WHERE txid IN (
             SELECT txid FROM mempool_blacklist ORDER BY until_s DESC, txid LIMIT -1 OFFSET ?1)",
    )?
    .execute([keep])?;
    Ok(())
}

/// Deletes expired blacklist entries.
pub(super) fn delete_blacklisted_until(tx: &Transaction<'_>, now_s: u64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM mempool_blacklist WHERE until_s <= ?1")?.execute([to_integer("time", now_s)?])?;
    Ok(())
}

fn from_account(account: &StacksAddress) -> [u8; 21] {
    let mut bytes = [account.version(); 21];
    for (to, from) in bytes.iter_mut().skip(1).zip(account.hash160().0) {
        *to = from;
    }
    bytes
}

fn to_account(bytes: [u8; 21]) -> rusqlite::Result<StacksAddress> {
    let [version, hash @ ..] = bytes;
    StacksAddress::new(version, Hash160(hash)).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, version.into()))
}

fn to_pending(row: &Row<'_>) -> rusqlite::Result<PendingTransaction> {
    Ok(PendingTransaction {
        arrival: get_u64(row, "arrival")?,
        txid: Txid(row.get("txid")?),
        origin: to_account(row.get("origin")?)?,
        origin_nonce: u64::from_be_bytes(row.get("origin_nonce")?),
        payer: to_account(row.get("payer")?)?,
        payer_nonce: u64::from_be_bytes(row.get("payer_nonce")?),
        fee: u64::from_be_bytes(row.get("fee")?),
        size_bytes: row.get("size_bytes")?,
        accepted_s: get_u64(row, "accepted_s")?,
        restored: row.get("restored")?,
    })
}
