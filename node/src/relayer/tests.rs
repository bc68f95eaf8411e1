//! The stream engine against a journal in memory: what a subscriber gets is the journal's slice under its filter, however
//! slow it is and however often it comes back.

use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use nakamoto_proto::v1;
use proptest::prelude::*;
use prost::Message as _;
use tokio_util::sync::CancellationToken;
use v1::event::Body;
use v1::start_position::Position;
use v1::subscribe_response::Body as FrameBody;

use super::cursor::Cursor;
use super::feed::{Feed, FeedOptions, LIVE_WINDOW_EVENTS};
use super::filter::{Filter, FilterError, MAX_FILTER_TERMS};
use super::hub::{Hub, HubLimits, OpenStream};
use super::journal::{Bounds, Entry, Journal, ReadLimit};
use super::page::{PageRequest, read_page};
use super::payload::{MAX_EVENT_BYTES, Payload};
use super::position::{PositionError, WhenNone, resolve};
use super::pump::{End, FrameStream};
use super::subscribers::{StreamLimits, TooManySubscriptions};
use super::surroundings::Surroundings;
use crate::chain::ApiError;

const JOURNAL_ID: [u8; 16] = [9; 16];

#[derive(Default)]
struct MemoryJournal {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    events: Vec<Entry>,
    pruned: usize,
    in_memory: usize,
    listeners: Vec<Box<dyn Fn(u64) + Send + Sync>>,
}

impl MemoryJournal {
    fn append(&self, bodies: impl IntoIterator<Item = (v1::EventKind, Body)>) {
        let mut state = self.state.lock().unwrap();
        for (kind, body) in bodies {
            let sequence = state.events.len() as u64 + 1;
            let event = v1::Event { sequence, kind: kind.into(), observe_time: None, body: Some(body) };
            let start_offset = state.events.last().map_or(0, |last| last.end_offset);
            state.events.push(Entry::from_event(event, start_offset));
        }
        let newest = state.events.len() as u64;
        state.listeners.iter().for_each(|listener| listener(newest));
    }

    fn prune(&self, below: usize) {
        self.state.lock().unwrap().pruned = below;
    }

    fn read(&self, from: u64, limit: ReadLimit) -> Vec<Entry> {
        let state = self.state.lock().unwrap();
        let skip = usize::try_from(from).unwrap().saturating_sub(1).max(state.pruned);
        state.events.iter().skip(skip).take(limit.events).cloned().collect()
    }
}

impl Journal for MemoryJournal {
    fn id(&self) -> [u8; 16] {
        JOURNAL_ID
    }

    fn bounds(&self) -> Bounds {
        let state = self.state.lock().unwrap();
        let end_offset = state.events.last().map_or(0, |last| last.end_offset);
        Bounds { oldest: state.pruned as u64 + 1, newest: state.events.len() as u64, end_offset, oldest_time_ms: 0 }
    }

    fn read_memory(&self, from: u64, limit: ReadLimit) -> Option<Vec<Entry>> {
        let first_in_memory = {
            let state = self.state.lock().unwrap();
            state.events.len().saturating_sub(state.in_memory).max(state.pruned) as u64 + 1
        };
        (from >= first_in_memory).then(|| self.read(from, limit))
    }

    fn read_disk(&self, from: u64, limit: ReadLimit) -> Result<Vec<Entry>, ApiError> {
        Ok(self.read(from, limit))
    }

    fn sequence_of_block(&self, block_id: [u8; 32]) -> Result<Option<u64>, ApiError> {
        Ok((block_id == [1; 32]).then_some(1))
    }

    fn sequence_of_height(&self, chain_length: u64) -> Result<Option<u64>, ApiError> {
        Ok((chain_length == 7).then_some(8))
    }

    fn listen(&self, listener: Box<dyn Fn(u64) + Send + Sync>) {
        self.state.lock().unwrap().listeners.push(listener);
    }
}

struct OneStackerDb;

impl Surroundings for OneStackerDb {
    fn tip(&self) -> v1::BlockRef {
        v1::BlockRef::default()
    }

