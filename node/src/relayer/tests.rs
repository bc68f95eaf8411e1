//! The stream engine against a journal in memory: what a subscriber gets is the journal's slice under its filter, however
//! slow it is and however often it comes back.

use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use nakamoto_proto::v1;
use proptest::prelude::*;
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
use super::payload::Payload;
use super::position::{PositionError, WhenNone, resolve};
use super::pump::{End, FrameStream};
use super::surroundings::Surroundings;
use crate::chain::ApiError;

const JOURNAL_ID: [u8; 16] = [9; 16];

#[derive(Default)]
struct MemoryJournal {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    events: Vec<Arc<v1::Event>>,
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
            state.events.push(Arc::new(event));
        }
        let newest = state.events.len() as u64;
        state.listeners.iter().for_each(|listener| listener(newest));
    }

    fn prune(&self, below: usize) {
        self.state.lock().unwrap().pruned = below;
    }

    fn read(&self, from: u64, limit: ReadLimit) -> Vec<Entry> {
        let state = self.state.lock().unwrap();
        let skip = usize::try_from(from).unwrap().saturating_sub(1);
        let events = state.events.iter().skip(skip).take(limit.events);
        events.map(|event| Entry { sequence: event.sequence, event: Arc::clone(event), encoded_len: 100 }).collect()
    }
}

impl Journal for MemoryJournal {
    fn id(&self) -> [u8; 16] {
        JOURNAL_ID
    }

    fn bounds(&self) -> Bounds {
        let state = self.state.lock().unwrap();
        Bounds { oldest: state.pruned as u64 + 1, newest: state.events.len() as u64 }
    }

    fn read_memory(&self, from: u64, limit: ReadLimit) -> Option<Vec<Entry>> {
        let (newest, window) = {
            let state = self.state.lock().unwrap();
            (state.events.len() as u64, state.in_memory as u64)
        };
        (from > newest.saturating_sub(window)).then(|| self.read(from, limit))
    }

    fn read_disk(&self, from: u64, limit: ReadLimit) -> Result<Vec<Entry>, ApiError> {
        Ok(self.read(from, limit))
    }

    fn sequence_of_block(&self, block_id: [u8; 32]) -> Result<Option<u64>, ApiError> {
        Ok((block_id == [1; 32]).then_some(1))
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
        let options = FeedOptions { filter: filter.clone(), payload: Payload::Full, max_batch };
        let heartbeat = Duration::from_millis(20);
        self.hub.open(OpenStream { options, start_sequence, heartbeat, snapshot }).unwrap()
    }

