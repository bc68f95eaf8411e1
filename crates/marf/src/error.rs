//! What can go wrong, one enum per operation.
//!
//! # Not here
//! Who is to blame: a caller decides. `Damaged`, `Io` and `Sql` are the machine's; the rest are the caller's.

use std::path::PathBuf;

use crate::hash::{BlockId, TrieHash};

/// Why an index could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file could not be opened, read or cut.
    #[error("node file {path}")]
    Io {
        /// The node file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// Another handle, of this process or another, has the file open.
    #[error("node file {path} is in use")]
    InUse {
        /// The node file.
        path: PathBuf,
    },
    /// The file's bytes are not what was written.
    #[error("node file {path} is damaged at byte {offset}: {what}")]
    Damaged {
        /// The node file.
        path: PathBuf,
        /// Where, in bytes from the file's start.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// The file holds blocks that the table does not know.
    #[error("node file {path} holds blocks from byte {offset} on that table marf_blocks does not know")]
    Ahead {
        /// The node file.
        path: PathBuf,
        /// Where the first of them begins.
        offset: u64,
    },
    /// A row of the table `marf_blocks` contradicts the rows before it.
    #[error("row {number} of table marf_blocks is damaged: {what}")]
    DamagedRow {
        /// The row's number.
        number: i64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The index table could not be read or created.
    #[error("table marf_blocks")]
    Sql(#[from] rusqlite::Error),
}

/// Why a read, an insert, a seal or a commit failed.
#[derive(Debug, thiserror::Error)]
pub enum MarfError {
    /// The block is not stored.
    #[error("block {0} is unknown")]
    UnknownBlock(BlockId),
    /// A block of that id is stored already, or the id is the sentinel.
    #[error("block {0} cannot be stored: its id is taken")]
    IdTaken(BlockId),
    /// The trie was opened on another index.
    #[error("the trie belongs to another index")]
    ForeignTrie,
    /// Rows of the table are not those that this handle published.
    #[error("table marf_blocks holds {stored} rows, but {published} are published")]
    NotPublished {
        /// Rows in the table, as the transaction sees them.
        stored: u64,
        /// Blocks that this handle knows.
        published: u64,
    },
    /// A value is longer than a leaf may hold.
    #[error("value of {got} bytes, at most {max} are allowed")]
    ValueTooLong {
        /// The length of the value in bytes.
        got: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// A number does not fit: heights and block numbers are u32, file offsets 36 bits.
    #[error("the index is full: {0}")]
    Full(&'static str),
    /// The node file could not be read or written.
    #[error("node file {path}")]
    Io {
        /// The node file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// The file's bytes are not what was written.
    #[error("node file {path} is damaged at byte {offset}: {what}")]
    Damaged {
        /// The node file.
        path: PathBuf,
        /// Where, in bytes from the file's start.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// The index table could not be written.
    #[error("table marf_blocks")]
    Sql(#[from] rusqlite::Error),
}

/// Why bytes are not a proof. Final: the same bytes fail again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More bytes than any proof has.
    #[error("proof of {got} bytes, at most {max} are allowed")]
    TooLong {
        /// The number of bytes given.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// The bytes end within an entry.
    #[error("proof ends at byte {at}, within an entry")]
    Truncated {
        /// Where an entry's field begins that is not complete.
        at: usize,
    },
    /// Bytes follow the last entry.
    #[error("{0} bytes follow the proof")]
    TrailingBytes(usize),
    /// The type byte of an entry is unknown.
    #[error("entry {entry} has the unknown type {got}")]
    UnknownType {
        /// The entry's index.
        entry: usize,
        /// Its type byte.
        got: u8,
    },
    /// A length or number of an entry is out of its bounds.
    #[error("entry {entry}: {field} is {got}, out of bounds")]
    OutOfBounds {
        /// The entry's index.
        entry: usize,
        /// Which field of the entry.
        field: &'static str,
        /// Its value.
        got: u64,
    },
}

/// Why a proof does not prove what it is claimed to. Final for the same root and the same known roots.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Segments and shunt groups do not alternate as they must.
    #[error("entry {0} is not of the type that must stand there")]
    Shape(usize),
    /// A segment does not lead along the path.
    #[error("segment {0} does not follow the path")]
    WrongPath(usize),
    /// The leaf holds another value.
    #[error("the leaf holds another value")]
    WrongLeaf,
    /// A node has no child under the byte that its entry names.
    #[error("entry {0} has no child under its byte")]
    NoChild(usize),
    /// The index of a shunt lies outside its list.
    #[error("entry {0} has an index outside its list")]
    ShuntIndex(usize),
    /// A root on the way is not the root of a known block.
    #[error("root {0} is of no known block")]
    UnknownRoot(TrieHash),
    /// The proof ends in another root.
    #[error("the proof ends in root {got}, expected {expected}")]
    WrongRoot {
        /// The root that the proof computes.
        got: TrieHash,
        /// The root that it should.
        expected: TrieHash,
    },
}
