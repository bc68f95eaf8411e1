mod model;

use super::error::MarkError;
use super::writer::{
    MAX_BURN_UNKNOWN_BLOCKS, MAX_BURN_UNKNOWN_BYTES, MAX_ORPHAN_DETAIL_BYTES, MAX_ORPHANED_WITH_DATA,
    MAX_WAITING_BLOCKS,
};
use super::*;
use crate::db::OpenError;
use crate::rejection::Rejection;
use nakamoto_proto::v1::RejectReason;
use sqlite::Durability;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// A rejection for tests; staging stores any reason.
fn rejection(detail: &str) -> Rejection {
    Rejection::Known { reason: RejectReason::BadStateRoot, detail: detail.to_owned() }
}

fn id(number: u8) -> StacksBlockId {
    StacksBlockId([number; 32])
}

fn burn(number: u8) -> BurnBlockHash {
    BurnBlockHash([number; 32])
}

/// A block with these bytes on `parent`, with a known burn view and an unknown parent.
fn block(number: u8, parent: u8, data: &[u8]) -> NewBlock<'_> {
    NewBlock {
        block_id: id(number),
        parent_block_id: id(parent),
        burn_block_hash: burn(1),
        chain_length: u64::from(number),
        burn_attachable: true,
        stacks_attachable: false,
        data,
    }
}

struct Staging {
    folder: TempDir,
    db: StagingWriter,
}

impl StagingWriter {
    fn open(path: &Path, durability: Durability) -> Result<Self, OpenError> {
        Self::open_inspected(sqlite::inspect(path)?, Arc::default(), durability)
    }
}

fn staging() -> Staging {
    let folder = tempfile::tempdir().unwrap();
    let db = StagingWriter::open(&folder.path().join("staging.sqlite"), Durability::Unsynced).unwrap();
    Staging { folder, db }
}

impl Staging {
    fn reopen(self) -> Self {
        let Self { folder, db } = self;
        drop(db); // A file has one writer.
        let db = StagingWriter::open(&folder.path().join("staging.sqlite"), Durability::Unsynced).unwrap();
        Self { folder, db }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("staging.sqlite")
    }

    fn next(&self) -> Option<StacksBlockId> {
        self.db.get_next_processable_block().unwrap().map(|block| block.block_id)
    }
}

#[test]
fn a_stored_block_is_read_back_and_storing_it_again_changes_nothing() {
    let mut staging = staging();
    let new = block(5, 4, b"five");
    assert_eq!(staging.db.store(&new).unwrap(), StageOutcome::Stored);
    assert_eq!(staging.db.store(&new).unwrap(), StageOutcome::AlreadyKnown(StagingState::Stored));
    let stored = staging.db.get_staging_block(&id(5)).unwrap().unwrap();
    let expected = StagedBlock {
        row: 1,
        block_id: id(5),
        parent_block_id: id(4),
        burn_block_hash: burn(1),
        chain_length: 5,
        burn_attachable: true,
        stacks_attachable: false,
        state: StagingState::Stored,
        data: b"five".to_vec(),
    };
    assert_eq!(stored, expected);
    let reader = StagingReader::open(&staging.path()).unwrap();
    assert_eq!(reader.blocks_after(0, 10, 0).unwrap(), vec![expected], "one comes in any case");
    assert_eq!(reader.blocks_after(1, 10, 0).unwrap(), vec![]);
    assert_eq!(reader.get_staging_block(&id(6)).unwrap(), None);
    assert_eq!(reader.state(&id(6)).unwrap(), None);
}

#[test]
fn blocks_that_are_read_together_are_bounded_in_number_and_bytes() {
    let mut staging = staging();
    for number in 2..6 {
        staging.db.store(&block(number, 1, b"bytes")).unwrap();
    }
    let reader = StagingReader::open(&staging.path()).unwrap();
    let rows = |limit, max_bytes| -> Vec<u64> {
        reader.blocks_after(1, limit, max_bytes).unwrap().iter().map(|block| block.row).collect()
    };
    assert_eq!(
        (rows(10, 15), rows(10, 14), rows(10, 1), rows(2, 15)),
        (vec![2, 3, 4], vec![2, 3], vec![2], vec![2, 3])
    );
}