    fn stacker_dbs(&self) -> Result<Vec<String>, ApiError> {
        Ok(vec!["A.b".to_owned()])
    }

    fn written_slots(&self, _: &str) -> Result<Vec<u32>, ApiError> {
        Ok(vec![0, 3])
    }

    fn chunk(&self, _: &str, slot_id: u32) -> Result<v1::StackerDbChunk, ApiError> {
        Ok(v1::StackerDbChunk { slot_id, slot_version: 1, ..Default::default() })
    }
}

fn burn() -> (v1::EventKind, Body) {
    (v1::EventKind::BurnBlock, Body::BurnBlock(v1::BurnBlockEvent::default()))
}

fn chunks(contract: &str) -> (v1::EventKind, Body) {
    let chunks = v1::StackerDbChunks { contract_id: contract.to_owned(), chunks: Vec::new() };
    (v1::EventKind::StackerdbChunks, Body::StackerdbChunks(chunks))
}

fn verdict(id: &str) -> (v1::EventKind, Body) {
    let finished = v1::ValidationFinished { validation_id: id.to_owned(), ..Default::default() };
    (v1::EventKind::Validation, Body::ValidationFinished(finished))
}

/// Every third event another kind.
fn mixed(number: u64) -> (v1::EventKind, Body) {
    match number % 3 {
        0 => burn(),
        1 => chunks("A.b"),
        _ => verdict("v-1"),
    }
}

fn filter(terms: Vec<v1::EventTerm>) -> Filter {
    Filter::decode(Some(v1::EventFilter { terms, all: false })).unwrap()
}

fn of_kinds(kinds: &[v1::EventKind]) -> v1::EventTerm {
    v1::EventTerm { kinds: kinds.iter().map(|kind| (*kind).into()).collect(), ..Default::default() }
}

fn request(filter: &Filter, start_sequence: u64, max_batch: usize, snapshot: Option<Vec<String>>) -> OpenStream {
    OpenStream {
        options: FeedOptions { filter: Arc::new(filter.clone()), payload: Payload::Full, max_batch },
        start_sequence,
        heartbeat: Duration::from_millis(5),
        snapshot,
        client_name: "test".to_owned(),
        peer: None,
    }
}

struct Bench {
    runtime: tokio::runtime::Runtime,
    journal: Arc<MemoryJournal>,
    hub: Hub,
    shutdown: CancellationToken,
}

impl Bench {
    fn new(in_memory: usize, limits: HubLimits) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let journal = Arc::new(MemoryJournal::default());
        journal.state.lock().unwrap().in_memory = in_memory;
        let shutdown = CancellationToken::new();
        let shared: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(&journal);
        let hub = Hub::new(shared, Arc::new(OneStackerDb), limits, runtime.handle().clone(), shutdown.clone());
        Self { runtime, journal, hub, shutdown }
    }

    fn open(&self, filter: &Filter, start_sequence: u64, max_batch: usize) -> FrameStream {
        self.open_with(filter, start_sequence, max_batch, None)
    }

    fn open_with(
        &self,
        filter: &Filter,
        start_sequence: u64,
        max_batch: usize,
        snapshot: Option<Vec<String>>,
    ) -> FrameStream {
        self.hub.open(request(filter, start_sequence, max_batch, snapshot)).unwrap()
    }

    fn next(&self, stream: &mut FrameStream) -> Option<Result<v1::SubscribeResponse, End>> {
        let frame = self.runtime.block_on(async {
            let frame = std::future::poll_fn(|cx| stream.poll_frame(cx));
            tokio::time::timeout(Duration::from_secs(20), frame).await.expect("a heartbeat comes at least")
        });
        frame.map(|frame| {
            frame.map(|frame| {
                let mut written = Vec::new();
                frame.encode(&mut written);
                v1::SubscribeResponse::decode(written.as_slice()).expect("a frame")
            })
        })
    }

    /// Lets the pumps run.
    fn turn(&self) {
        self.runtime.block_on(async {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        });
    }
}

