//! The open streams with their counts, how many each peer has, and how streams ended.
//!
//! # Invariants
//! - A stream is counted from [`Subscribers::admit`] until [`Subscribers::close`], which is called once.
//! - A stream of a producer, a signer or the node takes a place reserved for these while one is free; it then counts
//!   neither against the public total nor against its peer's limit.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use chainstate::journal::JournalBounds;
use nakamoto_proto::v1;

use super::filter::Filter;
use super::frame::Frame;
use super::frame_builder::{Behind, FrameBuilder, LIVE_WINDOW_EVENTS};
use super::payload::Payload;
use crate::runtime::caller::network_of;
use crate::runtime::class::CallerClass;

/// Ended streams that are remembered.
const RECENT_ENDS: usize = 64;

const UNKNOWN_OFFSET: u64 = u64::MAX;
const LIVE: i32 = v1::SubscriberMode::Live as i32;

/// How many streams may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// Streams of all peers together.
    pub total: usize,
    /// Streams of producers, signers and the node itself, in addition to `total`.
    pub actors: usize,
    /// Streams of one peer.
    pub per_peer: usize,
    /// Streams of one loopback address: the operator's own processes.
    pub per_loopback_peer: usize,
}

/// A limit of open streams is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooManySubscriptions {
    /// The limit of all peers together.
    #[error("{max} event streams are open already")]
    Total {
        /// Most open streams of all peers.
        max: usize,
    },
    /// The limit of one peer.
    #[error("{max} event streams of {peer} are open already")]
    Peer {
        /// Most open streams of a peer.
        max: usize,
        /// Address of the peer that has so many.
        peer: IpAddr,
    },
}

/// Who opens a stream, and what for.
#[derive(Debug, Clone)]
pub struct SubscriberInfo {
    /// Name that the client gave itself.
    pub client_name: String,
    /// Address of the reader; `None` inside the process.
    pub peer: Option<SocketAddr>,
    /// Which events it gets.
    pub filter: Arc<Filter>,
    /// How much of each event it gets.
    pub payload: Payload,
}

/// Counts of an open stream. Its task and its reader write them, operators read them.
#[derive(Debug)]
pub struct Subscriber {
    id: u64,
    who: SubscriberInfo,
    /// It has a place reserved for producers, signers and the node.
    is_reserved: bool,
    open_time: SystemTime,
    mode: AtomicI32,
    next_sequence: AtomicU64,
    /// Journal offset after the last event read; [`UNKNOWN_OFFSET`] before the first read.
    read_offset: AtomicU64,
    queued_frames: AtomicU64,
    sent_frames: AtomicU64,
    sent_events: AtomicU64,
    sent_bytes: AtomicU64,
    taken: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    /// Cursor after the last frame that the transport took.
    cursor: Bytes,
    blocked_since: Option<Instant>,
}

