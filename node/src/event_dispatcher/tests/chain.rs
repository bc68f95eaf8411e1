//! A journal in memory, and observers of it.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

use chainstate::journal::{JournalBounds, JournalEvent};
use nakamoto_proto::v1;
use sqlite::Durability;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use v1::event::Body;

use super::super::dispatcher::Dispatcher;
use super::super::source::{History, ReplayStart, Source};
use crate::config::{EventKey, ObserverConfig};
use crate::error::ApiError;
use crate::event_stream::journal::{Journal, ReadLimit};

/// A journal and its history.
#[derive(Default)]
pub(super) struct MemoryChain {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    events: Vec<Arc<v1::Event>>,
    /// Number of events that were removed from the journal.
    pruned: usize,
    /// Number of the newest events that are in memory.
    in_memory: usize,
    listeners: Vec<Box<dyn Fn(u64) + Send + Sync>>,
    height: u64,
    burn_height: u64,
}

fn hash(number: u64) -> bytes::Bytes {
    let mut hash = [0; 32];
    hash[24..].copy_from_slice(&number.to_be_bytes());
    hash.to_vec().into()
}

impl MemoryChain {
    /// Begins with the first burn block and the boot block.
    pub(super) fn new() -> Arc<Self> {
        let chain = Arc::new(Self::default());
        let burn_block = Some(Self::burn_block(0));
        chain.append(Body::BurnBlock(v1::BurnBlockEvent { burn_block, is_canonical_tip: true }));
        chain.append(Body::BlockProcessed(v1::BlockProcessed {
            block: Some(v1::BlockRef { block_hash: hash(0), block_id: hash(0), ..Default::default() }),
            burn_view: Some(Self::burn_block(0)),
            ..Default::default()
        }));
        chain
    }

    fn burn_block(height: u64) -> v1::BurnBlock {
        let parent = height.checked_sub(1).map_or(0, |parent| parent + 1000);
        let (burn_block_hash, parent_burn_block_hash) = (hash(height + 1000), hash(parent));
        v1::BurnBlock { burn_block_hash, height, parent_burn_block_hash, ..Default::default() }
    }

    pub(super) fn append(&self, body: Body) {
        let mut state = self.state.lock().unwrap();
        let sequence = state.events.len() as u64 + 1;
        let event = v1::Event { sequence, kind: 0, observe_time: None, body: Some(body) };
        state.events.push(Arc::new(event));
        state.listeners.iter().for_each(|listener| listener(sequence));
    }

    pub(super) fn add_burn_block(&self) {
        let height = {
            let mut state = self.state.lock().unwrap();
            state.burn_height += 1;
            state.burn_height
        };
        let burn_block = Some(Self::burn_block(height));
        self.append(Body::BurnBlock(v1::BurnBlockEvent { burn_block, is_canonical_tip: true }));
    }

    /// Adds a block that cites the newest burn block.
    pub(super) fn add_block(&self) {
        let burn_height = self.state.lock().unwrap().burn_height;
        self.add_block_citing(burn_height);
    }

    pub(super) fn add_block_citing(&self, burn_height: u64) {
        let height = {
            let mut state = self.state.lock().unwrap();
            state.height += 1;
            state.height
        };
        self.append(Body::BlockProcessed(v1::BlockProcessed {
            block: Some(v1::BlockRef { chain_length: height, block_id: hash(height), ..Default::default() }),
            header: Some(v1::BlockHeader::default()),
            burn_view: Some(Self::burn_block(burn_height)),
            parent: Some(v1::BlockRef { block_id: hash(height - 1), ..Default::default() }),
            ..Default::default()
        }));
    }

    /// Adds a transaction of one byte.
    pub(super) fn add_transaction(&self, byte: u8) {
        let transaction = vec![byte].into();
        self.append(Body::MempoolAccepted(v1::MempoolAccepted { txid: hash(byte.into()), transaction }));
    }

    /// Adds an event that is posted to no observer.
    pub(super) fn add_quiet(&self) {
        self.append(Body::TipChanged(v1::TipChanged::default()));
    }

    pub(super) fn prune(&self, events: usize) {
        self.state.lock().unwrap().pruned = events;
    }

    /// Sets how many of the newest events are read without blocking.
    pub(super) fn keep_in_memory(&self, events: usize) {
        self.state.lock().unwrap().in_memory = events;
    }

    pub(super) fn newest(&self) -> u64 {
        self.state.lock().unwrap().events.len() as u64
    }

