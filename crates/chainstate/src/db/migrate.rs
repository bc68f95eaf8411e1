//! Brings a database's tables up to date: numbered, append-only migrations, counted by `user_version`.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::OpenError;

/// Why the tables could not be brought up to date.
#[derive(Debug)]
pub(crate) enum MigrateError {
    Sqlite(rusqlite::Error),
    TooNew { found: usize, known: usize },
}

impl MigrateError {
    pub(crate) fn at(self, path: &Path) -> OpenError {
        match self {
            Self::Sqlite(source) => OpenError::database(path)(source),
            Self::TooNew { found, known } => OpenError::SchemaTooNew { path: path.to_owned(), found, known },
        }
    }
}

impl From<rusqlite::Error> for MigrateError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Applies the migrations that `conn` has not seen, in one transaction. Each is a list of batches.
pub(crate) fn migrate(conn: &mut Connection, migrations: &[&[&str]]) -> Result<(), MigrateError> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    let found: usize = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = migrations.len();
    let missing = migrations.get(found..).ok_or(MigrateError::TooNew { found, known })?;
    for batch in missing.iter().flat_map(|migration| migration.iter()) {
        tx.execute_batch(batch)?;
    }
    tx.pragma_update(None, "user_version", known)?;
    Ok(tx.commit()?)
}
