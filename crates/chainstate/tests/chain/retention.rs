//! The journal removes its oldest events, and of job results the oldest are removed; nothing else is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chainstate::chain::{JobKind, NakamotoChainState, ResultLimits, Retention, StoreOutcome};
use chainstate::db::StoreError;
use chainstate::journal::sequence_of_burn_block;
use chainstate::stackerdb::get_chunk;
use nakamoto_proto::v1;
use sqlite::Durability;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};
use stacks_types::stackerdb::StackerDbChunk;

use crate::support::{TestChain, clock};
use chainstate::test_support::{key, on_a_large_stack, params};

const FOREVER: Duration = Duration::from_secs(1 << 32);
const ALL: ResultLimits = ResultLimits { count: 1 << 40, bytes: 1 << 40, age: FOREVER };

/// Ends a template job with a result of this size; returns its event's sequence.
fn finish(chain: &NakamotoChainState, id: &str, size: usize, limits: ResultLimits) -> u64 {
    let body = v1::event::Body::TemplateFinished(v1::TemplateFinished::default());
    chain.finish_job(id, body, vec![7; size], limits, || ()).expect("storage works")
}

fn kept_events(chain: &NakamotoChainState) -> Vec<u64> {
    let kept = chain.read(|reader| {
        chainstate::journal::select_events(reader.conn(), reader.staging(), 1, usize::MAX >> 1, usize::MAX)
    });
    kept.expect("readable").iter().map(|event| event.sequence).collect()
}

fn kept_results(chain: &NakamotoChainState) -> Vec<String> {
    let (results, _) = chain.job_results(JobKind::Template).expect("readable");
    results.into_iter().map(|result| result.id).collect()
}

#[test]
fn the_oldest_events_go_in_batches_and_blocks_keep_their_receipts_slots_their_chunks() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let id = test.grow();
        let signers = chainstate::stackerdb::signers_contract(false);
        let chunk = StackerDbChunk::signed(0, 1, vec![7; 9_000], &key("stacker", 0));
        test.chain.put_chunk(signers.clone(), chunk.clone()).expect("storage works");
        for number in 0..1_100 {
            finish(&test.chain, &format!("t-{number}"), 1, ALL);
        }
        let keep = |events| {
            test.chain
                .prune_journal(Retention { events, bytes: u64::MAX, age: FOREVER }, FOREVER)
                .expect("storage works")
        };
        let newest = test.chain.journal().newest_sequence();
        assert!(!keep(newest), "all of it may stay");
        assert_eq!(test.chain.journal().bounds().oldest, 1);
        assert!(!keep(10), "one batch is enough");
        assert_eq!(test.chain.journal().bounds().oldest, newest - 9);
        assert_eq!(kept_events(&test.chain), (newest - 9..=newest).collect::<Vec<_>>());
        for block in [StacksBlockId::BOOT, id] {
            let processed = test.chain.read(|reader| reader.block_processed(&block)).expect("readable");
            assert!(!processed.expect("still there").receipts.is_empty());
        }
        let kept = test.chain.read(|reader| get_chunk(reader.conn(), &signers, 0, None));
        let kept = kept.expect("readable");
        assert_eq!(kept, Some(chunk), "a slot keeps its chunk");
        let next = finish(&test.chain, "t-next", 1, ALL);
        assert_eq!(next, newest + 1, "a sequence is never used twice");
    });
}

/// Pushes a block with another state root than its own, and has it rejected.
fn push_bad_block(test: &mut TestChain) -> NakamotoStacksBlock {
    let first = test.grow();
    let view = test.mine(None);
    let mut bad = test.forge(&first, &view, vec![]);
    bad.header.state_index_root.0[0] ^= 1;
    test.resign(&mut bad);
    test.push(&bad);
    test.settle();
    bad
}

#[test]
fn a_rejected_block_that_staging_has_forgotten_is_known_by_its_verdict() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        let bad = push_bad_block(&mut test);
        // Staging keeps few orphans.
        let staging = rusqlite::Connection::open(test.folder.path().join("staging.sqlite")).expect("a database");
        let forgotten = staging.execute("DELETE FROM staging_blocks WHERE block_id = ?1", [bad.block_id().0]);
        assert_eq!(forgotten.expect("writable"), 1);
        drop(staging);
        let known = test.chain.store_block(&bad.encode(), |_| ()).expect("storage works");
        assert!(matches!(known, StoreOutcome::AlreadyKnown(_, Some(_))), "{known:?}");
    });
}

