//! How far each observer has come, on disk.
//!
//! A separate file, so that checkpoints and the chain's writer never wait for each other. With at most
//! `synchronous=NORMAL` a checkpoint survives the death of the process and costs no sync. A power cut may lose the last
//! ones; then posts are repeated, which every observer must handle anyway.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use sqlite::{Durability, Migration, Schema};

/// Name of the file in the data folder.
pub(super) const FILE: &str = "observers.sqlite";

const SCHEMA: Schema = Schema {
    application_id: 0,
    migrations: &[
        Migration { version: 1, sql: include_str!("../../migrations/observers/0001_observers.sql") },
        Migration { version: 2, sql: include_str!("../../migrations/observers/0002_blocks_from.sql") },
    ],
};

/// How far one observer has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    /// Id of the journal that the sequences belong to.
    pub(super) journal_id: [u8; 16],
    /// Sequence of the first event that is not fully delivered.
    pub(super) next_sequence: u64,
    /// Number of posts of that event that are delivered.
    pub(super) posts_done: usize,
    /// Below this sequence only burn blocks and blocks are posted.
    pub(super) history_end: u64,
    /// Below this sequence only burn blocks are posted: those that the first block of a replay needs.
    pub(super) blocks_from: u64,
    /// Chain length of the newest block that was delivered.
    pub(super) delivered_height: Option<u64>,
    /// Sequences (first, one after the last) of which only burn blocks and blocks were left in the journal.
    pub(super) gap: Option<(u64, u64)>,
}

impl Progress {
    /// Progress of an observer that is new to a journal: burn blocks and blocks so far, then everything.
    pub(super) const fn new(journal_id: [u8; 16], newest: u64) -> Self {
        Self {
            journal_id,
            next_sequence: 1,
            posts_done: 0,
            history_end: newest.saturating_add(1),
            blocks_from: 0,
            delivered_height: None,
            gap: None,
        }
    }
}

/// The file of checkpoints. Cheap to clone.
#[derive(Clone)]
pub(super) struct Store {
    conn: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// When the file cannot be used. Without it, all observers would start over.
    pub(super) fn open(folder: &Path, durability: Durability) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let context = || format!("{} cannot be used; without it all observers get everything again", path.display());
        let mut conn = sqlite::open_unchecked(&path).with_context(context)?;
        let synchronous = match durability {
            Durability::Synced => "NORMAL",
            Durability::Unsynced => "OFF",
        };
        conn.pragma_update(None, "synchronous", synchronous).with_context(context)?;
        conn.pragma_update(None, "journal_mode", "WAL").with_context(context)?;
        let verdict: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).with_context(context)?;
        if verdict != "ok" {
            bail!("{}: {verdict}", context());
        }
        SCHEMA.migrate(&mut conn).with_context(context)?;
        Ok(Self { conn: Arc::new(Mutex::new(conn)) })
    }

    /// Checkpoint of an observer; `None` for a new one.
    pub(super) fn progress(&self, endpoint: &str) -> rusqlite::Result<Option<Progress>> {
        let conn = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        let sql = "SELECT * FROM observers WHERE endpoint = ?1";
        conn.prepare_cached(sql)?.query_row([endpoint], progress_from_row).optional()
    }

    /// Stores the checkpoint of an observer.
    pub(super) fn checkpoint(&self, endpoint: &str, progress: &Progress) -> rusqlite::Result<()> {
        let conn = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        conn.prepare_cached(include_str!("checkpoint.sql"))?.execute(named_params! {
            ":endpoint": endpoint,
            ":journal_id": progress.journal_id,
            ":next_sequence": progress.next_sequence,
            ":posts_done": progress.posts_done,
            ":history_end": progress.history_end,
            ":blocks_from": progress.blocks_from,
            ":delivered_height": progress.delivered_height,
            ":thinned_from": progress.gap.map(|(from, _)| from),
            ":thinned_to": progress.gap.map(|(_, to)| to),
        })?;
        Ok(())
    }
}

fn progress_from_row(row: &Row<'_>) -> rusqlite::Result<Progress> {
    let gap: (Option<u64>, Option<u64>) = (row.get("thinned_from")?, row.get("thinned_to")?);
    Ok(Progress {
        journal_id: row.get("journal_id")?,
        next_sequence: row.get("next_sequence")?,
        posts_done: row.get("posts_done")?,
        history_end: row.get("history_end")?,
        blocks_from: row.get("blocks_from")?,
        delivered_height: row.get("delivered_height")?,
        gap: gap.0.zip(gap.1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_back_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut progress = Progress::new([7; 16], 41);
        {
            let store = Store::open(folder.path(), Durability::Synced).unwrap();
            assert_eq!(store.progress("a:1").unwrap(), None);
            store.checkpoint("a:1", &progress).unwrap();
            progress.next_sequence = 12;
            progress.posts_done = 1;
            progress.blocks_from = 9;
            progress.delivered_height = Some(3);
            progress.gap = Some((4, 9));
            store.checkpoint("a:1", &progress).unwrap();
        }
        let store = Store::open(folder.path(), Durability::Synced).unwrap();
        assert_eq!(store.progress("a:1").unwrap(), Some(progress));
        assert_eq!(store.progress("b:1").unwrap(), None);
    }

    #[test]
    fn checkpoints_are_as_durable_as_the_chain() {
        // The numbers that SQLite gives NORMAL and OFF.
        for (durability, expected) in [(Durability::Synced, 1), (Durability::Unsynced, 0)] {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path(), durability).unwrap();
            let found: u8 = store.conn.lock().unwrap().query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
            assert_eq!(found, expected, "{durability:?}");
        }
    }

    #[test]
    fn a_damaged_file_is_reported_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "this is no database, by its first bytes").unwrap();
        let error = Store::open(folder.path(), Durability::Synced).err().map(|error| format!("{error:#}")).unwrap();
        assert!(error.contains(FILE), "{error}");
    }
}
