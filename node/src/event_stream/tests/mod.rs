//! Streams of a journal in memory: a subscriber gets exactly the journal's slice under its filter, however slow it is
//! and however often it reconnects.

mod bench;
mod filters;
mod in_flight;
mod operators;
mod pages;
mod random;

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use nakamoto_proto::v1;
use v1::subscribe_response::Body as FrameBody;

use super::cursor::Cursor;
use super::filter::Filter;
use super::journal::{Journal as _, ReadLimit};
use super::payload::Payload;
use super::registry::{OpenStream, StreamRegistryLimits};
use super::subscribers::{StreamLimits, TooManySubscriptions};
use super::task::{FrameStream, StreamEnd};
use bench::{Bench, Client, DB, JOURNAL_ID, MemoryJournal, burn, filter, mixed, of_kinds, request, verdict};

/// Longest wait for something that must happen, far above what it takes.
const WAIT: Duration = Duration::from_secs(60);

#[test]
fn the_first_frame_says_where_the_stream_begins() {
    let bench = Bench::new(10, StreamRegistryLimits::default());
    bench.journal.append((0..5).map(mixed));
    let mut stream = bench.open(&Filter::ALL, 3, 7);
    let frame = bench.next(&mut stream).unwrap().unwrap();
    let Some(FrameBody::Started(started)) = frame.body else { panic!("{:?}", frame.body) };
    assert_eq!((started.start_sequence, started.oldest_sequence, started.newest_sequence), (3, 1, 5));
    assert_eq!((started.journal_id.as_ref(), started.max_batch), (&JOURNAL_ID[..], 7));
    let cursor = |sequence| Cursor { journal_id: JOURNAL_ID, sequence, time_ms: Some(sequence * 1_000) };
    assert_eq!(Cursor::decode(&frame.cursor), Ok(cursor(2)));
    let events = bench.next(&mut stream).unwrap().unwrap();
    assert_eq!(Cursor::decode(&events.cursor), Ok(cursor(5)));
}

#[test]
fn a_snapshot_comes_before_events() {
    let bench = Bench::new(10, StreamRegistryLimits::default());
    bench.journal.append([burn()]);
    let mut stream = bench.open_with(&Filter::ALL, 1, 1, Some(vec![DB.to_owned()]));
    let mut bodies = (0..5).map(|_| bench.next(&mut stream).unwrap().unwrap().body.unwrap());
    assert!(matches!(bodies.next(), Some(FrameBody::Started(_))));
    for slot in [0, 3] {
        let Some(FrameBody::Snapshot(chunks)) = bodies.next() else { panic!("no chunk of slot {slot}") };
        assert_eq!((chunks.contract_id.as_str(), chunks.chunks[0].slot_id), (DB, slot));
    }
    let Some(FrameBody::SnapshotComplete(complete)) = bodies.next() else { panic!("no end") };
    assert_eq!(complete.sequence, 1);
    assert!(matches!(bodies.next(), Some(FrameBody::Events(_))));
}

