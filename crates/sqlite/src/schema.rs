//! The tables of a database as numbered steps: each is applied once, in order, and is never edited.
//!
//! `user_version` is the version of a file's tables. The steps of a database are the files of a folder that is named for it,
//! `migrations/<database>/<version>_<what>.sql` in the crate that it belongs to. A test pins the hash of each.

use std::path::PathBuf;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::OpenError;

/// The tables of one kind of database.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// SQLite's `application_id`, 31 bits: tells our kinds of files from each other and from other programs' files. 0
    /// if the kind has none.
    pub application_id: u32,
    /// The steps, oldest first. Steps are only added at the end.
    pub migrations: &'static [Migration],
}

/// One step of a schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The version of the tables after this step, from 1. Steps that were released together have the same version.
    pub version: u32,
    /// Content of the step's SQL file.
    pub sql: &'static str,
}

impl Schema {
    /// The newest version of the tables, that of the last step.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.migrations.last().map_or(0, |step| step.version)
    }

    /// Brings the tables up to date in one transaction: all steps that are missing, or none.
    ///
    /// # Errors
    /// [`OpenError`]: the file is of another kind or a newer version, is in use, or cannot be written.
    pub fn migrate(&self, conn: &mut Connection) -> Result<(), OpenError> {
        let path = path_of(conn);
        let at = OpenError::database(&path);
        let tx = conn.transaction_with_behavior(TransactionBehavior::Exclusive).map_err(&at)?;
        if self.application_id != 0 && is_empty(&tx).map_err(&at)? {
            tx.pragma_update(None, "application_id", self.application_id).map_err(&at)?;
        }
        let found = self.check(&tx)?;
        for step in self.migrations.iter().filter(|step| step.version > found) {
            tx.execute_batch(step.sql).map_err(&at)?;
            tx.pragma_update(None, "user_version", step.version).map_err(&at)?;
        }
        tx.commit().map_err(&at)
    }

    /// The version of a file's tables; 0 if the file is empty. Writes nothing.
    ///
    /// # Errors
    /// [`OpenError`]: the file is of another kind or a newer version, or cannot be read.
    pub fn check(&self, conn: &Connection) -> Result<u32, OpenError> {
        let path = path_of(conn);
        let read = |pragma| conn.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        let id = read("application_id").map_err(OpenError::database(&path))?;
        let found = read("user_version").map_err(OpenError::database(&path))?;
        if id != self.application_id.into() {
            return Err(OpenError::WrongFile { path, found: id, expected: self.application_id });
        }
        let known = self.version();
        match u32::try_from(found) {
            Ok(version) if version <= known => Ok(version),
            _ => Err(OpenError::SchemaTooNew { path, found, known }),
        }
    }

    /// Whether anything was ever stored in the file. Writes nothing.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn is_made(&self, conn: &Connection) -> Result<bool, OpenError> {
        let is_empty = is_empty(conn).map_err(OpenError::database(&path_of(conn)))?;
        Ok(!is_empty && self.check(conn)? > 0)
    }
}

fn is_empty(conn: &Connection) -> rusqlite::Result<bool> {
    conn.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

/// Path for errors; empty for a database in memory.
fn path_of(conn: &Connection) -> PathBuf {
    conn.path().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &[Migration] = &[
        Migration { version: 1, sql: "CREATE TABLE a (n INTEGER)" },
        Migration { version: 1, sql: "CREATE TABLE b (n INTEGER)" },
        Migration { version: 2, sql: "INSERT INTO a VALUES (2)" },
        Migration { version: 3, sql: "INSERT INTO a SELECT n + 1 FROM a" },
    ];
    const SCHEMA: Schema = Schema { application_id: 0x7070_6050, migrations: STEPS };

    fn numbers(conn: &Connection) -> Vec<u32> {
        let mut select = conn.prepare("SELECT n FROM a ORDER BY n").unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn each_step_is_applied_once_from_wherever_a_file_is() {
        for begun in 0..=STEPS.len() {
            let mut conn = Connection::open_in_memory().unwrap();
            let earlier = Schema { migrations: &STEPS[..begun], ..SCHEMA };
            if begun == 1 {
                continue; // Half of a version, which no program ever had.
            }
            assert!(!SCHEMA.is_made(&conn).unwrap());
            earlier.migrate(&mut conn).unwrap();
            if begun > 0 {
                assert_eq!(SCHEMA.check(&conn).unwrap(), earlier.version());
                assert!(SCHEMA.is_made(&conn).unwrap());
            }
            for _ in 0..2 {
                SCHEMA.migrate(&mut conn).unwrap();
                assert_eq!((SCHEMA.check(&conn).unwrap(), numbers(&conn)), (3, vec![2, 3]));
            }
        }
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        const BAD: &[Migration] = &[STEPS[0], STEPS[2], Migration { version: 3, sql: "INSERT INTO c VALUES (1)" }];
        let mut conn = Connection::open_in_memory().unwrap();
        assert!(Schema { migrations: BAD, ..SCHEMA }.migrate(&mut conn).is_err());
        assert!(!SCHEMA.is_made(&conn).unwrap());
        Schema { migrations: &STEPS[..2], ..SCHEMA }.migrate(&mut conn).unwrap();
        assert!(Schema { migrations: BAD, ..SCHEMA }.migrate(&mut conn).is_err());
        assert_eq!((SCHEMA.check(&conn).unwrap(), numbers(&conn)), (1, vec![]));
    }

    #[test]
    fn another_kind_of_file_and_a_newer_version_are_refused_and_left_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let mut conn = Connection::open(&path).unwrap();
        SCHEMA.migrate(&mut conn).unwrap();
        let other = Schema { application_id: 7, ..SCHEMA }.migrate(&mut conn).unwrap_err();
        assert!(matches!(other, OpenError::WrongFile { found: 0x7070_6050, expected: 7, .. }), "{other}");
        for found in [4, 99, -1] {
            conn.pragma_update(None, "user_version", found).unwrap();
            let newer = SCHEMA.migrate(&mut conn).unwrap_err();
            let text = newer.to_string();
            assert!(matches!(newer, OpenError::SchemaTooNew { known: 3, .. }), "{text}");
            assert!(text.contains("a.sqlite") && text.contains(&format!("schema {found},")), "{text}");
            let left: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
            assert_eq!((left, numbers(&conn)), (found, vec![2, 3]));
        }
        // Tables of another program that sets no id.
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(SCHEMA.migrate(&mut conn), Err(OpenError::WrongFile { found: 0, .. })));
    }

    #[test]
    fn a_file_that_somebody_writes_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let mut conn = Connection::open(&path).unwrap();
        conn.busy_timeout(std::time::Duration::ZERO).unwrap();
        assert!(matches!(SCHEMA.migrate(&mut conn), Err(OpenError::InUse { .. })));
    }
}