#[test]
fn a_block_is_processable_once_both_flags_are_set() {
    let mut staging = staging();
    let unknown_burn = NewBlock { burn_attachable: false, ..block(2, 1, b"2") };
    staging.db.store(&unknown_burn).unwrap();
    assert_eq!(staging.db.burn_hashes_waited_for().unwrap(), vec![burn(1)]);
    assert_eq!(staging.db.set_stacks_attachable(&id(1)).unwrap(), 1);
    assert_eq!(staging.next(), None);
    assert_eq!(staging.db.set_burn_attachable(&burn(9)).unwrap(), 0);
    assert_eq!(staging.db.set_burn_attachable(&burn(1)).unwrap(), 1);
    assert_eq!(staging.db.set_burn_attachable(&burn(1)).unwrap(), 0);
    assert_eq!(staging.next(), Some(id(2)));
    assert_eq!(staging.db.burn_hashes_waited_for().unwrap(), vec![]);
}

#[test]
fn processing_a_block_makes_its_children_processable_whether_they_came_before_or_after() {
    let mut staging = staging();
    staging.db.store(&block(3, 2, b"3")).unwrap();
    staging.db.store(&NewBlock { stacks_attachable: true, ..block(2, 1, b"2") }).unwrap();
    assert_eq!(staging.next(), Some(id(2)));
    assert!(!staging.db.is_processed(&id(2)).unwrap());
    staging.db.mark_processed(&id(2)).unwrap();
    staging.db.mark_processed(&id(2)).unwrap();
    assert!(staging.db.is_processed(&id(2)).unwrap());
    staging.db.store(&NewBlock { chain_length: 3, ..block(4, 2, b"4") }).unwrap();
    assert_eq!(staging.next(), Some(id(3)), "lowest chain length, then first come");
    staging.db.mark_processed(&id(3)).unwrap();
    assert_eq!(staging.next(), Some(id(4)));
    assert_eq!(staging.db.get_staging_block(&id(2)).unwrap().unwrap().data, b"2", "a processed block keeps its bytes");
}

#[test]
fn an_orphan_takes_its_descendants_along_and_keeps_the_reason() {
    let mut staging = staging();
    for (number, parent) in [(4, 3), (2, 1), (3, 2), (5, 3), (6, 1)] {
        staging.db.store(&block(number, parent, b"x")).unwrap();
    }
    let changed = staging.db.mark_orphaned(&id(2), &rejection("bad root")).unwrap();
    assert_eq!(changed, vec![id(2), id(3), id(4), id(5)]);
    let orphaned = |ancestor| Some(StagingState::Orphaned { rejection: rejection("bad root"), ancestor });
    assert_eq!(staging.db.state(&id(2)).unwrap(), orphaned(None));
    assert_eq!(staging.db.state(&id(5)).unwrap(), orphaned(Some(id(2))));
    assert_eq!(staging.db.state(&id(6)).unwrap(), Some(StagingState::Stored));
    assert_eq!(staging.db.mark_orphaned(&id(2), &rejection("again")).unwrap(), vec![]);
    assert_eq!(staging.db.state(&id(2)).unwrap(), orphaned(None), "the first reason stays");

    let child = staging.db.store(&block(7, 5, b"7")).unwrap();
    assert_eq!(child, StageOutcome::ParentOrphaned { rejection: rejection("bad root") });
    let again = staging.db.store(&block(5, 3, b"x")).unwrap();
    assert_eq!(again, StageOutcome::AlreadyKnown(orphaned(Some(id(2))).unwrap()));
    assert_eq!(staging.db.set_stacks_attachable(&id(1)).unwrap(), 2);
    assert_eq!(staging.next(), Some(id(6)), "an orphan is never processable");
}

