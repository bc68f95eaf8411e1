//! Pages and where they begin.

use nakamoto_proto::v1;
use proptest::prelude::*;
use v1::start_position::Position;

use super::bench::{DB, JOURNAL_ID, MemoryJournal, burn, filter, mixed, of_kinds, verdict};
use super::random::any_filter;
use crate::error::ApiError;
use crate::event_stream::cursor::Cursor;
use crate::event_stream::filter::Filter;
use crate::event_stream::journal::{ReadLimit, time_of};
use crate::event_stream::page::{MAX_SCANNED_EVENTS, PageRequest, read_page};
use crate::event_stream::payload::Payload;
use crate::event_stream::position::{PositionError, WhenNone, resolve};
use crate::limits::MAX_PAGE_BYTES;

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn pages_hold_what_streams_hold(count in 0..900_u64, size in 1..400_usize, filter in any_filter()) {
        let journal = MemoryJournal::default();
        journal.append((0..count).map(mixed));
        let (mut start, mut events, mut pages) = (1, Vec::new(), 0);
        loop {
            pages += 1;
            prop_assert!(pages <= count + 1, "the pages have no end");
            let request = PageRequest { filter: filter.clone(), payload: Payload::Full, start, size };
            let page = read_page(&journal, &request).unwrap();
            prop_assert!(page.events.len() <= size);
            events.extend(page.events.iter().map(|event| event.sequence));
            start = Cursor::decode(&page.next_cursor).unwrap().sequence + 1;
            if page.end_of_journal {
                break;
            }
        }
        let all = journal.read(1, ReadLimit { events: usize::MAX, bytes: usize::MAX });
        let expected: Vec<u64> =
            all.iter().filter(|entry| filter.matches(entry)).map(|entry| entry.sequence).collect();
        prop_assert_eq!(events, expected);
    }
}

#[test]
fn a_page_that_found_nothing_goes_on_behind_what_it_looked_at() {
    let journal = MemoryJournal::default();
    let wanted = 5 * MAX_SCANNED_EVENTS / 2;
    journal.append((1..wanted).map(|_| burn()).chain([verdict("v-1-1")]).chain((0..7).map(|_| burn())));
    let filter = filter(vec![of_kinds(&[v1::EventKind::Validation])]);
    let page = |start| {
        let request = PageRequest { filter: filter.clone(), payload: Payload::Full, start, size: 1 };
        let page = read_page(&journal, &request).unwrap();
        let sequences: Vec<_> = page.events.iter().map(|event| event.sequence).collect();
        let cursor = Cursor::decode(&page.next_cursor).unwrap();
        assert_eq!(cursor.time_ms, Some(cursor.sequence * 1_000));
        (sequences, cursor.sequence, page.end_of_journal)
    };
    let mut seen = 0;
    for _ in 0..2 {
        let (events, cursor, is_end) = page(seen + 1);
        assert_eq!((events, is_end), (vec![], false), "empty, and not the end");
        let looked_at = cursor - seen;
        let step = MAX_SCANNED_EVENTS..MAX_SCANNED_EVENTS + MAX_SCANNED_EVENTS / 10;
        assert!(step.contains(&looked_at), "{looked_at}");
        seen = cursor;
    }
    assert_eq!(page(seen + 1), (vec![wanted], wanted + 7, true), "the page is full, and nothing behind it matches");
    // The next page is at the end again, until there is more.
    assert_eq!(page(wanted + 8), (vec![], wanted + 7, true));
    journal.append([burn(), verdict("v-1-2"), verdict("v-1-3")]);
    assert_eq!(page(wanted + 8), (vec![wanted + 9], wanted + 9, false));
    assert_eq!(page(wanted + 10), (vec![wanted + 10], wanted + 10, true));
}

#[test]
fn a_page_has_no_hole_where_events_are_removed_while_it_is_read() {
    let journal = MemoryJournal::default();
    journal.append((0..600).map(mixed));
    let page =
        |start| read_page(&journal, &PageRequest { filter: Filter::ALL, payload: Payload::Full, start, size: 1_000 });
    journal.prune_after_a_read(400);
    let cut = page(1).unwrap();
    let (read, cursor) = (cut.events.len() as u64, Cursor::decode(&cut.next_cursor).unwrap().sequence);
    assert!((1..400).contains(&read) && !cut.end_of_journal, "{read}");
    assert_eq!((cut.events.last().unwrap().sequence, cursor), (read, read));
    assert!(matches!(page(cursor + 1), Err(PositionError::Pruned { oldest: 401, .. })));
    assert_eq!(page(401).unwrap().events.len(), 200);
}