impl Subscriber {
    /// Counts a frame that goes into the queue.
    pub(super) fn on_queued(&self) {
        self.queued_frames.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a frame that the transport took.
    pub(super) fn on_taken(&self, frame: &Frame) {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.sent_frames.fetch_add(1, Ordering::Relaxed);
        self.sent_events.fetch_add(number(frame.event_count()), Ordering::Relaxed);
        self.sent_bytes.fetch_add(number(frame.encoded_len()), Ordering::Relaxed);
        let mut taken = self.taken();
        taken.cursor = frame.cursor().clone();
        if taken.blocked_since.is_some() {
            taken.blocked_since = Some(Instant::now());
        }
    }

    /// Copies how far the task has read.
    pub(super) fn on_read(&self, feed: &FrameBuilder) {
        self.mode.store(feed.mode().into(), Ordering::Relaxed);
        self.next_sequence.store(feed.next_sequence(), Ordering::Relaxed);
        self.read_offset.store(feed.read_offset().unwrap_or(UNKNOWN_OFFSET), Ordering::Relaxed);
    }

    /// Notes that the task waits for room in the queue, or has room again.
    pub(super) fn set_blocked(&self, blocked: bool) {
        self.taken().blocked_since = blocked.then(Instant::now);
    }

    /// Cursor of the last frame that the transport took.
    pub(super) fn taken_cursor(&self) -> Bytes {
        self.taken().cursor.clone()
    }

    fn taken(&self) -> MutexGuard<'_, Progress> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn to_wire(&self, bounds: &JournalBounds) -> v1::Subscriber {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let (sent_frames, next_sequence) = (read(&self.sent_frames), read(&self.next_sequence));
        let read_offset = Some(read(&self.read_offset)).filter(|offset| *offset != UNKNOWN_OFFSET);
        let behind = Behind::of(next_sequence, read_offset, bounds);
        // A blocked stream is reported as lagging here: its task updates the mode only between frames.
        let fell_behind = behind.events > LIVE_WINDOW_EVENTS && self.mode.load(Ordering::Relaxed) == LIVE;
        let mode = if fell_behind { v1::SubscriberMode::Lagging.into() } else { self.mode.load(Ordering::Relaxed) };
        let taken = self.taken();
        let blocked = taken.blocked_since.map(|since| since.elapsed());
        v1::Subscriber {
            subscriber_id: self.id,
            client_name: self.who.client_name.clone(),
            peer: peer_text(self.who.peer),
            filter: Some(self.who.filter.wire().clone()),
            payload_mode: self.who.payload.encode().into(),
            mode,
            cursor: taken.cursor.clone(),
            next_sequence,
            events_behind: behind.events,
            bytes_behind: behind.bytes,
            sent_frames,
            sent_events: read(&self.sent_events),
            sent_bytes: read(&self.sent_bytes),
            open_time: Some(self.open_time.into()),
            queued_frames: u32::try_from(read(&self.queued_frames).saturating_sub(sent_frames)).unwrap_or(u32::MAX),
            blocked_duration: blocked.and_then(|blocked: Duration| prost_types::Duration::try_from(blocked).ok()),
        }
    }
}

/// Counts over all streams.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubscriberStats {
    /// Streams that are open now.
    pub open: usize,
    /// Streams opened since the node's start, except by the node itself.
    pub opened_total: u64,
    /// Such streams that have ended, by reason.
    pub ends: BTreeMap<&'static str, u64>,
}

/// All open streams, and the last that ended.
pub struct Subscribers {
    limits: StreamLimits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last_id: u64,
    opened_total: u64,
    open: BTreeMap<u64, Arc<Subscriber>>,
    /// How many of the open streams have a reserved place.
    reserved: usize,
    /// The other streams, by peer ([`network_of`]).
    per_peer: BTreeMap<IpAddr, usize>,
    ends: BTreeMap<&'static str, u64>,
    /// Ended streams, newest first.
    recent: VecDeque<v1::EndedSubscriber>,
}

impl State {
    /// Takes a public place.
    fn admit(&mut self, peer: Option<SocketAddr>, limits: &StreamLimits) -> Result<(), TooManySubscriptions> {
        if self.open.len().saturating_sub(self.reserved) >= limits.total {
            return Err(TooManySubscriptions::Total { max: limits.total });
        }
        if let Some(address) = peer.map(|peer| peer.ip()) {
            let is_local = address.to_canonical().is_loopback();
            let max = if is_local { limits.per_loopback_peer } else { limits.per_peer };
            let peer = network_of(address);
            let open = self.per_peer.entry(peer).or_default();
            if *open >= max {
                return Err(TooManySubscriptions::Peer { max, peer });
            }
            *open += 1;
        }
        Ok(())
    }

    /// Gives a public place back.
    fn leave(&mut self, peer: Option<SocketAddr>) {
        if let Some(peer) = peer.map(|peer| network_of(peer.ip()))
            && let Some(open) = self.per_peer.get_mut(&peer)
        {
            *open = open.saturating_sub(1);
            if *open == 0 {
                self.per_peer.remove(&peer);
            }
        }
    }
}