#[test]
fn a_forgotten_block_is_as_if_it_had_never_come_and_its_children_wait_on() {
    let mut staging = staging();
    staging.db.store(&NewBlock { burn_attachable: false, ..block(2, 1, b"bad") }).unwrap();
    staging.db.store(&block(3, 2, b"3")).unwrap();
    let waiting = staging.db.waiting_for_burn_block(&burn(1)).unwrap();
    assert_eq!(waiting.iter().map(|block| block.block_id).collect::<Vec<_>>(), vec![id(2)]);
    assert_eq!(staging.db.stored_descendants(&id(2)).unwrap().len(), 1);
    staging.db.forget(&id(2)).unwrap();
    assert_eq!(staging.db.get_staging_block(&id(2)).unwrap(), None);
    assert_eq!(staging.db.waiting_for_burn_block(&burn(1)).unwrap(), vec![]);
    let good = NewBlock { stacks_attachable: true, ..block(2, 1, b"good") };
    assert_eq!(staging.db.store(&good).unwrap(), StageOutcome::Stored);
    assert_eq!(staging.db.get_staging_block(&id(2)).unwrap().unwrap().data, b"good");
    staging.db.mark_processed(&id(2)).unwrap();
    assert_eq!(staging.next(), Some(id(3)));
    staging.db.forget(&id(2)).unwrap();
    assert!(staging.db.is_processed(&id(2)).unwrap(), "a processed block stays");
}

#[test]
fn final_states_are_not_left() {
    let mut staging = staging();
    staging.db.store(&block(2, 1, b"2")).unwrap();
    staging.db.store(&block(3, 1, b"3")).unwrap();
    staging.db.mark_processed(&id(2)).unwrap();
    staging.db.mark_orphaned(&id(3), &rejection("")).unwrap();
    assert!(matches!(staging.db.mark_orphaned(&id(2), &rejection("")), Err(MarkError::AlreadyFinal { .. })));
    assert!(matches!(staging.db.mark_processed(&id(3)), Err(MarkError::AlreadyFinal { .. })));
    assert!(matches!(staging.db.mark_processed(&id(9)), Err(MarkError::UnknownBlock(unknown)) if unknown == id(9)));
    assert!(matches!(staging.db.mark_orphaned(&id(9), &rejection("")), Err(MarkError::UnknownBlock(_))));
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let mut staging = staging();
    staging.db.store(&block(2, 1, b"2")).unwrap();
    let long = format!("{}é", "x".repeat(MAX_ORPHAN_DETAIL_BYTES - 1));
    staging.db.mark_orphaned(&id(2), &rejection(&long)).unwrap();
    let state = staging.db.state(&id(2)).unwrap();
    let cut = rejection(&"x".repeat(MAX_ORPHAN_DETAIL_BYTES - 1));
    assert_eq!(state, Some(StagingState::Orphaned { rejection: cut, ancestor: None }));
}

#[test]
fn a_reason_that_this_version_does_not_know_is_named() {
    let mut staging = staging();
    staging.db.store(&block(2, 1, b"2")).unwrap();
    staging.db.mark_orphaned(&id(2), &rejection("why")).unwrap();
    for code in [0, 9999] {
        staging.db.conn.execute("UPDATE staging_blocks SET reason = ?1", [code]).unwrap();
        let error = staging.db.state(&id(2)).unwrap_err().to_string();
        assert!(error.contains(&format!("code {code} is of no rule")), "{error}");
    }
}