#[test]
fn a_reader_that_takes_nothing_is_cut_with_a_cursor_that_loses_nothing() {
    let streams = StreamLimits { total: 1, actors: 0, ..StreamRegistryLimits::default().streams };
    let limits = StreamRegistryLimits { streams, stall_timeout: Duration::from_millis(30) };
    let bench = Bench::new(2000, limits);
    let mut stream = bench.open(&Filter::ALL, 1, 1);
    let mut client = Client::default();
    client.take(&bench.next(&mut stream).unwrap().unwrap());
    bench.journal.append((0..1000).map(mixed));
    client.take(&bench.next(&mut stream).unwrap().unwrap());
    let second = bench.streams.open(request(&Filter::ALL, 1, 1, None));
    assert_eq!(second.err(), Some(TooManySubscriptions::Total { max: 1 }), "the only place is taken");
    let page = bench.streams.subscribers().page(0, 10, &bench.journal.bounds());
    assert_eq!(page.subscribers[0].sent_frames, 2);
    let cut = async {
        while bench.streams.subscribers().stats().ends.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    bench
        .runtime
        .block_on(async { tokio::time::timeout(WAIT, cut).await.expect("it is cut, though it takes nothing") });
    let end = loop {
        match bench.next(&mut stream).unwrap() {
            Ok(frame) => client.take(&frame),
            Err(end) => break end,
        }
    };
    let StreamEnd::Stalled { cursor, .. } = end else { panic!("{end}") };
    assert_eq!(cursor, client.cursor, "what was not taken is not skipped");
    assert!(bench.next(&mut stream).is_none());
    drop(bench.open(&Filter::ALL, 1, 1)); // There is room for another stream again.
}

#[test]
fn shutdown_ends_a_stream_with_its_cursor() {
    let bench = Bench::new(10, StreamRegistryLimits::default());
    bench.journal.append((0..3).map(mixed));
    let mut stream = bench.open(&Filter::ALL, 1, 10);
    let mut client = Client::default();
    while !client.is_at(3) {
        client.take(&bench.next(&mut stream).unwrap().unwrap());
    }
    bench.shutdown.cancel();
    let end = loop {
        match bench.next(&mut stream).unwrap() {
            Ok(frame) => client.take(&frame),
            Err(end) => break end,
        }
    };
    let StreamEnd::Shutdown { cursor } = end else { panic!("{end}") };
    assert_eq!(cursor, client.cursor);
    assert!(client.heartbeats > 0, "the last frame says where the stream was");
    assert_eq!(bench.streams.subscribers().stats().ends, [("SERVER_SHUTDOWN", 1)].into());
}

#[test]
fn a_stream_whose_task_was_dropped_ends_with_the_cursor_of_what_was_read() {
    let bench = Bench::new(10, StreamRegistryLimits::default());
    bench.journal.append((0..3).map(mixed));
    let mut stream = bench.open(&Filter::ALL, 1, 10);
    let mut client = Client::default();
    while !client.is_at(3) {
        client.take(&bench.next(&mut stream).unwrap().unwrap());
    }
    bench.runtime.shutdown_background();
    let mut context = Context::from_waker(Waker::noop());
    let end = loop {
        match stream.poll_frame(&mut context) {
            Poll::Ready(Some(Ok(_))) => {} // A heartbeat that waited.
            Poll::Ready(Some(Err(end))) => break end,
            other => panic!("{other:?}"),
        }
    };
    let StreamEnd::Shutdown { cursor } = end else { panic!("{end}") };
    assert_eq!(cursor, client.cursor);
    assert!(matches!(stream.poll_frame(&mut context), Poll::Ready(None)));
}

#[test]
fn a_shutdown_while_frames_wait_for_room_skips_nothing() {
    let bench = Bench::new(1000, StreamRegistryLimits::default());
    bench.journal.append((0..100).map(mixed));
    let mut stream = bench.open(&Filter::ALL, 1, 1);
    let mut client = Client::default();
    client.take(&bench.next(&mut stream).unwrap().unwrap());
    bench.turn();
    bench.shutdown.cancel();
    bench.turn();
    let end = loop {
        match bench.next(&mut stream).unwrap() {
            Ok(frame) => client.take(&frame),
            Err(end) => break end,
        }
    };
    let StreamEnd::Shutdown { cursor } = end else { panic!("{end}") };
    let last = Cursor::decode(&cursor).unwrap().sequence;
    assert_eq!(client.events, (1..=last).collect::<Vec<_>>(), "the cursor passes what was sent only");
    assert!(last < 100, "the queue was full");
}

#[test]
fn a_snapshot_holds_only_the_slots_that_the_stream_would_hold() {
    let bench = Bench::new(10, StreamRegistryLimits::default());
    let term = v1::EventTerm { stackerdb_contracts: vec![DB.to_owned()], slot_ids: vec![3], ..Default::default() };
    let mut stream = bench.open_with(&filter(vec![term]), 1, 1, Some(vec![DB.to_owned()]));
    let mut bodies = (0..3).map(|_| bench.next(&mut stream).unwrap().unwrap().body.unwrap());
    assert!(matches!(bodies.next(), Some(FrameBody::Started(_))));
    let Some(FrameBody::Snapshot(chunks)) = bodies.next() else { panic!("no chunk") };
    assert_eq!(chunks.chunks[0].slot_id, 3);
    assert!(matches!(bodies.next(), Some(FrameBody::SnapshotComplete(_))));
}

#[test]
fn a_snapshot_has_as_much_of_a_chunk_as_an_event_would() {
    let bench = Bench::new(10, StreamRegistryLimits::default());
    for (payload, data) in [(Payload::Full, &[7][..]), (Payload::Header, &[])] {
        let mut open = request(&Filter::ALL, 1, 1, Some(vec![DB.to_owned()]));
        open.options.payload = payload;
        let mut stream = bench.streams.open(open).unwrap();
        assert!(bench.next(&mut stream).unwrap().is_ok());
        let Some(FrameBody::Snapshot(chunks)) = bench.next(&mut stream).unwrap().unwrap().body else {
            panic!("no chunk")
        };
        assert_eq!((chunks.chunks[0].slot_version, chunks.chunks[0].data.as_ref()), (1, data), "{payload:?}");
    }
}

#[test]
fn streams_share_the_bytes_of_an_event() {
    let journal = MemoryJournal::default();
    journal.append([burn()]);
    let [first, second] = [1, 2].map(|_| journal.read(1, ReadLimit { events: 1, bytes: 0 }).remove(0));
    for payload in [Payload::Full, Payload::Header] {
        assert_eq!(payload.shape(&first).as_ptr(), payload.shape(&second).as_ptr(), "{payload:?}");
    }
}

#[test]
fn a_reader_whose_events_were_pruned_is_told_so() {
    let bench = Bench::new(10, StreamRegistryLimits::default());
    bench.journal.append((0..50).map(mixed));
    let mut stream = bench.open(&Filter::ALL, 1, 10);
    bench.journal.prune(20);
    assert!(bench.next(&mut stream).unwrap().is_ok());
    let Some(Err(StreamEnd::Pruned { oldest, .. })) = bench.next(&mut stream) else { panic!("not pruned") };
    assert_eq!(oldest, 21);
}

#[test]
fn a_finished_stream_stays_finished() {
    let bench = Bench::new(10, StreamRegistryLimits::default());
    let mut stream = bench.open(&Filter::ALL, 1, 1);
    assert!(bench.next(&mut stream).unwrap().is_ok());
    bench.shutdown.cancel();
    while let Some(Ok(_)) = bench.next(&mut stream) {}
    let again = bench.runtime.block_on(std::future::poll_fn(|cx| Poll::Ready(stream.poll_frame(cx))));
    assert!(matches!(again, Poll::Ready(None)));
}

#[test]
fn a_replay_whose_last_events_do_not_match_ends_with_a_heartbeat_at_once() {
    for in_memory in [10, 0] {
        let bench = Bench::new(in_memory, StreamRegistryLimits::default());
        let long = Duration::from_secs(3600);
        let open = |filter: &Filter, start_sequence| {
            let request = OpenStream { heartbeat: long, ..request(filter, start_sequence, 10, None) };
            bench.streams.open(request).unwrap()
        };
        let burn_blocks = filter(vec![of_kinds(&[v1::EventKind::BurnBlock])]);
        bench.journal.append((0..5).map(mixed)); // Burn blocks are the first and the fourth.
        for (start_sequence, events, heartbeats) in [(1, vec![1, 4], 0), (5, vec![], 1)] {
            let mut stream = open(&burn_blocks, start_sequence);
            let mut client = Client::default();
            while client.events != events || !client.is_at(bench.journal.bounds().newest) {
                client.take(&bench.next(&mut stream).unwrap().unwrap());
            }
            assert_eq!(client.heartbeats, heartbeats);
            bench.turn();
            assert!(is_silent(&mut stream), "once is enough");
            bench.journal.append([verdict("v-1-2")]);
            bench.turn();
            assert!(is_silent(&mut stream), "the replay is over");
        }
        let mut stream = open(&Filter::ALL, 1);
        let mut client = Client::default();
        while !client.is_at(7) {
            client.take(&bench.next(&mut stream).unwrap().unwrap());
        }
        bench.turn();
        assert!(client.heartbeats == 0 && is_silent(&mut stream), "the last event says it");
        let mut at_the_end = open(&burn_blocks, 8);
        let started = bench.next(&mut at_the_end).unwrap().unwrap();
        assert!(matches!(started.body, Some(FrameBody::Started(_))));
        bench.turn();
        assert!(is_silent(&mut at_the_end), "there was nothing to replay");
    }
}

/// Whether no frame waits.
fn is_silent(stream: &mut FrameStream) -> bool {
    stream.poll_frame(&mut Context::from_waker(Waker::noop())).is_pending()
}