/// What a careful client keeps.
#[derive(Default)]
struct Client {
    events: Vec<u64>,
    cursor: Vec<u8>,
    frame: u64,
    heartbeats: u32,
}

impl Client {
    fn take(&mut self, frame: &v1::SubscribeResponse) {
        assert_eq!(frame.frame, self.frame + 1, "frames have no hole");
        self.frame = frame.frame;
        let cursor = Cursor::decode(&frame.cursor).unwrap();
        if let Ok(before) = Cursor::decode(&self.cursor) {
            assert!(cursor.sequence >= before.sequence, "cursors never fall");
        }
        self.cursor = frame.cursor.to_vec();
        self.heartbeats += u32::from(matches!(frame.body, Some(FrameBody::Heartbeat(_))));
        if let Some(FrameBody::Events(batch)) = &frame.body {
            assert!(!batch.events.is_empty());
            assert!(batch.labels.is_empty() || batch.labels.len() == batch.events.len());
            self.events.extend(batch.events.iter().map(|event| event.sequence));
            // What follows and does not match is counted as seen.
            assert!(self.events.last().is_some_and(|last| *last <= cursor.sequence), "the cursor is past the batch");
        }
    }

    fn is_at(&self, sequence: u64) -> bool {
        Cursor::decode(&self.cursor).is_ok_and(|cursor| cursor.sequence == sequence)
    }
}

/// What happens to a stream: the journal grows, the client reads, the pump runs, the client is killed and comes back
/// with its cursor, the journal forgets this many percent of what it has.
#[derive(Debug, Clone)]
enum Op {
    Append(u16),
    Read(u8),
    Idle,
    Reconnect,
    Prune(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (1..400_u16).prop_map(Op::Append),
        4 => (1..40_u8).prop_map(Op::Read),
        2 => Just(Op::Idle),
        2 => Just(Op::Reconnect),
        1 => (0..100_u64).prop_map(Op::Prune),
    ]
}

/// A client that keeps its cursor, and what the journal had forgotten before it came.
struct Reader<'a> {
    bench: &'a Bench,
    filter: &'a Filter,
    max_batch: usize,
    stream: FrameStream,
    client: Client,
    lost: Vec<std::ops::Range<u64>>,
}

impl Reader<'_> {
    /// Opens the stream again after the last cursor, or at the oldest event when that is gone.
    fn reopen(&mut self) {
        let next = Cursor::decode(&self.client.cursor).unwrap().sequence + 1;
        let oldest = self.bench.journal.bounds().oldest;
        if next < oldest {
            self.lost.push(next..oldest);
        }
        self.stream = self.bench.open(self.filter, next.max(oldest), self.max_batch);
        self.client.frame = 0;
    }

    fn read(&mut self) {
        match self.bench.next(&mut self.stream).expect("no end without a reason") {
            Ok(frame) => self.client.take(&frame),
            Err(End::Pruned { oldest, cursor }) => {
                assert_eq!(cursor, self.client.cursor, "all frames before the end came");
                assert!(Cursor::decode(&cursor).unwrap().sequence + 1 < oldest);
                self.reopen();
            }
            Err(end) => panic!("{end}"),
        }
    }
}