fn numbered(number: u32) -> StacksBlockId {
    let mut bytes = [0xaa; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    StacksBlockId(bytes)
}

/// `count` blocks of `size` bytes, none of which has a known parent.
fn store_waiting(
    staging: &mut Staging,
    numbers: std::ops::Range<u32>,
    known_burn: bool,
    data: &[u8],
) -> Vec<StageOutcome> {
    let blocks: Vec<NewBlock<'_>> = numbers
        .map(|number| NewBlock { block_id: numbered(number), burn_attachable: known_burn, ..block(2, 1, data) })
        .collect();
    staging.db.store_many(&blocks).unwrap()
}

#[test]
fn blocks_that_wait_are_bounded_and_those_that_need_not_wait_are_not() {
    let mut staging = staging();
    let unknown = u32::try_from(MAX_BURN_UNKNOWN_BLOCKS).unwrap();
    let all = u32::try_from(MAX_WAITING_BLOCKS).unwrap();
    let outcomes = store_waiting(&mut staging, 0..unknown, false, b"x");
    assert!(outcomes.iter().all(|outcome| *outcome == StageOutcome::Stored));
    let outcomes = store_waiting(&mut staging, unknown..all + 1, true, b"x");
    let last = outcomes.len() - 1;
    assert!(outcomes[..last].iter().all(|outcome| *outcome == StageOutcome::Stored));
    assert_eq!(outcomes[last], StageOutcome::Full);
    assert_eq!(staging.db.state(&numbered(all)).unwrap(), None, "a refused block is not stored");

    let attachable = NewBlock { stacks_attachable: true, block_id: numbered(all), ..block(2, 9, b"x") };
    assert_eq!(staging.db.store(&attachable).unwrap(), StageOutcome::Stored);
    // Their parent is processed: they do not wait any longer, and there is room again.
    staging.db.set_stacks_attachable(&id(1)).unwrap();
    assert_eq!(store_waiting(&mut staging, all + 1..all + 2, true, b"x"), vec![StageOutcome::Stored]);
}

#[test]
fn rubbish_that_nobody_can_check_makes_room_for_what_comes_later() {
    // Limited by number, then by bytes.
    let large = vec![0; 2 * 1024 * 1024];
    let by_bytes = MAX_BURN_UNKNOWN_BYTES / (2 * 1024 * 1024);
    for (data, most) in [(&large[..1], MAX_BURN_UNKNOWN_BLOCKS), (&large, by_bytes)] {
        let (mut staging, most) = (staging(), u32::try_from(most).unwrap());
        let outcomes = store_waiting(&mut staging, 0..most + 3, false, data);
        assert!(outcomes.iter().all(|outcome| *outcome == StageOutcome::Stored));
        let kept = |number: u32| staging.db.state(&numbered(number)).unwrap().is_some();
        assert!((0..most + 3).all(|number| kept(number) == (number >= 3)), "the oldest three are forgotten");
    }
}

#[test]
fn old_orphans_lose_their_bytes() {
    let mut staging = staging();
    let (kept, extra) = (MAX_ORPHANED_WITH_DATA, 5);
    // In two groups, each one family, so that several are orphaned at once.
    let mut previous = id(1);
    for number in 0..kept + extra {
        let parent_block_id = if number == 10 { id(99) } else { previous };
        let new = NewBlock { block_id: numbered(number), parent_block_id, ..block(2, 1, b"x") };
        assert_eq!(staging.db.store(&new).unwrap(), StageOutcome::Stored);
        previous = numbered(number);
    }
    assert_eq!(staging.db.mark_orphaned(&numbered(10), &rejection("")).unwrap().len(), (kept + extra - 10) as usize);
    assert_eq!(staging.db.mark_orphaned(&numbered(0), &rejection("")).unwrap().len(), 10);
    for number in 0..kept + extra {
        let stored = staging.db.get_staging_block(&numbered(number)).unwrap().unwrap();
        assert_eq!(stored.data.is_empty(), number < extra, "block {number}");
    }
}

#[test]
fn an_old_block_that_is_orphaned_late_loses_its_bytes_too() {
    let mut staging = staging();
    let newer = 2 * MAX_ORPHANED_WITH_DATA;
    for number in 0..=newer {
        let new = NewBlock { block_id: numbered(number), ..block(2, 1, b"x") };
        assert_eq!(staging.db.store(&new).unwrap(), StageOutcome::Stored);
    }
    for number in (0..=newer).rev() {
        staging.db.mark_orphaned(&numbered(number), &rejection("")).unwrap();
    }
    let has_bytes = |number: &u32| !staging.db.get_staging_block(&numbered(*number)).unwrap().unwrap().data.is_empty();
    assert_eq!((0..=newer).filter(has_bytes).count(), MAX_ORPHANED_WITH_DATA as usize);
    assert!(!has_bytes(&0));
}

#[test]
fn the_schema_refuses_what_cannot_be() {
    let staging = staging();
    let insert =
        "INSERT INTO staging_blocks (block_id, parent_id, burn_hash, chain_length, size_bytes, burn_attachable,
                                              stacks_attachable, state, reason, reason_detail)";
    let refused = |values: &str| {
        let result = staging.db.conn.execute(&format!("{insert} VALUES ({values})"), []);
        assert!(result.is_err(), "{values}");
    };
    let (b32, b31) = ("zeroblob(32)", "zeroblob(31)");
    refused(&format!("{b31}, {b32}, {b32}, 1, 1, 1, 1, 'stored', NULL, NULL"));
    refused(&format!("{b32}, {b32}, {b32}, 1, 2097153, 1, 1, 'stored', NULL, NULL"));
    refused(&format!("{b32}, {b32}, {b32}, 1, 1, 2, 1, 'stored', NULL, NULL"));
    refused(&format!("{b32}, {b32}, {b32}, 1, 1, 1, 1, 'lost', NULL, NULL"));
    refused(&format!("{b32}, {b32}, {b32}, 1, 1, 1, 1, 'stored', 1, 'x'"));
    refused(&format!("{b32}, {b32}, {b32}, 1, 1, 1, 1, 'orphaned', NULL, NULL"));
    refused(&format!("{b32}, {b32}, {b32}, 1, 1, 0, 1, 'processed', NULL, NULL"));
    let good = format!("{insert} VALUES ({b32}, {b32}, {b32}, 1, 1, 1, 1, 'orphaned', 1, 'x')");
    assert_eq!(staging.db.conn.execute(&good, []).unwrap(), 1);
}

