//! Checks of a folder whose process died.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chainstate::db::StoreError;
use chainstate::headers::ProcessedHeader;
use chainstate::staging::{StagedBlock, StagingState};
use nakamoto_proto::v1::event::Body;
use sqlite::Durability;
use stacks_types::ids::StacksBlockId;

use super::log::{Acknowledged, Log, contract, event_hashes};
use super::script;
use crate::support::TestChain;
use chainstate::test_support::user;

/// The result of a run, apart from times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    tip: StacksBlockId,
    /// For every block of the canonical fork: its root, and balance and nonce of an account.
    states: BTreeMap<StacksBlockId, (String, u128, u64)>,
    refused: BTreeSet<StacksBlockId>,
}

/// Everything that is to be compared between runs.
pub(crate) fn outcome(test: &TestChain) -> Outcome {
    let states = headers(test).iter().map(|header| (header.block_id, state(test, header))).collect();
    let refused = staged(test).into_iter().filter(|block| matches!(block.state, StagingState::Orphaned { .. }));
    Outcome { tip: test.tip().block_id, states, refused: refused.map(|block| block.block_id).collect() }
}

/// Opens the folder of a process that died and checks it, runs the script to its end and compares with `whole`.
pub(crate) fn check(what: &str, folder: &Path, log: &Path, whole: &Outcome) {
    let lines = Log::read(log);
    {
        let test = TestChain::at(folder, Durability::Unsynced);
        acknowledged(what, &test, &lines);
        journal(what, &test, &lines);
        states(what, &test, whole);
        test.settle();
        in_step(what, &test);
    }
    script::run(folder, log, false, Durability::Unsynced);
    let test = TestChain::at(folder, Durability::Unsynced);
    in_step(what, &test);
    assert_eq!(outcome(&test), *whole, "{what}: another chain than without the crash");
}

/// Nothing acknowledged is missing.
fn acknowledged(what: &str, test: &TestChain, log: &[Acknowledged]) {
    let read = |one: &Acknowledged| {
        test.chain.read(|reader| {
            Ok::<_, StoreError>(match one {
                Acknowledged::Burn(hash) => reader.burn().is_known(hash)?,
                Acknowledged::Transaction(txid) => {
                    chainstate::mempool::get_raw(reader.conn(), txid)?.is_some()
                        || !chainstate::headers::mined_blocks_of(reader.conn(), txid)?.is_empty()
                }
                Acknowledged::Chunk(signers, version) => {
                    let slots = chainstate::stackerdb::list_metadata(reader.conn(), &contract(*signers))?;
                    slots.is_some_and(|slots| slots[0].slot_version >= *version)
                }
                Acknowledged::Stored(id) => reader.staging().get_staging_block(id)?.is_some(),
                Acknowledged::Judged(id, true) => reader.header(id)?.is_some(),
                // A verdict comes with its event: both rows are in one transaction.
                Acknowledged::Judged(id, false) => reader.header(id)?.is_none(),
                Acknowledged::Pruned(oldest) => test.chain.journal().bounds().oldest == *oldest,
                Acknowledged::Opened | Acknowledged::Event(..) | Acknowledged::Done => true,
            })
        })
    };
    for one in log {
        assert!(read(one).expect("readable"), "{what}: {one:?} is missing");
    }
}

/// The journal has no gap, and the events that were read before the crash are unchanged.
fn journal(what: &str, test: &TestChain, log: &[Acknowledged]) {
    let oldest = test.chain.journal().bounds().oldest;
    let events: BTreeMap<_, _> = event_hashes(test, 1).into_iter().collect();
    let newest = test.chain.journal().newest_sequence();
    assert!(events.keys().copied().eq(oldest..=newest), "{what}: the journal has a gap");
    for one in log {
        if let Acknowledged::Event(sequence, hash) = one
            && *sequence >= oldest
        {
            assert_eq!(events.get(sequence), Some(hash), "{what}: event {sequence} is not the one that was read");
        }
    }
}

/// The state after every block is the same as in a run without a crash.
fn states(what: &str, test: &TestChain, whole: &Outcome) {
    for header in headers(test) {
        let expected = whole.states.get(&header.block_id);
        assert_eq!(Some(&state(test, &header)), expected, "{what}: state of block {}", header.chain_length);
    }
}

/// Staging, headers and journal agree.
fn in_step(what: &str, test: &TestChain) {
    let processed: BTreeSet<_> = headers(test).iter().skip(1).map(|header| header.block_id).collect();
    let known: BTreeSet<_> = staged(test).iter().map(|block| block.block_id).chain([test.tip().block_id]).collect();
    let mut marked = BTreeSet::new();
    for block in staged(test) {
        match block.state {
            StagingState::Processed => assert!(marked.insert(block.block_id)),
            StagingState::Orphaned { .. } => assert!(!processed.contains(&block.block_id), "{what}"),
            StagingState::Stored => assert!(
                !known.contains(&block.parent_block_id),
                "{what}: {} waits although it could be judged",
                block.block_id
            ),
        }
    }
    assert_eq!(marked, processed, "{what}: staging and headers differ");

    let (mut burn, mut stored, mut appended) = (Vec::new(), Vec::new(), Vec::new());
    let mut rejected = Vec::new();
    if test.chain.journal().bounds().oldest > 1 {
        return; // The events of these blocks were removed.
    }
    for event in test.events() {
        match event.body.expect("a body") {
            Body::BurnBlock(event) => burn.push(event.burn_block.expect("a block").height),
            Body::BlockStored(event) => stored.push(event.block.expect("a block").block_id.to_vec()),
            Body::BlockProcessed(event) => appended.push(event.block.expect("a block").chain_length),
            Body::BlockRejected(event) => rejected.push(event.block.expect("a block").block_id.to_vec()),
            _ => {}
        }
    }
    let count = |list: usize| u64::try_from(list).expect("few");
    assert!(appended.iter().copied().eq(0..=count(processed.len())), "{what}: {appended:?} is not each block once");
    assert!(burn.iter().copied().eq(100..100 + count(burn.len())), "{what}: {burn:?} is not each burn block once");
    assert_eq!(stored, staged(test).iter().map(|block| block.block_id.0.to_vec()).collect::<Vec<_>>(), "{what}");
    rejected.sort();
    let orphans: BTreeSet<_> = outcome(test).refused.iter().map(|id| id.0.to_vec()).collect();
    assert_eq!(rejected, orphans.into_iter().collect::<Vec<_>>(), "{what}: not each refused block once");
    assert_eq!(burn.last(), Some(&test.chain.read(|reader| reader.burn_tip()).expect("a tip").height), "{what}");
}

/// The canonical fork, the boot block first.
fn headers(test: &TestChain) -> Vec<ProcessedHeader> {
    let tip = test.tip();
    let header = |height| test.chain.read(|reader| reader.header_at(height, &tip.block_id)).expect("readable");
    (0..=tip.chain_length).map(|height| header(height).expect("a header at each height")).collect()
}

fn staged(test: &TestChain) -> Vec<StagedBlock> {
    let blocks = test.chain.read(|reader| reader.staging().blocks_after(0, 1_000, usize::MAX));
    blocks.expect("readable")
}

fn state(test: &TestChain, header: &ProcessedHeader) -> (String, u128, u64) {
    let at = |who| test.chain.read(|reader| reader.account(&user(who), Some(&header.block_id))).expect("an account");
    (hex::encode(header.state_root.0), at(1).available, at(2).nonce)
}