fn any_filter() -> impl Strategy<Value = Filter> {
    prop_oneof![
        Just(Filter::ALL),
        Just(filter(vec![of_kinds(&[v1::EventKind::BurnBlock])])),
        Just(filter(vec![of_kinds(&[v1::EventKind::Template])])),
        Just(filter(vec![v1::EventTerm { label: "v".to_owned(), ..of_kinds(&[v1::EventKind::Validation]) }])),
        Just(filter(vec![
            of_kinds(&[v1::EventKind::BurnBlock]),
            v1::EventTerm { stackerdb_contracts: vec!["A.b".to_owned()], ..Default::default() },
        ])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_stream_equals_the_journal_slice_under_its_filter(
        ops in prop::collection::vec(op(), 1..25),
        filter in any_filter(),
        before in 0..600_u64,
        start in 1..600_u64,
        in_memory in 0..500_usize,
        max_batch in 1..300_usize,
    ) {
        let bench = Bench::new(in_memory, HubLimits::default());
        bench.journal.append((0..before).map(mixed));
        let start = start.min(before + 1);
        let stream = bench.open(&filter, start, max_batch);
        let client = Client { cursor: Cursor { journal_id: JOURNAL_ID, sequence: start - 1 }.encode(), ..Client::default() };
        let mut reader = Reader { bench: &bench, filter: &filter, max_batch, stream, client, lost: Vec::new() };
        for op in ops {
            match op {
                Op::Append(count) => bench.journal.append((0..u64::from(count)).map(mixed)),
                Op::Idle => bench.turn(),
                Op::Read(frames) => (0..frames).for_each(|_| reader.read()),
                Op::Reconnect => reader.reopen(),
                Op::Prune(percent) => {
                    let Bounds { oldest, newest, .. } = bench.journal.bounds();
                    let below = oldest - 1 + (newest + 1 - oldest) * percent / 100;
                    bench.journal.prune(usize::try_from(below).unwrap());
                }
            }
        }
        let newest = bench.journal.bounds().newest;
        while !reader.client.is_at(newest) {
            reader.read();
        }
        let expected: Vec<u64> = bench.journal.state.lock().unwrap().events.iter()
            .filter(|entry| entry.sequence >= start && filter.matches(entry))
            .map(|entry| entry.sequence)
            .filter(|sequence| !reader.lost.iter().any(|lost| lost.contains(sequence)))
            .collect();
        prop_assert_eq!(reader.client.events, expected);
    }

    #[test]
    fn pages_hold_what_streams_hold(count in 0..900_u64, size in 1..400_usize, filter in any_filter()) {
        let journal = MemoryJournal::default();
        journal.append((0..count).map(mixed));
        let (mut start, mut events) = (1, Vec::new());
        loop {
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
fn the_first_frame_says_where_the_stream_begins() {
    let bench = Bench::new(10, HubLimits::default());
    bench.journal.append((0..5).map(mixed));
    let mut stream = bench.open(&Filter::ALL, 3, 7);
    let frame = bench.next(&mut stream).unwrap().unwrap();
    let Some(FrameBody::Started(started)) = frame.body else { panic!("{:?}", frame.body) };
    assert_eq!((started.start_sequence, started.oldest_sequence, started.newest_sequence), (3, 1, 5));
    assert_eq!((started.journal_id.as_ref(), started.max_batch), (&JOURNAL_ID[..], 7));
    assert!(Cursor::decode(&frame.cursor).unwrap().sequence == 2);
}

#[test]
fn a_snapshot_comes_before_events() {
    let bench = Bench::new(10, HubLimits::default());
    bench.journal.append([burn()]);
    let mut stream = bench.open_with(&Filter::ALL, 1, 1, Some(vec!["A.b".to_owned()]));
    let mut bodies = (0..5).map(|_| bench.next(&mut stream).unwrap().unwrap().body.unwrap());
    assert!(matches!(bodies.next(), Some(FrameBody::Started(_))));
    for slot in [0, 3] {
        let Some(FrameBody::Snapshot(chunks)) = bodies.next() else { panic!("no chunk of slot {slot}") };
        assert_eq!((chunks.contract_id.as_str(), chunks.chunks[0].slot_id), ("A.b", slot));
    }
    let Some(FrameBody::SnapshotComplete(complete)) = bodies.next() else { panic!("no end") };
    assert_eq!(complete.sequence, 1);
    assert!(matches!(bodies.next(), Some(FrameBody::Events(_))));
}

#[test]
fn a_reader_that_takes_nothing_is_cut_with_a_cursor_that_loses_nothing() {
    let streams = StreamLimits { total: 1, ..HubLimits::default().streams };
    let limits = HubLimits { streams, stall_timeout: Duration::from_millis(30) };
    let bench = Bench::new(2000, limits);
    let mut stream = bench.open(&Filter::ALL, 1, 1);
    let mut client = Client::default();
    client.take(&bench.next(&mut stream).unwrap().unwrap());
    bench.journal.append((0..1000).map(mixed));
    client.take(&bench.next(&mut stream).unwrap().unwrap());
    let second = bench.hub.open(request(&Filter::ALL, 1, 1, None));
    assert_eq!(second.err(), Some(TooManySubscriptions::Total { max: 1 }), "the only place is taken");
    let page = bench.hub.subscribers().page(0, 10, &bench.journal.bounds());
    assert_eq!(page.subscribers[0].sent_frames, 2);
    bench.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(300)).await });
    let end = loop {
        match bench.next(&mut stream).unwrap() {
            Ok(frame) => client.take(&frame),
            Err(end) => break end,
        }
    };
    let End::Stalled { cursor, .. } = end else { panic!("{end}") };
    assert_eq!(cursor, client.cursor, "what was not taken is not skipped");
    assert!(bench.next(&mut stream).is_none());
    drop(bench.open(&Filter::ALL, 1, 1)); // The place is free again.
}

#[test]
fn shutdown_ends_a_stream_with_its_cursor() {
    let bench = Bench::new(10, HubLimits::default());
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
    let End::Shutdown { cursor } = end else { panic!("{end}") };
    assert_eq!(cursor, client.cursor);
    assert!(client.heartbeats > 0, "the last frame says where the stream was");
    assert_eq!(bench.hub.subscribers().stats().ends, [("SERVER_SHUTDOWN", 1)].into());
}

#[test]
fn a_shutdown_while_frames_wait_for_room_skips_nothing() {
    let bench = Bench::new(1000, HubLimits::default());
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
    let End::Shutdown { cursor } = end else { panic!("{end}") };
    let last = Cursor::decode(&cursor).unwrap().sequence;
    assert_eq!(client.events, (1..=last).collect::<Vec<_>>(), "the cursor passes what was sent only");
    assert!(last < 100, "the queue was full");
}

#[test]
fn operators_see_who_reads_and_how_far_behind_it_is() {
    let bench = Bench::new(1000, HubLimits::default());
    bench.journal.append((0..40).map(mixed));
    let mut stream = bench.open(&Filter::ALL, 11, 1);
    let _second = bench.open(&Filter::ALL, 41, 1);
    for _ in 0..3 {
        assert!(bench.next(&mut stream).unwrap().is_ok());
    }
    bench.turn();
    let bounds = bench.journal.bounds();
    let page = bench.hub.subscribers().page(0, 1, &bounds);
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
    let next = bench.hub.subscribers().page(1, 10, &bounds);
    assert_eq!((next.subscribers.len(), next.next_page_token.as_str()), (1, ""));
    assert_eq!((next.subscribers[0].events_behind, next.subscribers[0].bytes_behind), (0, 0));
    drop(stream);
    bench.journal.append([burn()]);
    bench.turn();
    let page = bench.hub.subscribers().page(0, 10, &bench.journal.bounds());
    assert_eq!((page.open_count, page.recent_ends[0].reason.as_str()), (1, "CLIENT_GONE"));
    assert_eq!(Cursor::decode(&page.recent_ends[0].cursor).unwrap().sequence, 12);
}

#[test]
fn lag_is_told_in_bytes_too() {
    let journal = MemoryJournal::default();
    journal.append((0..LIVE_WINDOW_EVENTS + 10).map(mixed));
    let bounds = journal.bounds();
    let options = FeedOptions { filter: Arc::new(Filter::ALL), payload: Payload::Full, max_batch: 300 };
    let mut feed = Feed::new(options, JOURNAL_ID, 1, &bounds);
    let entries = journal.read(1, ReadLimit { events: 20, bytes: 0 });
    assert_eq!(feed.on_entries(&entries).len(), 1);
    let unread = journal.read(21, ReadLimit { events: usize::MAX, bytes: 0 });
    let bytes: usize = unread.iter().map(|entry| entry.encoded.len()).sum();
    let behind = feed.behind(&bounds);
    assert_eq!((behind.events, behind.bytes), (unread.len() as u64, bytes as u64));
}

#[test]
fn one_peer_cannot_take_all_places() {
    let streams = StreamLimits { total: 10, per_peer: 1, per_loopback_peer: 2 };
    let bench = Bench::new(10, HubLimits { streams, ..HubLimits::default() });
    let open = |peer: &str| {
        let peer = Some(peer.parse().unwrap());
        bench.hub.open(OpenStream { peer, ..request(&Filter::ALL, 1, 1, None) })
    };
    let _first = open("10.0.0.1:1").unwrap();
    let refused = open("10.0.0.1:2").err();
    assert_eq!(refused, Some(TooManySubscriptions::Peer { max: 1, peer: [10, 0, 0, 1].into() }));
    let _other = open("10.0.0.2:1").unwrap();
    let loopback = [open("127.0.0.1:1").unwrap(), open("127.0.0.1:2").unwrap()];
    assert!(open("127.0.0.1:3").is_err());
    drop(loopback);
    bench.journal.append([burn()]);
    bench.turn();
    assert!(open("127.0.0.1:3").is_ok(), "the places are free again");
}

#[test]
fn events_come_with_the_labels_of_the_terms_that_they_match() {
    let label = |label: &str, kinds: &[v1::EventKind]| v1::EventTerm { label: label.to_owned(), ..of_kinds(kinds) };
    let filter = filter(vec![
        label("burn", &[v1::EventKind::BurnBlock]),
        label("any", &[v1::EventKind::BurnBlock, v1::EventKind::Validation]),
        of_kinds(&[v1::EventKind::StackerdbChunks]),
    ]);
    let bench = Bench::new(10, HubLimits::default());
    bench.journal.append([burn(), verdict("v"), chunks("A.b")]);
    let mut stream = bench.open(&filter, 1, 10);
    assert!(bench.next(&mut stream).unwrap().is_ok());
    let frame = bench.next(&mut stream).unwrap().unwrap();
    let Some(FrameBody::Events(batch)) = frame.body else { panic!("{:?}", frame.body) };
    let labels: Vec<_> = batch.labels.iter().map(|labels| labels.labels.join(",")).collect();
    assert_eq!(labels, ["burn,any", "any", ""]);
    let request = PageRequest { filter, payload: Payload::Full, start: 1, size: 10 };
    assert_eq!(read_page(bench.journal.as_ref(), &request).unwrap().labels, batch.labels);
}

#[test]
fn a_snapshot_holds_only_the_slots_that_the_stream_would_hold() {
    let bench = Bench::new(10, HubLimits::default());
    let term = v1::EventTerm { stackerdb_contracts: vec!["A.b".to_owned()], slot_ids: vec![3], ..Default::default() };
    let mut stream = bench.open_with(&filter(vec![term]), 1, 1, Some(vec!["A.b".to_owned()]));
    let mut bodies = (0..3).map(|_| bench.next(&mut stream).unwrap().unwrap().body.unwrap());
    assert!(matches!(bodies.next(), Some(FrameBody::Started(_))));
    let Some(FrameBody::Snapshot(chunks)) = bodies.next() else { panic!("no chunk") };
    assert_eq!(chunks.chunks[0].slot_id, 3);
    assert!(matches!(bodies.next(), Some(FrameBody::SnapshotComplete(_))));
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
    let bench = Bench::new(10, HubLimits::default());
    bench.journal.append((0..50).map(mixed));
    let mut stream = bench.open(&Filter::ALL, 1, 10);
    bench.journal.prune(20);
    assert!(bench.next(&mut stream).unwrap().is_ok());
    let Some(Err(End::Pruned { oldest, .. })) = bench.next(&mut stream) else { panic!("not pruned") };
    assert_eq!(oldest, 21);
}

#[test]
fn lag_is_told_once_and_so_is_its_end() {
    let options = FeedOptions { filter: Arc::new(Filter::ALL), payload: Payload::Full, max_batch: 1 };
    let at = |newest| Bounds { oldest: 1, newest, end_offset: 0, oldest_time_ms: 0 };
    let body = |frame: Option<super::frame::Frame>| {
        let mut written = Vec::new();
        frame.unwrap().encode(&mut written);
        v1::SubscribeResponse::decode(written.as_slice()).unwrap().body
    };
    let mut feed = Feed::new(options, JOURNAL_ID, 1, &at(0));
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

#[test]
fn positions_out_of_the_journal_are_refused_by_kind() {
    let journal = MemoryJournal::default();
    journal.append((0..10).map(mixed));
    journal.prune(4);
    let at = |position| resolve(&journal, Some(v1::StartPosition { position: Some(position) }), WhenNone::Latest);
    let cursor = |journal_id, sequence| Position::AfterCursor(Cursor { journal_id, sequence }.encode().into());
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
    assert!(matches!(at(Position::AfterBlockId(vec![1; 32].into())), Err(PositionError::Pruned { wanted: 2, .. })));
    assert!(matches!(at(Position::AfterBlockId(vec![2; 32].into())), Err(PositionError::Api(_))));
    assert!(matches!(at(Position::Latest(false)), Err(PositionError::Api(_))));
}

#[test]
fn filters_are_checked() {
    let decode = |terms, all| Filter::decode(Some(v1::EventFilter { terms, all }));
    assert!(matches!(Filter::decode(None), Err(FilterError::Empty)));
    assert!(matches!(decode(vec![v1::EventTerm::default()], false), Err(FilterError::Empty)));
    let term = of_kinds(&[v1::EventKind::BurnBlock]);
    assert!(matches!(decode(vec![term.clone()], true), Err(FilterError::Field(_))));
    assert!(decode(vec![term.clone(); MAX_FILTER_TERMS], false).is_ok());
    assert!(matches!(decode(vec![term; MAX_FILTER_TERMS + 1], false), Err(FilterError::Field(_))));
    let unknown = v1::EventTerm { kinds: vec![99], ..Default::default() };
    assert!(matches!(decode(vec![unknown], false), Err(FilterError::Field(_))));
    let short_txid = v1::EventTerm { txids: vec![vec![1; 31].into()], ..Default::default() };
    assert!(matches!(decode(vec![short_txid], false), Err(FilterError::Field(_))));
    let only_label = v1::EventTerm { label: "x".to_owned(), ..Default::default() };
    assert!(matches!(decode(vec![only_label], false), Err(FilterError::Empty)));
    let long = v1::EventTerm { label: "x".repeat(33), ..of_kinds(&[v1::EventKind::BurnBlock]) };
    assert!(matches!(decode(vec![long], false), Err(FilterError::Field(_))));
    let long = v1::EventTerm { contracts: vec!["x".repeat(301)], ..Default::default() };
    assert!(matches!(decode(vec![long], false), Err(FilterError::Field(_))));
}

fn event((kind, body): (v1::EventKind, Body)) -> Entry {
    Entry::from_event(v1::Event { sequence: 1, kind: kind.into(), observe_time: None, body: Some(body) }, 0)
}

#[test]
fn stackerdb_and_request_conditions_narrow_their_own_kinds() {
    let producers = filter(vec![v1::EventTerm {
        kinds: vec![v1::EventKind::StackerdbChunks.into(), v1::EventKind::BurnBlock.into()],
        stackerdb_contracts: vec!["A.b".to_owned()],
        ..Default::default()
    }]);
    assert!(producers.matches(&event(chunks("A.b"))));
    assert!(!producers.matches(&event(chunks("A.c"))));
    assert!(producers.matches(&event(burn())), "other kinds are not narrowed");
    assert!(!producers.matches(&event(verdict("v-1"))));
    let mine = filter(vec![v1::EventTerm { request_id: "v-1".to_owned(), ..Default::default() }]);
    assert!(mine.matches(&event(verdict("v-1"))));
    assert!(!mine.matches(&event(verdict("v-2"))));
    assert!(!mine.matches(&event(burn())));
    let only = filter(vec![v1::EventTerm { stackerdb_contracts: vec!["A.b".to_owned()], ..Default::default() }]);
    assert!(only.matches(&event(chunks("A.b"))));
    assert!(!only.matches(&event(burn())), "a term that names a StackerDB only means its chunks");
}

#[test]
fn what_a_block_touches_is_found() {
    let transfer = v1::FtTransfer {
        asset_id: "A.b::c".to_owned(),
        sender: "ALICE".to_owned(),
        recipient: "BOB".to_owned(),
        ..Default::default()
    };
    let body = v1::transaction_event::Body::FtTransfer(transfer);
    let receipt = v1::TransactionReceipt {
        txid: vec![5; 32].into(),
        events: vec![v1::TransactionEvent { event_index: 0, body: Some(body) }],
        ..Default::default()
    };
    let processed = v1::BlockProcessed { receipts: vec![receipt], ..Default::default() };
    let block = event((v1::EventKind::BlockProcessed, Body::BlockProcessed(processed)));
    let term = |contracts: &[&str], assets: &[&str], addresses: &[&str]| {
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let (contracts, assets, addresses) = (texts(contracts), texts(assets), texts(addresses));
        filter(vec![v1::EventTerm { contracts, assets, addresses, ..Default::default() }])
    };
    assert!(term(&["A.b"], &[], &[]).matches(&block));
    assert!(term(&[], &["A.b::c"], &[]).matches(&block));
    assert!(term(&[], &[], &["CAROL", "BOB"]).matches(&block));
    assert!(term(&["A.b"], &["A.b::c"], &["ALICE"]).matches(&block));
    assert!(!term(&["A.b"], &["A.b::d"], &[]).matches(&block));
    assert!(!term(&["A.b"], &[], &[]).matches(&event(burn())));
    let mined = |txid: u8| filter(vec![v1::EventTerm { txids: vec![vec![txid; 32].into()], ..Default::default() }]);
    assert!(mined(5).matches(&block));
    assert!(!mined(6).matches(&block));
    let dropped = v1::MempoolDropped { txids: vec![vec![5; 32].into()], ..Default::default() };
    assert!(mined(5).matches(&event((v1::EventKind::MempoolDropped, Body::MempoolDropped(dropped)))));
}

#[test]
fn the_header_form_has_no_bulk() {
    let chunk = v1::StackerDbChunk { slot_id: 1, data: vec![1; 10].into(), ..Default::default() };
    let body = Body::StackerdbChunks(v1::StackerDbChunks { contract_id: "A.b".to_owned(), chunks: vec![chunk] });
    let entry = event((v1::EventKind::StackerdbChunks, body));
    let data = |event: v1::Event| match event.body {
        Some(Body::StackerdbChunks(chunks)) => chunks.chunks[0].data.len(),
        _ => panic!("another kind"),
    };
    for (payload, expected) in [(Payload::Full, 10), (Payload::Header, 0)] {
        let (whole, length) = payload.event(&entry);
        let shaped = payload.shape(&entry);
        assert_eq!((shaped.len(), v1::Event::decode(shaped).as_ref()), (length, Ok(&whole)));
        assert_eq!(data(whole), expected);
    }
    let chunk = v1::StackerDbChunk { data: vec![1; MAX_EVENT_BYTES].into(), ..Default::default() };
    let body = Body::StackerdbChunks(v1::StackerDbChunks { contract_id: "A.b".to_owned(), chunks: vec![chunk] });
    let huge = event((v1::EventKind::StackerdbChunks, body));
    assert_eq!(data(Payload::Full.event(&huge).0), 0, "what no client can take travels as header");
    assert!(Payload::Full.shape(&huge).len() < 100);
}

#[test]
fn a_finished_stream_stays_finished() {
    let bench = Bench::new(10, HubLimits::default());
    let mut stream = bench.open(&Filter::ALL, 1, 1);
    assert!(bench.next(&mut stream).unwrap().is_ok());
    bench.shutdown.cancel();
    while let Some(Ok(_)) = bench.next(&mut stream) {}
    let again = bench.runtime.block_on(std::future::poll_fn(|cx| Poll::Ready(stream.poll_frame(cx))));
    assert!(matches!(again, Poll::Ready(None)));
}
