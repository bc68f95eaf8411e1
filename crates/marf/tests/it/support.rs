//! A MARF in a folder of its own.

use std::path::PathBuf;

use marf::{BlockId, Marf, OpenError, OpenTrie, SealedTrie, TrieHash};
use rusqlite::Connection;
use sqlite::Durability;

/// A folder with a node file and an index, both open.
pub(crate) struct Home {
    pub(crate) marf: Marf,
    pub(crate) conn: Connection,
    folder: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (marf, conn) = open(&folder).unwrap();
        Self { marf, conn, folder }
    }

    /// Closes both files, changes the node file by `meddle`, and opens both again.
    pub(crate) fn reopen_after(self, meddle: impl FnOnce(&mut Vec<u8>)) -> Result<Self, OpenError> {
        self.try_reopen_after(meddle).map_err(|(error, _)| error)
    }

    /// As [`Home::reopen_after`]; keeps the files if they cannot be opened.
    pub(crate) fn try_reopen_after(self, meddle: impl FnOnce(&mut Vec<u8>)) -> Result<Self, (OpenError, Closed)> {
        let Self { marf, conn, folder } = self;
        drop((marf, conn));
        Closed { folder }.try_open_after(meddle)
    }

    pub(crate) fn reopen(self) -> Self {
        self.reopen_after(|_| ()).unwrap()
    }

    pub(crate) fn nodes(&self) -> PathBuf {
        self.folder.path().join("nodes")
    }

    pub(crate) fn nodes_bytes(&self) -> u64 {
        std::fs::metadata(self.nodes()).unwrap().len()
    }

    /// Commits and publishes a sealed trie.
    pub(crate) fn store(&mut self, sealed: &SealedTrie, block_id: BlockId) {
        let tx = self.conn.transaction().unwrap();
        let pending = self.marf.commit(&tx, sealed, block_id).unwrap();
        tx.commit().unwrap();
        self.marf.publish(pending);
    }

    /// Commits a sealed trie, but rolls the transaction back.
    pub(crate) fn store_and_roll_back(&mut self, sealed: &SealedTrie, block_id: BlockId) {
        let tx = self.conn.transaction().unwrap();
        drop(self.marf.commit(&tx, sealed, block_id).unwrap());
        tx.rollback().unwrap();
    }

    /// Stores a block with the given keys and values, opened under its own id.
    pub(crate) fn append(&mut self, parent: BlockId, block_id: BlockId, writes: &[(&str, &str)]) -> TrieHash {
        let mut trie = self.marf.begin(parent, block_id).unwrap();
        insert_all(&mut trie, writes);
        let sealed = trie.seal().unwrap();
        self.store(&sealed, block_id);
        sealed.root()
    }
}

/// The files of a [`Home`], closed.
pub(crate) struct Closed {
    folder: tempfile::TempDir,
}

impl Closed {
    pub(crate) fn open_after(self, meddle: impl FnOnce(&mut Vec<u8>)) -> Result<Home, OpenError> {
        self.try_open_after(meddle).map_err(|(error, _)| error)
    }

    fn try_open_after(self, meddle: impl FnOnce(&mut Vec<u8>)) -> Result<Home, (OpenError, Self)> {
        let nodes = self.folder.path().join("nodes");
        let mut bytes = std::fs::read(&nodes).unwrap();
        meddle(&mut bytes);
        std::fs::write(&nodes, bytes).unwrap();
        match open(&self.folder) {
            Ok((marf, conn)) => Ok(Home { marf, conn, folder: self.folder }),
            Err(error) => Err((error, self)),
        }
    }
}

fn open(folder: &tempfile::TempDir) -> Result<(Marf, Connection), OpenError> {
    let conn = Connection::open(folder.path().join("index.sqlite")).unwrap();
    conn.pragma_update(None, "journal_mode", "WAL").unwrap();
    let marf = Marf::open(&folder.path().join("nodes"), &conn, Durability::Unsynced)?;
    Ok((marf, conn))
}

pub(crate) fn insert_all(trie: &mut OpenTrie, writes: &[(&str, &str)]) {
    for (key, value) in writes {
        trie.insert(key, value).unwrap();
    }
}

/// The id of test block `number`.
pub(crate) fn id(number: usize) -> BlockId {
    let mut id = [0x11; 32];
    id[..8].copy_from_slice(&(number as u64).to_be_bytes());
    BlockId(id)
}