    /// Posts that an observer with every key should get, in order.
    pub(super) fn expected(&self, from: usize) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let mut posts = Vec::new();
        for (index, event) in state.events.iter().enumerate().skip(from) {
            match &event.body {
                Some(Body::BurnBlock(_)) if index == 0 => {}
                Some(Body::BurnBlock(burn)) => {
                    posts.push(format!("burn {}", burn.burn_block.as_ref().unwrap().height));
                }
                Some(Body::BlockProcessed(block)) => {
                    posts.push(format!("block {}", block.block.as_ref().unwrap().chain_length));
                    if index == 1 {
                        posts.push("burn 0".to_owned());
                    }
                }
                Some(Body::MempoolAccepted(accepted)) => {
                    posts.push(format!("tx {}", hex::encode(&accepted.transaction)))
                }
                _ => {}
            }
        }
        posts
    }

    fn read_all(&self, from: u64, limit: ReadLimit, pick: impl Fn(&v1::Event) -> bool) -> Vec<JournalEvent> {
        let state = self.state.lock().unwrap();
        let skip = usize::try_from(from).unwrap().saturating_sub(1);
        let events = state.events.iter().skip(skip).filter(|event| pick(event)).take(limit.events);
        events.map(|event| JournalEvent::from_event(v1::Event::clone(event), 0)).collect()
    }
}

impl Journal for MemoryChain {
    fn id(&self) -> [u8; 16] {
        [9; 16]
    }

    fn bounds(&self) -> JournalBounds {
        let state = self.state.lock().unwrap();
        let (oldest, newest) = (state.pruned as u64 + 1, state.events.len() as u64);
        JournalBounds { oldest, newest, end_offset: 0, oldest_time_ms: 0, oldest_end: 0 }
    }

    fn read_memory(&self, from: u64, limit: ReadLimit) -> Option<Vec<JournalEvent>> {
        let first = {
            let state = self.state.lock().unwrap();
            (state.events.len() - state.in_memory.min(state.events.len())) as u64 + 1
        };
        (from >= first).then(|| self.read_all(from, limit, |_| true))
    }

    fn read_disk(&self, from: u64, limit: ReadLimit) -> Result<Vec<JournalEvent>, ApiError> {
        let oldest = self.state.lock().unwrap().pruned as u64 + 1;
        Ok(self.read_all(from.max(oldest), limit, |_| true))
    }

    fn sequence_of_block(&self, _: [u8; 32]) -> Result<Option<u64>, ApiError> {
        Ok(None)
    }

    fn sequence_of_height(&self, _: u64) -> Result<Option<u64>, ApiError> {
        Ok(None)
    }

    fn listen(&self, listener: Box<dyn Fn(u64) + Send + Sync>) {
        self.state.lock().unwrap().listeners.push(listener);
    }
}

impl History for MemoryChain {
    fn read(&self, range: Range<u64>, limit: ReadLimit) -> Result<Vec<JournalEvent>, ApiError> {
        Ok(self.read_all(range.start, limit, |event| {
            event.sequence < range.end && matches!(event.body, Some(Body::BurnBlock(_) | Body::BlockProcessed(_)))
        }))
    }

    fn replay_start(&self, height: u64) -> Result<Option<ReplayStart>, ApiError> {
        let state = self.state.lock().unwrap();
        let found = state.events.iter().find_map(|event| match &event.body {
            Some(Body::BlockProcessed(block)) if block.block.as_ref()?.chain_length == height => {
                Some((event.sequence, block.burn_view.clone()))
            }
            _ => None,
        });
        let Some((block, cited)) = found else { return Ok(None) };
        let burn_block = state.events.iter().find_map(|event| match &event.body {
            Some(Body::BurnBlock(burn)) if height > 0 && burn.burn_block == cited => Some(event.sequence),
            _ => None,
        });
        Ok(Some(ReplayStart { burn_block: burn_block.unwrap_or(block), block }))
    }
}

/// An observer with every key and short timeouts.
pub(super) fn config(endpoint: &str) -> ObserverConfig {
    ObserverConfig {
        endpoint: endpoint.to_owned(),
        events_keys: vec![EventKey::Any, EventKey::StackerDb, EventKey::BlockProposal],
        timeout_ms: 250,
        disable_retries: false,
        skip_after_refusals: None,
        disable_contract_interface: false,
    }
}

/// Running observers.
pub(super) struct Running {
    pub(super) dispatcher: Dispatcher,
    shutdown: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Starts the observers with the checkpoints in `folder`.
    pub(super) fn start(chain: &Arc<MemoryChain>, folder: &Path, configs: &[ObserverConfig]) -> Self {
        let source = Source { journal: Arc::clone(chain) as _, history: Arc::clone(chain) as _ };
        let (dispatcher, runner) = Dispatcher::register(configs, source, folder, Durability::Unsynced).unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(runner.run(shutdown.clone()));
        Self { dispatcher, shutdown, task }
    }

    /// Waits until all observers have everything, and their checkpoints say so.
    pub(super) async fn until_caught_up(&self, chain: &MemoryChain) {
        let newest = chain.newest();
        self.dispatcher.until_all(|report| report.next_sequence > newest).await;
    }

    /// Stops as SIGTERM does.
    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(super::WAIT, self.task).await.expect("it stops").unwrap().unwrap();
    }

    /// Ends as kill -9 does: nothing more is stored.
    pub(super) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}
