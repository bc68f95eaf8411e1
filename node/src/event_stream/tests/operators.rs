//! Notices of lag, and who may open how many streams.

use std::sync::Arc;

use chainstate::journal::JournalBounds;
use nakamoto_proto::v1;
use prost::Message as _;
use tokio_util::sync::CancellationToken;
use v1::subscribe_response::Body as FrameBody;

use super::bench::{Bench, JOURNAL_ID, MemoryJournal, burn, mixed, request};
use crate::event_stream::cursor::Cursor;
use crate::event_stream::filter::Filter;
use crate::event_stream::frame::Frame;
use crate::event_stream::frame_builder::{FrameBuilder, LIVE_WINDOW_EVENTS, StreamOptions};
use crate::event_stream::journal::{Journal as _, ReadLimit};
use crate::event_stream::payload::Payload;
use crate::event_stream::registry::{OpenStream, StreamRegistryLimits};
use crate::event_stream::subscribers::{StreamLimits, TooManySubscriptions};
use crate::runtime::budget::Budget;
use crate::runtime::class::CallerClass;

#[test]
fn operators_see_who_reads_and_how_far_behind_it_is() {
    let bench = Bench::new(1000, StreamRegistryLimits::default());
    bench.journal.append((0..40).map(mixed));
    let mut stream = bench.open(&Filter::ALL, 11, 1);
    let _second = bench.open(&Filter::ALL, 41, 1);
    for _ in 0..3 {
        assert!(bench.next(&mut stream).unwrap().is_ok());
    }
    bench.turn();
    let bounds = bench.journal.bounds();
    let page = bench.streams.subscribers().page(0, 1, &bounds);
    assert_eq!((page.open_count, page.opened_total, page.next_page_token.as_str()), (2, 2, "1"));
    let slow = &page.subscribers[0];
    assert_eq!((slow.client_name.as_str(), slow.mode()), ("test", v1::SubscriberMode::Live));
    assert_eq!((slow.sent_frames, slow.sent_events, slow.queued_frames), (3, 2, 8));
    assert!(slow.blocked_duration.is_some(), "its queue is full");
    assert_eq!(
        (slow.next_sequence, slow.events_behind),
        (11, 30),
        "what is read at once counts when all of it is sent"
    );
    assert_eq!(Cursor::decode(&slow.cursor).unwrap().sequence, 12);
    let next = bench.streams.subscribers().page(1, 10, &bounds);
    assert_eq!((next.subscribers.len(), next.next_page_token.as_str()), (1, ""));
    assert_eq!((next.subscribers[0].events_behind, next.subscribers[0].bytes_behind), (0, 0));
    drop(stream);
    bench.journal.append([burn()]);
    bench.turn();
    let page = bench.streams.subscribers().page(0, 10, &bench.journal.bounds());
    assert_eq!((page.open_count, page.recent_ends[0].reason.as_str()), (1, "CLIENT_GONE"));
    assert_eq!(Cursor::decode(&page.recent_ends[0].cursor).unwrap().sequence, 12);
}

#[test]
fn one_that_is_held_up_is_not_called_live() {
    let bench = Bench::new(1000, StreamRegistryLimits::default());
    let mut stream = bench.open(&Filter::ALL, 1, 1);
    assert!(bench.next(&mut stream).unwrap().is_ok());
    let mode = || bench.streams.subscribers().page(0, 1, &bench.journal.bounds()).subscribers[0].mode();
    bench.journal.append((0..100).map(|_| burn()));
    bench.turn();
    assert_eq!(mode(), v1::SubscriberMode::Live);
    bench.journal.append((0..LIVE_WINDOW_EVENTS).map(|_| burn()));
    assert_eq!(mode(), v1::SubscriberMode::Lagging, "it has read nothing of that");
}

#[test]
fn a_reader_that_was_cut_to_make_room_is_said_to_be() {
    let bench = Bench::new(10, StreamRegistryLimits::default());
    let (budget, connection) = (Budget::default(), CancellationToken::new());
    let byte_account = Some(budget.byte_account(CallerClass::Anyone, &connection));
    let mut stream = bench.streams.open(OpenStream { byte_account, ..request(&Filter::ALL, 1, 1, None) }).unwrap();
    assert!(bench.next(&mut stream).unwrap().is_ok());
    connection.cancel();
    drop(stream);
    bench.turn();
    assert_eq!(bench.streams.subscribers().stats().ends, [("BYTES_UNREAD", 1)].into());
}

#[test]
fn lag_is_reported_in_bytes_too() {
    let journal = MemoryJournal::default();
    journal.append((0..LIVE_WINDOW_EVENTS + 10).map(mixed));
    let bounds = journal.bounds();
    let options = StreamOptions { filter: Arc::new(Filter::ALL), payload: Payload::Full, max_batch: 300 };
    let mut feed = FrameBuilder::new(options, JOURNAL_ID, 1, None, &bounds);
    let entries = journal.read(1, ReadLimit { events: 20, bytes: 0 });
    assert_eq!(feed.on_entries(&entries).len(), 1);
    let unread = journal.read(21, ReadLimit { events: usize::MAX, bytes: 0 });
    let bytes: usize = unread.iter().map(|entry| entry.encoded.len()).sum();
    let behind = feed.behind(&bounds);
    assert_eq!((behind.events, behind.bytes), (unread.len() as u64, bytes as u64));
}