    fn next(&self, stream: &mut FrameStream) -> Option<Result<v1::SubscribeResponse, End>> {
        self.runtime.block_on(async {
            let frame = std::future::poll_fn(|cx| stream.poll_frame(cx));
            tokio::time::timeout(Duration::from_secs(20), frame).await.expect("a heartbeat comes at least")
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
        if let Some(FrameBody::Events(batch)) = &frame.body {
            assert!(!batch.events.is_empty());
            self.events.extend(batch.events.iter().map(|event| event.sequence));
            // What follows and does not match is counted as seen.
            assert!(self.events.last().is_some_and(|last| *last <= cursor.sequence), "the cursor is past the batch");
        }
    }

    fn is_at(&self, sequence: u64) -> bool {
        Cursor::decode(&self.cursor).is_ok_and(|cursor| cursor.sequence == sequence)
    }
}

#[derive(Debug, Clone)]
enum Op {
    Append(u16),
    Read(u8),
    Idle,
    Reconnect,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![(1..400_u16).prop_map(Op::Append), (1..40_u8).prop_map(Op::Read), Just(Op::Idle), Just(Op::Reconnect),]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    prop_oneof![
        Just(Filter::ALL),
        Just(filter(vec![of_kinds(&[v1::EventKind::BurnBlock])])),
        Just(filter(vec![of_kinds(&[v1::EventKind::Template])])),
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
        let mut client = Client::default();
        let mut stream = bench.open(&filter, start, max_batch);
        for op in ops {
            match op {
                Op::Append(count) => bench.journal.append((0..u64::from(count)).map(mixed)),
                Op::Idle => bench.turn(),
                Op::Read(frames) => (0..frames).for_each(|_| {
                    client.take(&bench.next(&mut stream).unwrap().unwrap());
                }),
                Op::Reconnect => {
                    if let Ok(cursor) = Cursor::decode(&client.cursor) {
                        stream = bench.open(&filter, cursor.sequence + 1, max_batch);
                        client.frame = 0;
                    }
                }
            }
        }
        let newest = bench.journal.bounds().newest;
        while !client.is_at(newest) {
            client.take(&bench.next(&mut stream).unwrap().unwrap());
        }
        let expected: Vec<u64> = bench.journal.state.lock().unwrap().events.iter()
            .filter(|event| event.sequence >= start && filter.matches(event))
            .map(|event| event.sequence)
            .collect();
        prop_assert_eq!(client.events, expected);
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
            all.iter().filter(|entry| filter.matches(&entry.event)).map(|entry| entry.sequence).collect();
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
    let limits = HubLimits { max_subscriptions: 1, stall_timeout: Duration::from_millis(30) };
    let bench = Bench::new(2000, limits);
    let mut stream = bench.open(&Filter::ALL, 1, 1);
    let mut client = Client::default();
    client.take(&bench.next(&mut stream).unwrap().unwrap());
    bench.journal.append((0..1000).map(mixed));
    client.take(&bench.next(&mut stream).unwrap().unwrap());
    let options = FeedOptions { filter: Filter::ALL, payload: Payload::Full, max_batch: 1 };
    let heartbeat = Duration::from_secs(1);
    let second = OpenStream { options, start_sequence: 1, heartbeat, snapshot: None };
    assert!(bench.hub.open(second).is_err(), "the only place is taken");
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
    let options = FeedOptions { filter: Filter::ALL, payload: Payload::Full, max_batch: 1 };
    let mut feed = Feed::new(options, JOURNAL_ID, 1, 0);
    assert!(feed.on_newest(LIVE_WINDOW_EVENTS).is_none());
    let lagging = feed.on_newest(LIVE_WINDOW_EVENTS + 1).unwrap().body;
    assert!(matches!(lagging, Some(FrameBody::Lagging(v1::Lagging { from_sequence: 1, .. }))));
    assert!(feed.on_newest(LIVE_WINDOW_EVENTS + 2).is_none());
    let journal = MemoryJournal::default();
    journal.append((0..LIVE_WINDOW_EVENTS + 2).map(mixed));
    let frames = feed.on_entries(&journal.read(1, ReadLimit { events: 2, bytes: 0 }));
    assert_eq!(frames.len(), 2);
    let caught_up = feed.on_newest(LIVE_WINDOW_EVENTS + 2).unwrap().body;
    assert!(matches!(caught_up, Some(FrameBody::CaughtUp(v1::CaughtUp { sequence: 2 }))));
    assert!(feed.on_newest(LIVE_WINDOW_EVENTS + 2).is_none());
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
    let long = v1::EventTerm { contracts: vec!["x".repeat(301)], ..Default::default() };
    assert!(matches!(decode(vec![long], false), Err(FilterError::Field(_))));
}

fn event((kind, body): (v1::EventKind, Body)) -> v1::Event {
    v1::Event { sequence: 1, kind: kind.into(), observe_time: None, body: Some(body) }
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
}

#[test]
fn the_header_form_has_no_bulk() {
    let chunk = v1::StackerDbChunk { slot_id: 1, data: vec![1; 10].into(), ..Default::default() };
    let body = Body::StackerdbChunks(v1::StackerDbChunks { contract_id: "A.b".to_owned(), chunks: vec![chunk] });
    let event = Arc::new(event((v1::EventKind::StackerdbChunks, body)));
    let entry = Entry { sequence: 1, event, encoded_len: 100 };
    let (full, _) = Payload::Full.shape(&entry);
    let (header, length) = Payload::Header.shape(&entry);
    let data = |event: v1::Event| match event.body {
        Some(Body::StackerdbChunks(chunks)) => chunks.chunks[0].data.len(),
        _ => panic!("another kind"),
    };
    assert!(length < 30);
    assert_eq!((data(full), data(header)), (10, 0));
    let huge = Entry { encoded_len: usize::MAX, ..entry };
    assert_eq!(data(Payload::Full.shape(&huge).0), 0, "what no client can take travels as header");
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
