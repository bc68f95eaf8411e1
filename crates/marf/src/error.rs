//! Errors, one enum per operation. `Damaged`, `Io` and `Sql` are faults of the machine, the others of the caller.

use std::path::PathBuf;

use crate::hash::BlockId;

/// Why an index could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The node file could not be opened, read or cut.
    #[error("node file {path}")]
    Io {
        /// Path of the node file.
        path: PathBuf,
        /// Error of the system.
        #[source]
        cause: std::io::Error,
    },
    /// Another handle, of this process or another, has the file open.
    #[error("node file {path} is in use")]
    InUse {
        /// Path of the node file.
        path: PathBuf,
    },
    /// The file does not hold the bytes that were written.
    #[error("node file {path} is damaged at byte {offset}: {what}")]
    Damaged {
        /// Path of the node file.
        path: PathBuf,
        /// Offset of the damage in the file, in bytes.
        offset: u64,
        /// What is wrong there, in a few words.
        what: &'static str,
    },
    /// The file holds blocks without rows in the table.
    #[error("node file {path} holds blocks from byte {offset} on that table marf_blocks does not know")]
    Ahead {
        /// Path of the node file.
        path: PathBuf,
        /// Offset of the first of these blocks, in bytes.
        offset: u64,
    },
    /// A row of the table `marf_blocks` contradicts the rows before it.
    #[error("row {number} of table marf_blocks is damaged: {what}")]
    DamagedRow {
        /// Number of the row, which is its block's.
        number: i64,
        /// What is wrong with the row, in a few words.
        what: &'static str,
    },
    /// The index table could not be read or created.
    #[error("table marf_blocks")]
    Sql(#[from] rusqlite::Error),
}

/// Why a read, an insert, a seal or a commit failed.
#[derive(Debug, thiserror::Error)]
pub enum MarfError {
    /// No block with this id is published.
    #[error("block {0} is unknown")]
    UnknownBlock(BlockId),
    /// A block with this id is stored already, or the id is the sentinel.
    #[error("block {0} cannot be stored: its id is taken")]
    IdTaken(BlockId),
    /// The trie was opened on another index.
    #[error("the trie belongs to another index")]
    ForeignTrie,
    /// The table does not hold the rows that this handle published.
    #[error("table marf_blocks holds {stored} rows, but {published} are published")]
    NotPublished {
        /// Rows in the table, as the transaction sees them.
        stored: u64,
        /// Blocks that this handle has published.
        published: u64,
    },
    /// A value is longer than a leaf may hold.
    #[error("value of {got} bytes, at most {max} are allowed")]
    ValueTooLong {
        /// Length of the value in bytes.
        got: usize,
        /// Longest value in bytes.
        max: usize,
    },
    /// A number does not fit: heights and block numbers are u32, file offsets 36 bits.
    #[error("the index is full: {0}")]
    Full(&'static str),
    /// The node file could not be read or written.
    #[error("node file {path}")]
    Io {
        /// Path of the node file.
        path: PathBuf,
        /// Error of the system.
        #[source]
        cause: std::io::Error,
    },
    /// The file does not hold the bytes that were written.
    #[error("node file {path} is damaged at byte {offset}: {what}")]
    Damaged {
        /// Path of the node file.
        path: PathBuf,
        /// Offset of the damage in the file, in bytes.
        offset: u64,
        /// What is wrong there, in a few words.
        what: &'static str,
    },
    /// The index table could not be written.
    #[error("table marf_blocks")]
    Sql(#[from] rusqlite::Error),
}