impl Subscribers {
    /// Starts without streams.
    #[must_use]
    pub fn new(limits: StreamLimits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    /// Counts a new stream.
    ///
    /// # Errors
    /// [`TooManySubscriptions`] when a limit is reached.
    pub(super) fn admit(
        &self,
        who: SubscriberInfo,
        class: CallerClass,
        feed: &FrameBuilder,
    ) -> Result<Arc<Subscriber>, TooManySubscriptions> {
        let mut state = self.lock();
        // Readers must not take these places: without producers and signers no block would come.
        let is_reserved = (class == CallerClass::Actor || who.peer.is_none()) && state.reserved < self.limits.actors;
        if is_reserved {
            state.reserved += 1;
        } else {
            state.admit(who.peer, &self.limits)?;
        }
        state.last_id += 1;
        let id = state.last_id;
        state.opened_total += u64::from(who.peer.is_some());
        let taken = Progress { cursor: feed.cursor(), blocked_since: None };
        let subscriber = Arc::new(Subscriber {
            id,
            who,
            is_reserved,
            open_time: SystemTime::now(),
            mode: AtomicI32::new(feed.mode().into()),
            next_sequence: AtomicU64::new(feed.next_sequence()),
            read_offset: AtomicU64::new(feed.read_offset().unwrap_or(UNKNOWN_OFFSET)),
            queued_frames: AtomicU64::new(0),
            sent_frames: AtomicU64::new(0),
            sent_events: AtomicU64::new(0),
            sent_bytes: AtomicU64::new(0),
            taken: Mutex::new(taken),
        });
        state.open.insert(id, Arc::clone(&subscriber));
        Ok(subscriber)
    }

    /// Removes a stream that has ended.
    pub(super) fn close(&self, subscriber: &Subscriber, reason: &'static str) {
        let mut state = self.lock();
        state.open.remove(&subscriber.id);
        if subscriber.is_reserved {
            state.reserved = state.reserved.saturating_sub(1);
        } else {
            state.leave(subscriber.who.peer);
        }
        // Streams that the node opens for its own calls are left out: they would displace the records of readers.
        if subscriber.who.peer.is_none() {
            return;
        }
        *state.ends.entry(reason).or_default() += 1;
        state.recent.truncate(RECENT_ENDS - 1);
        state.recent.push_front(v1::EndedSubscriber {
            subscriber_id: subscriber.id,
            client_name: subscriber.who.client_name.clone(),
            peer: peer_text(subscriber.who.peer),
            reason: reason.to_owned(),
            cursor: subscriber.taken_cursor(),
            end_time: Some(SystemTime::now().into()),
            sent_frames: subscriber.sent_frames.load(Ordering::Relaxed),
        });
    }

    /// Counts of this moment.
    #[must_use]
    pub fn stats(&self) -> SubscriberStats {
        let state = self.lock();
        SubscriberStats { open: state.open.len(), opened_total: state.opened_total, ends: state.ends.clone() }
    }

    /// At most `size` streams after the one with this id, and the counts over all.
    #[must_use]
    pub fn page(&self, after_id: u64, size: usize, bounds: &JournalBounds) -> v1::ListSubscribersResponse {
        let state = self.lock();
        let mut rest = state.open.range(after_id.saturating_add(1)..).map(|(_, subscriber)| subscriber);
        let subscribers: Vec<_> = rest.by_ref().take(size).map(|subscriber| subscriber.to_wire(bounds)).collect();
        let last = subscribers.last().map(|last| last.subscriber_id);
        let next_page_token = last.filter(|_| rest.next().is_some()).map(|id| id.to_string()).unwrap_or_default();
        v1::ListSubscribersResponse {
            subscribers,
            next_page_token,
            open_count: u32::try_from(state.open.len()).unwrap_or(u32::MAX),
            opened_total: state.opened_total,
            ends: state
                .ends
                .iter()
                .map(|(reason, count)| v1::StreamEndCount { reason: (*reason).to_owned(), count: *count })
                .collect(),
            recent_ends: state.recent.iter().cloned().collect(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn peer_text(peer: Option<SocketAddr>) -> String {
    peer.map(|peer| peer.to_string()).unwrap_or_default()
}