#[test]
fn verdicts_on_blocks_go_with_their_events() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        let bad = push_bad_block(&mut test);
        let verdicts = || {
            let count = test.chain.read(|reader| {
                let sql = "SELECT COUNT(*) FROM rejected_blocks";
                Ok::<_, chainstate::db::StoreError>(reader.conn().query_row(sql, [], |row| row.get::<_, u64>(0))?)
            });
            count.expect("readable")
        };
        assert_eq!(verdicts(), 1);
        let announced = test.chain.journal().newest_sequence();
        finish(&test.chain, "t-1", 1, ALL);
        let keep = |age| {
            test.chain
                .prune_journal(Retention { events: u64::MAX, bytes: u64::MAX, age }, FOREVER)
                .expect("storage works")
        };
        keep(FOREVER);
        assert_eq!(verdicts(), 1);
        keep(Duration::ZERO);
        assert!(test.chain.journal().bounds().oldest > announced);
        assert_eq!(verdicts(), 0);
        // Staging has the verdict: the block is not judged again.
        let again = test.chain.store_block(&bad.encode(), |_| ()).expect("storage works");
        assert!(matches!(again, StoreOutcome::AlreadyKnown(_, Some(_))), "{again:?}");
    });
}

#[test]
fn burn_blocks_and_blocks_are_kept_for_ever_in_their_order() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        test.grow();
        test.mine(None);
        let id = test.grow();
        let is_chain = |event: &v1::Event| {
            matches!(event.body, Some(v1::event::Body::BurnBlock(_) | v1::event::Body::BlockProcessed(_)))
        };
        let expected: Vec<_> = test.events().into_iter().filter(is_chain).collect();
        assert!(expected.len() >= 6);
        for number in 0..1_100 {
            finish(&test.chain, &format!("t-{number}"), 1, ALL);
        }
        let history = |range: std::ops::Range<u64>, max_events| {
            let read = test.chain.read(|reader| {
                chainstate::journal::select_history(reader.conn(), reader.staging(), range, max_events, usize::MAX)
            });
            read.expect("readable").iter().map(|event| v1::Event::clone(&event.event)).collect::<Vec<_>>()
        };
        let newest = test.chain.journal().newest_sequence();
        assert_eq!(history(1..newest, 100), expected, "before anything is forgotten");
        // First some are kept and some removed, then all are removed.
        for keep in [newest - expected[3].sequence, 1] {
            test.chain
                .prune_journal(Retention { events: keep, bytes: u64::MAX, age: FOREVER }, FOREVER)
                .expect("storage works");
            assert_eq!(history(1..newest, 100), expected, "{keep} events kept");
            for event in &expected {
                assert_eq!(announced_at(&test.chain, event, newest), Some(event.sequence), "{keep} events kept");
            }
        }
        assert_eq!(announced_at(&test.chain, &expected[0], expected[0].sequence), None, "not before itself");
        assert_eq!(history(expected[1].sequence..expected[4].sequence, 100), expected[1..4]);
        assert_eq!(history(expected[1].sequence..newest, 2), expected[1..3]);
        assert!(history(newest..newest + 1, 100).is_empty());
        let last = test.chain.read(|reader| {
            let by_id = reader.sequence_of_block(&id)?;
            Ok::<_, StoreError>([by_id, reader.sequence_of_height(reader.tip()?.chain_length)?])
        });
        assert_eq!(last.expect("readable"), [expected.last().map(|event| event.sequence); 2]);
    });
}

/// Where the journal announced the burn block or block of an event, if that was before `before`.
fn announced_at(chain: &NakamotoChainState, event: &v1::Event, before: u64) -> Option<u64> {
    let hash = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).expect("32 bytes");
    let found = chain.read(|reader| match &event.body {
        Some(v1::event::Body::BurnBlock(burn)) => {
            let block = burn.burn_block.as_ref().expect("a burn block");
            sequence_of_burn_block(reader.conn(), &BurnBlockHash(hash(&block.burn_block_hash)), before)
        }
        Some(v1::event::Body::BlockProcessed(processed)) => {
            let block = processed.block.as_ref().expect("a block");
            reader.sequence_of_block(&StacksBlockId(hash(&block.block_id)))
        }
        other => panic!("{other:?}"),
    });
    found.expect("readable")
}

