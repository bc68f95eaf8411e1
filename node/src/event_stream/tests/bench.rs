//! A journal in memory with streams, events for it, and a careful client.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chainstate::journal::{JournalBounds, JournalEvent};
use nakamoto_proto::v1;
use prost::Message as _;
use tokio_util::sync::CancellationToken;
use v1::event::Body;
use v1::subscribe_response::Body as FrameBody;

use crate::error::ApiError;
use crate::event_stream::context::StreamContext;
use crate::event_stream::cursor::Cursor;
use crate::event_stream::filter::Filter;
use crate::event_stream::frame_builder::StreamOptions;
use crate::event_stream::journal::{Journal, ReadLimit};
use crate::event_stream::payload::Payload;
use crate::event_stream::registry::{OpenStream, StreamRegistry, StreamRegistryLimits};
use crate::event_stream::task::{FrameStream, StreamEnd};

/// Id of the only StackerDB.
pub(super) const DB: &str = "ST000000000000000000002AMW42H.b";
pub(super) const JOURNAL_ID: [u8; 16] = [9; 16];

#[derive(Default)]
pub(super) struct MemoryJournal {
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) events: Vec<JournalEvent>,
    pub(super) pruned: usize,
    /// Value of `pruned` after the next read.
    pub(super) prunes: Option<usize>,
    pub(super) in_memory: usize,
    pub(super) listeners: Vec<Box<dyn Fn(u64) + Send + Sync>>,
}

impl MemoryJournal {
    pub(super) fn append(&self, bodies: impl IntoIterator<Item = (v1::EventKind, Body)>) {
        let mut state = self.state.lock().unwrap();
        for (kind, body) in bodies {
            let sequence = state.events.len() as u64 + 1;
            let observe_time = Some(prost_types::Timestamp { seconds: i64::try_from(sequence).unwrap(), nanos: 0 });
            let event = v1::Event { sequence, kind: kind.into(), observe_time, body: Some(body) };
            let start_offset = state.events.last().map_or(0, |last| last.end_offset);
            state.events.push(JournalEvent::from_event(event, start_offset));
        }
        let newest = state.events.len() as u64;
        state.listeners.iter().for_each(|listener| listener(newest));
    }

    pub(super) fn prune(&self, below: usize) {
        self.state.lock().unwrap().pruned = below;
    }

    pub(super) fn prune_after_a_read(&self, below: usize) {
        self.state.lock().unwrap().prunes = Some(below);
    }

    pub(super) fn read(&self, from: u64, limit: ReadLimit) -> Vec<JournalEvent> {
        let mut state = self.state.lock().unwrap();
        let skip = usize::try_from(from).unwrap().saturating_sub(1).max(state.pruned);
        let read = state.events.iter().skip(skip).take(limit.events).cloned().collect();
        state.pruned = state.prunes.take().unwrap_or(state.pruned);
        read
    }
}

impl Journal for MemoryJournal {
    fn id(&self) -> [u8; 16] {
        JOURNAL_ID
    }

    fn bounds(&self) -> JournalBounds {
        let state = self.state.lock().unwrap();
        let end_offset = state.events.last().map_or(0, |last| last.end_offset);
        JournalBounds {
            oldest: state.pruned as u64 + 1,
            newest: state.events.len() as u64,
            end_offset,
            oldest_time_ms: 0,
            oldest_end: 0,
        }
    }

    fn read_memory(&self, from: u64, limit: ReadLimit) -> Option<Vec<JournalEvent>> {
        let first_in_memory = {
            let state = self.state.lock().unwrap();
            state.events.len().saturating_sub(state.in_memory).max(state.pruned) as u64 + 1
        };
        (from >= first_in_memory).then(|| self.read(from, limit))
    }

