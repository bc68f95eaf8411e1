//! The committed blocks: the table `marf_blocks`, and its content in memory.
//!
//! A block takes about 160 bytes of memory (100,000 blocks: 16 MB), so that heights, ancestors and roots need no I/O.
//! Each block knows its parent and one far ancestor (its jump); with these an ancestor at any height is found in a
//! number of steps that grows as the logarithm of the distance.
//!
//! # Invariants
//! - Blocks are numbered from 0 in the order of commits; a parent's number is lower than its child's.
//! - Segments follow each other in the order of the numbers, without gaps.
//!
//! # Not here
//! The bookkeeping keys, which hold the same facts inside the tries (docs/CONSENSUS.md#opening-a-block): `open_trie`
//! writes them.

use std::collections::HashMap;

use rusqlite::{Connection, Row, Transaction, named_params};

use crate::error::OpenError;
use crate::file::HEADER_BYTES;
use crate::hash::{BlockId, SENTINEL, TrieHash};

/// Stands for the parent of a block that has none.
const NO_PARENT: u32 = u32::MAX;

/// A committed block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IndexEntry {
    pub(crate) id: BlockId,
    pub(crate) root: TrieHash,
    parent: u32,
    jump: u32,
    pub(crate) height: u32,
    /// Offsets of its segment's first byte and of the byte after its last.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Offset of its root node's record.
    pub(crate) root_at: u64,
}

impl IndexEntry {
    pub(crate) fn parent(&self) -> Option<u32> {
        (self.parent != NO_PARENT).then_some(self.parent)
    }
}

/// A row of the table: an entry whose jump is not computed yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockRow {
    pub(crate) id: BlockId,
    pub(crate) root: TrieHash,
    pub(crate) parent: Option<u32>,
    pub(crate) height: u32,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) root_at: u64,
    /// 64-bit checksum of the segment's bytes.
    pub(crate) checksum: u64,
}

#[derive(Default)]
pub(crate) struct Index {
    entries: Vec<IndexEntry>,
    /// Starts of the segments, apart from the entries because decoding a node searches them for each child.
    starts: Vec<u64>,
    numbers: HashMap<BlockId, u32>,
}

impl Index {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Offset of the next segment.
    pub(crate) fn end(&self) -> u64 {
        self.entries.last().map_or(HEADER_BYTES, |entry| entry.end)
    }

    /// Bytes of the longest segment; 0 without blocks.
    pub(crate) fn longest(&self) -> u64 {
        self.entries.iter().map(|entry| entry.end - entry.start).max().unwrap_or_default()
    }

    pub(crate) fn number_of(&self, id: &BlockId) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    pub(crate) fn entry(&self, number: u32) -> Option<&IndexEntry> {
        self.entries.get(usize::try_from(number).ok()?)
    }

    pub(crate) fn entry_of(&self, id: &BlockId) -> Option<&IndexEntry> {
        self.entry(self.number_of(id)?)
    }

    /// Number of the block whose segment holds the byte at offset `at`; `None` past the last segment.
    pub(crate) fn block_at(&self, at: u64) -> Option<u32> {
        if at >= self.end() {
            return None;
        }
        let after = self.starts.partition_point(|start| *start <= at);
        u32::try_from(after.checked_sub(1)?).ok()
    }

    /// The number of the ancestor of `number` at `height`, or `number` itself at its own height.
    pub(crate) fn ancestor(&self, number: u32, height: u32) -> Option<u32> {
        let mut number = number;
        loop {
            let entry = self.entry(number)?;
            if entry.height == height {
                return Some(number);
            }
            let jump = self.entry(entry.jump)?;
            number = if entry.height < height {
                return None;
            } else if jump.height >= height && entry.jump != number {
                entry.jump
            } else {
                entry.parent()?
            };
        }
    }

    /// R(1), R(2), R(4) ... of a block whose parent is `parent` (docs/CONSENSUS.md#node-hashes): roots of the ancestors
    /// 1, 2, 4 ... blocks back.
    pub(crate) fn ancestor_roots(&self, parent: Option<u32>) -> Vec<TrieHash> {
        let mut roots = Vec::new();
        let Some(parent) = parent else { return roots };
        let Some(height) = self.entry(parent).map(|entry| u64::from(entry.height) + 1) else { return roots };
        let mut ancestor = Some(parent);
        let mut distance = 1_u64;
        while let Some(entry) = ancestor.and_then(|number| self.entry(number)) {
            roots.push(entry.root);
            distance *= 2;
            let Some(target) = height.checked_sub(distance).and_then(|target| u32::try_from(target).ok()) else {
                break;
            };
            ancestor = ancestor.and_then(|number| self.ancestor(number, target));
        }
        roots
    }

    /// Adds the next block. The caller has checked that `row` fits the blocks before it.
    pub(crate) fn push(&mut self, row: &BlockRow) {
        let Ok(number) = u32::try_from(self.entries.len()) else { return };
        self.entries.push(IndexEntry {
            id: row.id,
            root: row.root,
            parent: row.parent.unwrap_or(NO_PARENT),
            jump: self.jump_of(number, row.parent),
            height: row.height,
            start: row.start,
            end: row.end,
            root_at: row.root_at,
        });
        self.starts.push(row.start);
        self.numbers.insert(row.id, number);
    }

