//! The content of a chain's databases, so that a test can check that nothing stays behind.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

use super::TestChain;

/// Every row of every table, under "file.table".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<String, Vec<String>>);

impl Snapshot {
    /// Without these tables.
    pub(crate) fn without(mut self, tables: &[&str]) -> Self {
        for table in tables {
            assert!(self.0.remove(*table).is_some(), "there is no table {table}");
        }
        self
    }

    /// These tables alone.
    pub(crate) fn only(mut self, tables: &[String]) -> Self {
        let there = tables.iter().all(|table| self.0.contains_key(table));
        assert!(there, "{tables:?} are not all in {:?}", self.0.keys());
        self.0.retain(|table, _| tables.contains(table));
        self
    }

    /// Fails with the first difference, in a few lines.
    pub(crate) fn assert_same(&self, other: &Self, what: &str) {
        assert_eq!(self.0.keys().collect::<Vec<_>>(), other.0.keys().collect::<Vec<_>>());
        for (table, rows) in &self.0 {
            let theirs = &other.0[table];
            let only =
                |a: &Vec<String>, b: &Vec<String>| a.iter().filter(|row| !b.contains(row)).cloned().collect::<Vec<_>>();
            assert!(rows == theirs, "{what}: {table} differs: {:?} / {:?}", only(rows, theirs), only(theirs, rows));
        }
    }
}

impl TestChain {
    /// The present content of the disk.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut tables = BTreeMap::new();
        for file in ["chainstate", "burn", "staging"] {
            read_file(&self.folder.path().join(format!("{file}.sqlite")), file, &mut tables);
        }
        // Bytes that no row refers to are overwritten later; their length would say nothing.
        Snapshot(tables)
    }
}

fn read_file(path: &Path, file: &str, tables: &mut BTreeMap<String, Vec<String>>) {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).expect("a database");
    let mut names =
        conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").expect("a schema");
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).expect("names").map(|name| name.expect("a name")).collect();
    for name in names {
        let mut select = conn.prepare(&format!("SELECT * FROM \"{name}\"")).expect("a table");
        let columns = select.column_count();
        let rows = select.query_map([], |row| (0..columns).map(|column| row.get::<_, Value>(column)).collect());
        let mut rows: Vec<String> = rows
            .expect("rows")
            .map(|row: rusqlite::Result<Vec<Value>>| row.expect("a row").iter().map(text).collect::<Vec<_>>().join(" "))
            .collect();
        rows.sort();
        tables.insert(format!("{file}.{name}"), rows);
    }
}

/// A short text that differs for different values.
fn text(value: &Value) -> String {
    match value {
        Value::Blob(bytes) if bytes.len() > 40 => {
            stacks_types::hashing::sha256(&[bytes]).iter().map(|byte| format!("{byte:02x}")).collect()
        }
        Value::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        other => format!("{other:?}"),
    }
}
