//! What the event stream has reported over all reconnects, checked as it arrives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use tests::processes::Client;
use tokio::sync::Notify;

type Id = [u8; 32];

/// Longest time without a block: longer than a restart of all processes on a busy machine.
const STANDSTILL: Duration = Duration::from_secs(90);
/// Pause between two tries to reach a node that is away.
const RECONNECT_PAUSE: Duration = Duration::from_millis(20);

fn id(bytes: &[u8]) -> Id {
    bytes.try_into().expect("32 bytes")
}

/// A burn block from its event.
#[derive(Debug, Clone)]
pub(crate) struct Burn {
    pub(crate) hash: Id,
    pub(crate) parent: Id,
    pub(crate) height: u64,
    pub(crate) time_s: u64,
}

/// A processed block from its event.
pub(crate) struct Block {
    pub(crate) parent: Id,
    pub(crate) chain_length: u64,
    pub(crate) root: Id,
    txids: Vec<Id>,
}

/// Everything that was reported.
#[derive(Default)]
pub(crate) struct Reported {
    last: u64,
    reconnects: u64,
    pub(crate) burn: Vec<Burn>,
    pub(crate) blocks: BTreeMap<Id, Block>,
    pub(crate) tip: Option<Id>,
    mined: BTreeSet<Id>,
    tip_changes: u64,
    rollbacks: u64,
    deepest: usize,
    dropped: Vec<v1::MempoolDropped>,
    rejected: u64,
}

impl Reported {
    pub(crate) fn tip_changes(&self) -> u64 {
        self.tip_changes
    }

    pub(crate) fn tip_length(&self) -> u64 {
        self.tip.and_then(|tip| self.blocks.get(&tip)).map_or(0, |block| block.chain_length)
    }

    /// Whether all of these are mined on the canonical fork.
    pub(crate) fn misses_none_of(&self, txids: &[Id]) -> bool {
        txids.iter().all(|txid| self.mined.contains(txid))
    }

    fn note(&mut self, event: &v1::Event) {
        assert_eq!(event.sequence, self.last + 1, "a gap or a duplicate");
        self.last = event.sequence;
        match event.body.as_ref().expect("a body") {
            Body::BurnBlock(body) => {
                let block = body.burn_block.as_ref().expect("a burn block");
                self.burn.push(Burn {
                    hash: id(&block.burn_block_hash),
                    parent: id(&block.parent_burn_block_hash),
                    height: block.height,
                    time_s: block.timestamp_s,
                });
            }
            Body::BlockProcessed(block) => self.note_block(block),
            Body::BlockRejected(_) => self.rejected += 1,
            Body::TipChanged(change) => self.note_tip(change),
            Body::MempoolDropped(dropped) => self.dropped.push(dropped.clone()),
            _ => {}
        }
    }

    fn note_block(&mut self, block: &v1::BlockProcessed) {
        let names = block.block.as_ref().expect("names");
        let parent = block.parent.as_ref().map(|parent| id(&parent.block_id)).unwrap_or_default();
        assert!(names.chain_length == 0 || self.blocks.contains_key(&parent), "a block came before its parent");
        let block = Block {
            parent,
            chain_length: names.chain_length,
            // The boot block has no header; a replay makes its own.
            root: block.header.as_ref().map(|header| id(&header.state_index_root)).unwrap_or_default(),
            txids: block.receipts.iter().map(|receipt| id(&receipt.txid)).collect(),
        };
        if names.chain_length == 0 {
            self.tip = Some(id(&names.block_id));
        }
        assert!(self.blocks.insert(id(&names.block_id), block).is_none(), "a block was processed twice");
    }

    /// Checks that the lists of a tip change are exactly the path from the old tip to the new one.
    fn note_tip(&mut self, change: &v1::TipChanged) {
        let of = |block: &Option<v1::BlockRef>| id(&block.as_ref().expect("a block").block_id);
        let (old, new, common) = (of(&change.old_tip), of(&change.new_tip), of(&change.common_ancestor));
        assert_eq!(self.tip, Some(old), "the old tip is the tip");
        let mut at = old;
        for block in &change.rolled_back {
            assert_eq!(id(&block.block_id), at, "rolled back from the old tip down");
            for txid in &self.blocks[&at].txids {
                assert!(self.mined.remove(txid), "an orphaned transaction was mined");
            }
            at = self.blocks[&at].parent;
        }
        assert_eq!(at, common, "down to the common ancestor");
        for block in &change.applied {
            let applied = id(&block.block_id);
            assert_eq!(self.blocks[&applied].parent, at, "applied from the common ancestor up");
            for txid in &self.blocks[&applied].txids {
                assert!(self.mined.insert(*txid), "a transaction was mined twice on one fork");
            }
            at = applied;
        }
        assert_eq!(at, new, "up to the new tip");
        self.tip = Some(new);
        self.tip_changes += 1;
        self.rollbacks += u64::from(!change.rolled_back.is_empty());
        self.deepest = self.deepest.max(change.rolled_back.len());
    }