    fn read_disk(&self, from: u64, limit: ReadLimit) -> Result<Vec<JournalEvent>, ApiError> {
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

impl StreamContext for OneStackerDb {
    fn tip(&self) -> v1::BlockRef {
        v1::BlockRef::default()
    }

    fn stacker_dbs(&self) -> Result<Vec<String>, ApiError> {
        Ok(vec![DB.to_owned()])
    }

    fn written_slots(&self, _: &str) -> Result<Vec<u32>, ApiError> {
        Ok(vec![0, 3])
    }

    fn chunk(&self, _: &str, slot_id: u32) -> Result<v1::StackerDbChunk, ApiError> {
        Ok(v1::StackerDbChunk { slot_id, slot_version: 1, data: vec![7].into(), ..Default::default() })
    }
}

pub(super) fn burn() -> (v1::EventKind, Body) {
    (v1::EventKind::BurnBlock, Body::BurnBlock(v1::BurnBlockEvent::default()))
}

pub(super) fn chunks(contract: &str) -> (v1::EventKind, Body) {
    let chunks = v1::StackerDbChunks { contract_id: contract.to_owned(), chunks: Vec::new() };
    (v1::EventKind::StackerdbChunks, Body::StackerdbChunks(chunks))
}

pub(super) fn verdict(id: &str) -> (v1::EventKind, Body) {
    let finished = v1::ValidationFinished { validation_id: id.to_owned(), ..Default::default() };
    (v1::EventKind::Validation, Body::ValidationFinished(finished))
}

/// An event; its kind depends on `number` modulo three.
pub(super) fn mixed(number: u64) -> (v1::EventKind, Body) {
    match number % 3 {
        0 => burn(),
        1 => chunks(DB),
        _ => verdict("v-1-1"),
    }
}

pub(super) fn filter(terms: Vec<v1::EventTerm>) -> Filter {
    Filter::decode(Some(v1::EventFilter { terms, all: false })).unwrap()
}

pub(super) fn of_kinds(kinds: &[v1::EventKind]) -> v1::EventTerm {
    v1::EventTerm { kinds: kinds.iter().map(|kind| (*kind).into()).collect(), ..Default::default() }
}

pub(super) fn request(
    filter: &Filter,
    start_sequence: u64,
    max_batch: usize,
    snapshot: Option<Vec<String>>,
) -> OpenStream {
    OpenStream {
        options: StreamOptions { filter: Arc::new(filter.clone()), payload: Payload::Full, max_batch },
        start_sequence,
        heartbeat: Duration::from_millis(5),
        snapshot,
        client_name: "test".to_owned(),
        peer: Some((Ipv4Addr::LOCALHOST, 1).into()),
        byte_account: None,
        memory_per_frame_byte: 1,
    }
}

pub(super) struct Bench {
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) journal: Arc<MemoryJournal>,
    pub(super) streams: StreamRegistry,
    pub(super) shutdown: CancellationToken,
}

impl Bench {
    pub(super) fn new(in_memory: usize, limits: StreamRegistryLimits) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let journal = Arc::new(MemoryJournal::default());
        journal.state.lock().unwrap().in_memory = in_memory;
        let shutdown = CancellationToken::new();
        let shared: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(&journal);
        let streams =
            StreamRegistry::new(shared, Arc::new(OneStackerDb), limits, runtime.handle().clone(), shutdown.clone());
        Self { runtime, journal, streams, shutdown }
    }

    pub(super) fn open(&self, filter: &Filter, start_sequence: u64, max_batch: usize) -> FrameStream {
        self.open_with(filter, start_sequence, max_batch, None)
    }

    pub(super) fn open_with(
        &self,
        filter: &Filter,
        start_sequence: u64,
        max_batch: usize,
        snapshot: Option<Vec<String>>,
    ) -> FrameStream {
        self.streams.open(request(filter, start_sequence, max_batch, snapshot)).unwrap()
    }

    pub(super) fn next(&self, stream: &mut FrameStream) -> Option<Result<v1::SubscribeResponse, StreamEnd>> {
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

    /// Lets the tasks of the streams run.
    pub(super) fn turn(&self) {
        self.runtime.block_on(async {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        });
    }
}

/// State of a careful client.
#[derive(Default)]
pub(super) struct Client {
    pub(super) events: Vec<u64>,
    pub(super) cursor: Vec<u8>,
    pub(super) frame: u64,
    pub(super) heartbeats: u32,
}

impl Client {
    pub(super) fn take(&mut self, frame: &v1::SubscribeResponse) {
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
            // Later events that do not match count as read.
            assert!(self.events.last().is_some_and(|last| *last <= cursor.sequence), "the cursor is past the batch");
        }
    }

    pub(super) fn is_at(&self, sequence: u64) -> bool {
        Cursor::decode(&self.cursor).is_ok_and(|cursor| cursor.sequence == sequence)
    }
}