#[test]
fn a_page_ends_at_its_bytes_but_holds_one_event_at_least() {
    let journal = MemoryJournal::default();
    let chunks = |bytes: usize| {
        let chunk = v1::StackerDbChunk { data: vec![1; bytes].into(), ..Default::default() };
        let body = v1::StackerDbChunks { contract_id: DB.to_owned(), chunks: vec![chunk] };
        (v1::EventKind::StackerdbChunks, v1::event::Body::StackerdbChunks(body))
    };
    journal.append([MAX_PAGE_BYTES / 2, MAX_PAGE_BYTES / 3, MAX_PAGE_BYTES / 3, MAX_PAGE_BYTES + 1, 1].map(chunks));
    let (mut start, mut pages) = (1, Vec::new());
    while start <= 5 && pages.len() < 10 {
        let request = PageRequest { filter: Filter::ALL, payload: Payload::Full, start, size: 100 };
        let page = read_page(&journal, &request).unwrap();
        pages.push(page.events.len());
        start = Cursor::decode(&page.next_cursor).unwrap().sequence + 1;
        assert_eq!(page.end_of_journal, start == 6);
    }
    assert_eq!(pages, [2, 1, 1, 1]);
}

#[test]
fn positions_out_of_the_journal_are_refused_by_kind() {
    let journal = MemoryJournal::default();
    journal.append((0..10).map(mixed));
    journal.prune(4);
    let at = |position| resolve(&journal, Some(v1::StartPosition { position: Some(position) }), WhenNone::Latest);
    let timed =
        |journal_id, sequence, time_ms| Position::AfterCursor(Cursor { journal_id, sequence, time_ms }.encode().into());
    let cursor = |journal_id, sequence| timed(journal_id, sequence, None);
    assert_eq!(resolve(&journal, None, WhenNone::Latest).unwrap(), 11);
    assert_eq!(resolve(&journal, None, WhenNone::Earliest).unwrap(), 5);
    assert_eq!(at(Position::Earliest(true)).unwrap(), 5);
    assert_eq!(at(Position::FromSequence(11)).unwrap(), 11);
    assert_eq!(at(Position::FromBlockHeight(7)).unwrap(), 8);
    assert!(matches!(at(Position::FromBlockHeight(6)), Err(PositionError::Api(ApiError::NotFound { .. }))));
    assert_eq!(at(cursor(JOURNAL_ID, 4)).unwrap(), 5);
    assert!(matches!(at(Position::FromSequence(12)), Err(PositionError::Ahead { newest: 10, .. })));
    assert!(matches!(at(Position::FromSequence(0)), Err(PositionError::Api(_))));
    assert!(matches!(at(cursor(JOURNAL_ID, 3)), Err(PositionError::Pruned { wanted: 4, oldest: 5 })));
    assert!(matches!(at(cursor(JOURNAL_ID, u64::MAX)), Err(PositionError::Ahead { .. })));
    assert!(matches!(at(cursor([1; 16], 5)), Err(PositionError::ForeignJournal { .. })));
    let time = time_of(&journal, 7).unwrap().unwrap();
    assert_eq!(at(timed(JOURNAL_ID, 7, Some(time))).unwrap(), 8);
    let replaced = at(timed(JOURNAL_ID, 7, Some(time + 1)));
    assert!(
        matches!(replaced, Err(PositionError::OtherEvent { sequence: 7 })),
        "the number is the same, the event is not"
    );
    assert!(at(timed(JOURNAL_ID, 4, Some(time))).is_ok(), "that event is gone: nothing is left to compare");
    assert!(matches!(at(Position::AfterBlockId(vec![1; 32].into())), Err(PositionError::Pruned { wanted: 2, .. })));
    assert!(matches!(at(Position::AfterBlockId(vec![2; 32].into())), Err(PositionError::Api(_))));
    assert!(matches!(at(Position::Latest(false)), Err(PositionError::Api(_))));
}