#[test]
fn events_go_by_age_but_the_newest_stays() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let keep = |age| {
            test.chain
                .prune_journal(Retention { events: u64::MAX, bytes: u64::MAX, age }, FOREVER)
                .expect("storage works")
        };
        let start = clock();
        for number in 0..50 {
            finish(&test.chain, &format!("t-{number}"), 1, ALL);
        }
        let newest = test.chain.journal().newest_sequence();
        assert!(!keep(FOREVER));
        assert_eq!(test.chain.journal().bounds().oldest, 1);
        // The tests' clock moves by a millisecond when it is read: all events before the jobs are older than this.
        assert!(!keep(Duration::from_millis(clock() - start)));
        let oldest = test.chain.journal().bounds().oldest;
        assert!(oldest > 1 && oldest <= newest - 40, "{oldest} of {newest}");
        assert_eq!(kept_events(&test.chain).first(), Some(&oldest));
        assert!(!keep(Duration::ZERO));
        assert_eq!(kept_events(&test.chain), [newest]);
        assert_eq!(test.chain.journal().bounds().oldest, newest);
        assert_eq!(test.chain.journal().read(newest - 1, 10, usize::MAX).map(|events| events.len()), None);
    });
}

#[test]
fn events_go_by_their_bytes_but_the_newest_stays() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let keep = |bytes| {
            let keep = Retention { events: u64::MAX, bytes, age: FOREVER };
            test.chain.prune_journal(keep, FOREVER).expect("storage works")
        };
        for number in 0..40 {
            let detail = "x".repeat(10_000 + number);
            let body = v1::TemplateFinished { failure_detail: detail, ..v1::TemplateFinished::default() };
            let body = v1::event::Body::TemplateFinished(body);
            test.chain.finish_job(&format!("t-{number}"), body, vec![7], ALL, || ()).expect("storage works");
        }
        let bounds = test.chain.journal().bounds();
        assert!(!keep(bounds.bytes()));
        assert_eq!(test.chain.journal().bounds(), bounds, "all of them may stay");
        assert!(!keep(100_000), "one batch is enough");
        let kept = kept_events(&test.chain);
        let now = test.chain.journal().bounds();
        assert_eq!((kept.first(), kept.last()), (Some(&now.oldest), Some(&bounds.newest)));
        assert!((8..=9).contains(&kept.len()), "{kept:?}");
        keep(1);
        assert_eq!(kept_events(&test.chain), [bounds.newest]);
        assert_eq!(test.chain.journal().bounds().bytes(), 0);
    });
}

#[test]
fn a_clock_that_jumps_ahead_makes_no_event_old() {
    static AHEAD_MS: AtomicU64 = AtomicU64::new(0);
    fn jumping() -> u64 {
        clock() + AHEAD_MS.load(Ordering::Relaxed)
    }
    on_a_large_stack(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (chain, _) = NakamotoChainState::open(folder.path(), params(1, 3), Durability::Unsynced, jumping)
            .expect("a new chain opens");
        finish(&chain, "t-1", 1, ALL);
        let keep = |ran| {
            let keep = Retention { events: u64::MAX, bytes: u64::MAX, age: Duration::from_secs(7 * 86_400) };
            chain.prune_journal(keep, ran).expect("storage works")
        };
        let ten_years = Duration::from_secs(10 * 365 * 86_400);
        AHEAD_MS.store(u64::try_from(ten_years.as_millis()).expect("not for ever"), Ordering::Relaxed);
        keep(Duration::from_secs(60));
        assert_eq!(chain.journal().bounds().oldest, 1);
        // If the node had run that long, they would be old.
        keep(ten_years);
        assert!(chain.journal().bounds().oldest > 1);
    });
}