#[test]
fn everything_survives_reopening() {
    let mut staging = staging();
    staging.db.store(&block(2, 1, b"2")).unwrap();
    staging.db.store(&block(3, 1, b"3")).unwrap();
    staging.db.mark_orphaned(&id(3), &rejection("why")).unwrap();
    let before = staging.db.blocks_after(0, 10, usize::MAX).unwrap();
    let path = staging.path();
    let Staging { folder, db } = staging;
    drop(db);
    let again = StagingWriter::open(&path, Durability::Unsynced).unwrap();
    assert_eq!(again.blocks_after(0, 10, usize::MAX).unwrap(), before);
    drop(folder);
}

#[test]
fn of_many_orphans_the_oldest_are_forgotten() {
    let mut staging = staging();
    for number in 2..8 {
        staging.db.store(&block(number, 1, b"x")).unwrap();
        staging.db.mark_orphaned(&id(number), &rejection("")).unwrap();
        staging.db.store(&block(number + 100, 1, b"y")).unwrap();
    }
    let conn = rusqlite::Connection::open(staging.path()).unwrap();
    conn.pragma_update(None, "foreign_keys", true).unwrap();
    let tx = conn.unchecked_transaction().unwrap();
    rows::delete_orphaned_rows(&tx, 4, 2).unwrap();
    tx.commit().unwrap();
    for number in 2..8 {
        assert_eq!(staging.db.state(&id(number)).unwrap().is_some(), number >= 4, "orphan {number}");
        assert_eq!(staging.db.state(&id(number + 100)).unwrap(), Some(StagingState::Stored));
    }
    let rows: u32 = staging.db.conn.query_row("SELECT COUNT(*) FROM staging_block_data", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 6 + 4, "bytes go with their block");
    assert_eq!(staging.db.store(&block(2, 1, b"x")).unwrap(), StageOutcome::Stored);
    assert_eq!(staging.db.get_staging_block(&id(2)).unwrap().unwrap().row, 13, "rows are not used again");
}