    /// Removes the last block, if it is `number`.
    pub(crate) fn pop(&mut self, number: u32) {
        if usize::try_from(number).ok().map(|number| number + 1) == Some(self.entries.len()) {
            self.starts.pop();
            if let Some(entry) = self.entries.pop() {
                self.numbers.remove(&entry.id);
            }
        }
    }

    /// The jump of a child of `parent`: if the parent's last two jumps were equally long, the end of both, else the
    /// parent. So jumps double in length, as in a skew-binary number. A block without parent jumps to itself.
    fn jump_of(&self, number: u32, parent: Option<u32>) -> u32 {
        let far = || {
            let near = self.entry(parent?)?;
            let middle = self.entry(near.jump)?;
            let end = self.entry(middle.jump)?;
            let equal = near.height - middle.height == middle.height - end.height;
            equal.then_some(middle.jump)
        };
        far().or(parent).unwrap_or(number)
    }

    /// Checks that `row` can be the next block. `Err` says what is wrong.
    fn check_next(&self, row: &BlockRow) -> Result<(), &'static str> {
        if row.id == SENTINEL || self.numbers.contains_key(&row.id) {
            return Err("its id is taken");
        }
        let height = match row.parent {
            None => 0,
            Some(parent) => {
                let parent = self.entry(parent).ok_or("its parent does not come before it")?;
                parent.height.checked_add(1).ok_or("its height is not one more than its parent's")?
            }
        };
        if row.height != height {
            return Err("its height is not one more than its parent's");
        }
        if row.start != self.end() {
            return Err("its segment does not follow the one before it");
        }
        if !(row.start..row.end).contains(&row.root_at) {
            return Err("its root node is not within its segment");
        }
        Ok(())
    }
}

/// Creates the table `marf_blocks` if there is none.
pub(crate) fn create_tables(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(include_str!("../../migrations/marf/0001_blocks.sql"))
}

/// Reads all blocks, and the checksums of their segments in the order of the blocks.
pub(crate) fn load(conn: &Connection) -> Result<(Index, Vec<u64>), OpenError> {
    let mut index = Index::default();
    let mut checksums = Vec::new();
    let mut statement = conn.prepare(include_str!("../sql/select_blocks.sql"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let number: i64 = row.get("number")?;
        let damaged = |what| OpenError::DamagedRow { number, what };
        if usize::try_from(number).ok() != Some(index.len()) || number >= i64::from(NO_PARENT) {
            return Err(damaged("its number does not follow the one before it"));
        }
        let block = read_row(row).map_err(OpenError::Sql)?.ok_or_else(|| damaged("a number is out of bounds"))?;
        index.check_next(&block).map_err(damaged)?;
        checksums.push(block.checksum);
        index.push(&block);
    }
    Ok((index, checksums))
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Option<BlockRow>> {
    let parent: Option<i64> = row.get("parent")?;
    let height: i64 = row.get("height")?;
    let (start, end, root_at): (i64, i64, i64) =
        (row.get("segment_start")?, row.get("segment_end")?, row.get("root_at")?);
    let checksum: [u8; 8] = row.get("checksum")?;
    let (id, root): ([u8; 32], [u8; 32]) = (row.get("block_id")?, row.get("root")?);
    let convert = || {
        Some(BlockRow {
            id: BlockId(id),
            root: TrieHash(root),
            parent: parent.map(u32::try_from).transpose().ok()?,
            height: u32::try_from(height).ok()?,
            start: u64::try_from(start).ok()?,
            end: u64::try_from(end).ok()?,
            root_at: u64::try_from(root_at).ok()?,
            checksum: u64::from_be_bytes(checksum),
        })
    };
    Ok(convert())
}

/// Number of rows, as `tx` sees them.
pub(crate) fn count_rows(tx: &Transaction<'_>) -> rusqlite::Result<u64> {
    let last: Option<i64> =
        tx.prepare_cached(include_str!("../sql/last_number.sql"))?.query_row([], |row| row.get(0))?;
    Ok(last.and_then(|last| u64::try_from(last).ok()).map_or(0, |last| last + 1))
}

/// Inserts the row of block `number`.
pub(crate) fn insert_row(tx: &Transaction<'_>, number: u32, row: &BlockRow) -> rusqlite::Result<()> {
    let place = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX); // Offsets have 36 bits.
    tx.prepare_cached(include_str!("../sql/insert_block.sql"))?.execute(named_params! {
        ":number": number,
        ":block_id": row.id.0,
        ":parent": row.parent,
        ":height": row.height,
        ":root": row.root.0,
        ":segment_start": place(row.start),
        ":segment_end": place(row.end),
        ":root_at": place(row.root_at),
        ":checksum": row.checksum.to_be_bytes(),
    })?;
    Ok(())
}

#[cfg(test)]
mod tests;