#[test]
fn offsets_count_the_bytes_of_the_journal_over_restarts_and_pruning() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        test.grow();
        let all = test.chain.read(|reader| {
            chainstate::journal::select_events(reader.conn(), reader.staging(), 1, usize::MAX >> 1, usize::MAX)
        });
        let mut offset = 0;
        for event in all.expect("readable") {
            offset += event.encoded.len() as u64;
            assert_eq!(event.end_offset, offset, "event {}", event.sequence);
        }
        assert_eq!(test.chain.journal().bounds().end_offset, offset);
        test.chain
            .prune_journal(Retention { events: u64::MAX, bytes: u64::MAX, age: Duration::ZERO }, FOREVER)
            .expect("storage works");
        let bounds = test.chain.journal().bounds();
        let TestChain { chain, folder, .. } = test;
        drop(chain);
        let (chain, _) = reopen(folder.path());
        let again = chain.journal().bounds();
        assert_eq!((again.newest, again.oldest, again.end_offset), (bounds.newest, bounds.oldest, offset));
        assert_eq!(finish(&chain, "t-1", 1, ALL), bounds.newest + 1);
        assert!(chain.journal().bounds().end_offset > offset);
    });
}

/// Opens the folder while the writer's thread may still be closing it.
fn reopen(folder: &std::path::Path) -> (NakamotoChainState, std::thread::JoinHandle<()>) {
    let end = std::time::Instant::now() + Duration::from_secs(30);
    loop {
        match NakamotoChainState::open(folder, params(1, 3), Durability::Unsynced, clock) {
            Ok(opened) => return opened,
            Err(error) => assert!(std::time::Instant::now() < end, "{error}"),
        }
        std::thread::yield_now();
    }
}

#[test]
fn results_are_visible_before_their_event_and_survive_a_restart() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        assert_eq!(test.chain.start_number(), 0);
        let newest_when_visible = Arc::new(AtomicU64::new(0));
        let (seen, tail) = (Arc::clone(&newest_when_visible), test.chain.journal().clone());
        let body = v1::event::Body::ValidationFinished(v1::ValidationFinished::default());
        let visible = move || seen.store(tail.newest_sequence(), Ordering::Relaxed);
        let sequence = test.chain.finish_job("v-0-1", body, vec![1, 2], ALL, visible).expect("storage works");
        assert_eq!(newest_when_visible.load(Ordering::Relaxed), sequence - 1, "nobody can see the event yet");
        finish(&test.chain, "t-0-1", 3, ALL);
        let TestChain { chain, folder, .. } = test;
        drop(chain);
        let (chain, _) = reopen(folder.path());
        assert_eq!(chain.start_number(), 1);
        let (results, now_ms) = chain.job_results(JobKind::Validation).expect("readable");
        assert_eq!(results.len(), 1);
        assert_eq!((results[0].id.as_str(), results[0].result.as_slice()), ("v-0-1", &[1, 2][..]));
        assert!(results[0].time_ms < now_ms);
        assert_eq!(kept_results(&chain), ["t-0-1"]);
    });
}

#[test]
fn results_are_kept_by_number_bytes_and_age_but_the_newest_stays() {
    on_a_large_stack(|| {
        let chain = TestChain::new().chain;
        let large = 64 << 10; // The limits are checked with each of these.
        for number in 1..=4 {
            finish(&chain, &format!("t-{number}"), large, ResultLimits { count: 3, ..ALL });
        }
        assert_eq!(kept_results(&chain), ["t-2", "t-3", "t-4"]);
        finish(&chain, "t-5", large, ResultLimits { bytes: 2 * large, ..ALL });
        assert_eq!(kept_results(&chain), ["t-4", "t-5"]);
        finish(&chain, "t-6", large, ResultLimits { age: Duration::ZERO, ..ALL });
        assert_eq!(kept_results(&chain), ["t-6"]);
        finish(&chain, "t-7", large, ResultLimits { count: 0, bytes: 0, age: Duration::ZERO });
        assert_eq!(kept_results(&chain), ["t-7"]);
        for number in 0..100 {
            finish(&chain, &format!("small-{number}"), 1, ResultLimits { count: 10, ..ALL });
            assert!(kept_results(&chain).len() <= 10 + 33);
        }
        // Results of one kind do not push out those of the other.
        let body = v1::event::Body::ValidationFinished(v1::ValidationFinished::default());
        let limits = ResultLimits { count: 1, ..ALL };
        chain.finish_job("v-1", body, vec![0; large], limits, || ()).expect("storage works");
        assert!(kept_results(&chain).len() > 1);
    });
}