#[test]
fn one_peer_cannot_take_all_places() {
    let streams = StreamLimits { total: 10, actors: 1, per_peer: 1, per_loopback_peer: 2 };
    let bench = Bench::new(10, StreamRegistryLimits { streams, ..StreamRegistryLimits::default() });
    let open = |peer: &str| {
        let peer = Some(peer.parse().unwrap());
        bench.streams.open(OpenStream { peer, ..request(&Filter::ALL, 1, 1, None) })
    };
    let _first = open("10.0.0.1:1").unwrap();
    let refused = open("10.0.0.1:2").err();
    assert_eq!(refused, Some(TooManySubscriptions::Peer { max: 1, peer: [10, 0, 0, 1].into() }));
    let _other = open("10.0.0.2:1").unwrap();
    let _customer = open("[2001:db8::1]:1").unwrap();
    assert!(open("[2001:db8::2]:1").is_err(), "who has one address of a network has them all");
    let loopback = [open("127.0.0.1:1").unwrap(), open("[::ffff:127.0.0.1]:2").unwrap(), open("[::1]:1").unwrap()];
    assert!(open("127.0.0.1:3").is_err());
    drop(loopback);
    bench.journal.append([burn()]);
    bench.turn();
    assert!(open("127.0.0.1:3").is_ok(), "the places are free again");
}

#[test]
fn readers_cannot_keep_out_producers_signers_and_the_nodes_own_calls() {
    let streams = StreamLimits { total: 1, actors: 2, per_peer: 1, per_loopback_peer: 1 };
    let bench = Bench::new(10, StreamRegistryLimits { streams, ..StreamRegistryLimits::default() });
    let (peer, budget, connection) =
        (Some("127.0.0.1:1".parse().unwrap()), Budget::default(), CancellationToken::new());
    let open = |class| {
        let byte_account = Some(budget.byte_account(class, &connection));
        bench.streams.open(OpenStream { peer, byte_account, ..request(&Filter::ALL, 1, 1, None) })
    };
    let _reader = open(CallerClass::Anyone).unwrap();
    assert_eq!(open(CallerClass::Anyone).err(), Some(TooManySubscriptions::Total { max: 1 }));
    let _signer = open(CallerClass::Actor).unwrap();
    let _own = bench.streams.open(OpenStream { peer: None, ..request(&Filter::ALL, 1, 1, None) }).unwrap();
    assert!(open(CallerClass::Actor).is_err(), "there is an end to it");
}

#[test]
fn producers_signers_and_the_nodes_own_calls_take_no_readers_place() {
    let streams = StreamLimits { total: 2, actors: 2, per_peer: 2, per_loopback_peer: 2 };
    let bench = Bench::new(10, StreamRegistryLimits { streams, ..StreamRegistryLimits::default() });
    let (peer, budget, connection) =
        (Some("127.0.0.1:1".parse().unwrap()), Budget::default(), CancellationToken::new());
    let open = |class| {
        let byte_account = Some(budget.byte_account(class, &connection));
        bench.streams.open(OpenStream { peer, byte_account, ..request(&Filter::ALL, 1, 1, None) })
    };
    let _own = bench.streams.open(OpenStream { peer: None, ..request(&Filter::ALL, 1, 1, None) }).unwrap();
    let signer = open(CallerClass::Actor).unwrap();
    let _reader = open(CallerClass::Anyone).unwrap();
    let _above = open(CallerClass::Actor).expect("when theirs are taken, they have those of everybody");
    assert!(open(CallerClass::Anyone).is_err());
    drop(signer);
    bench.journal.append([burn()]);
    bench.turn();
    assert!(open(CallerClass::Anyone).is_err(), "the signer had a place of its own");
    assert!(open(CallerClass::Actor).is_ok());
}

#[test]
fn lag_is_reported_once_and_so_is_its_end() {
    let options = StreamOptions { filter: Arc::new(Filter::ALL), payload: Payload::Full, max_batch: 1 };
    let at = |newest| JournalBounds { oldest: 1, newest, end_offset: 0, oldest_time_ms: 0, oldest_end: 0 };
    let body = |frame: Option<Frame>| {
        let mut written = Vec::new();
        frame.unwrap().encode(&mut written);
        v1::SubscribeResponse::decode(written.as_slice()).unwrap().body
    };
    let mut feed = FrameBuilder::new(options, JOURNAL_ID, 1, None, &at(0));
    assert!(feed.on_newest(&at(LIVE_WINDOW_EVENTS)).is_none());
    let lagging = body(feed.on_newest(&at(LIVE_WINDOW_EVENTS + 1)));
    assert!(matches!(lagging, Some(FrameBody::Lagging(v1::Lagging { from_sequence: 1, .. }))));
    assert!(feed.on_newest(&at(LIVE_WINDOW_EVENTS + 2)).is_none());
    let journal = MemoryJournal::default();
    journal.append((0..LIVE_WINDOW_EVENTS + 2).map(mixed));
    let frames = feed.on_entries(&journal.read(1, ReadLimit { events: 2, bytes: 0 }));
    assert_eq!(frames.len(), 2);
    let caught_up = body(feed.on_newest(&at(LIVE_WINDOW_EVENTS + 2)));
    assert!(matches!(caught_up, Some(FrameBody::CaughtUp(v1::CaughtUp { sequence: 2 }))));
    assert!(feed.on_newest(&at(LIVE_WINDOW_EVENTS + 2)).is_none());
}