    /// Checks that no accepted transaction is dropped, as the senders never use a nonce twice.
    pub(crate) fn check_dropped(&self, may_be: &BTreeSet<Id>) {
        let is_known = |dropped: &&v1::MempoolDropped| dropped.txids.iter().all(|txid| may_be.contains(&id(txid)));
        let others: Vec<_> = self.dropped.iter().filter(|dropped| !is_known(dropped)).collect();
        assert!(others.is_empty(), "{others:?}");
    }

    /// The canonical chain above the boot block, oldest first.
    pub(crate) fn canonical(&self) -> Vec<Id> {
        let mut chain = Vec::new();
        let mut at = self.tip.expect("a tip");
        while self.blocks[&at].chain_length > 0 {
            chain.push(at);
            at = self.blocks[&at].parent;
        }
        chain.reverse();
        chain
    }

    pub(crate) fn summary(&self, time: Duration, accepted: usize) -> String {
        let rate = |count: usize| count as f64 / time.as_secs_f64();
        format!(
            "{:.0} s; {} blocks processed ({:.1}/s), {} canonical; {} burn blocks; {accepted} transactions accepted and \
             mined ({:.0}/s); {} tip changes, {} of them reorganizations, the deepest of {} blocks; {} blocks rejected; \
             {} events, the stream was resumed {} times",
            time.as_secs_f64(),
            self.blocks.len(),
            rate(self.blocks.len()),
            self.tip_length(),
            self.burn.len(),
            rate(accepted),
            self.tip_changes,
            self.rollbacks,
            self.deepest,
            self.rejected,
            self.last,
            self.reconnects,
        )
    }
}

/// Follows the stream from its first event; when the node was away, reconnects at its last position.
pub(crate) struct Follower {
    reported: Arc<Mutex<Reported>>,
    moved: Arc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

impl Follower {
    pub(crate) fn start(client: Client) -> Self {
        let (reported, moved) = (Arc::new(Mutex::new(Reported::default())), Arc::new(Notify::new()));
        let task = tokio::spawn(follow(client, Arc::clone(&reported), Arc::clone(&moved)));
        Self { reported, moved, task }
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&Reported) -> T) -> T {
        look(&self.reported.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until `done` returns true.
    pub(crate) async fn until(&self, what: &str, done: impl Fn(&Reported) -> bool) {
        let waited = tokio::time::timeout(STANDSTILL, async {
            loop {
                let moved = self.moved.notified();
                assert!(!self.task.is_finished(), "the stream broke a promise");
                if self.look(&done) {
                    return;
                }
                // The stream may be reconnecting.
                let _ = tokio::time::timeout(Duration::from_secs(1), moved).await;
            }
        });
        assert!(waited.await.is_ok(), "the chain stands still after: {what}; tip {}", self.look(Reported::tip_length));
    }

    pub(crate) async fn stop(self) -> Reported {
        self.task.abort();
        let _ = self.task.await; // It was cancelled, or it panicked and `until` has reported that.
        let reported = Arc::into_inner(self.reported).expect("the task is gone");
        reported.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn follow(client: Client, reported: Arc<Mutex<Reported>>, moved: Arc<Notify>) {
    loop {
        let last = reported.lock().unwrap_or_else(PoisonError::into_inner).last;
        let Ok(mut watch) = client.try_watch(last).await else {
            tokio::time::sleep(RECONNECT_PAUSE).await;
            continue;
        };
        while let Ok(event) = watch.try_next().await {
            reported.lock().unwrap_or_else(PoisonError::into_inner).note(&event);
            moved.notify_waiters();
        }
        reported.lock().unwrap_or_else(PoisonError::into_inner).reconnects += 1;
    }
}
