//! Watches the chain, and shows at the terminal that it works, and which transactions wait or were dropped.

use std::time::{Duration, Instant};

use client::{Feed, FeedError, FeedItem, FeedRequest, Node};
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::{
    BlockProcessed, DropReason, EventFilter, EventKind, EventTerm, MempoolDropped, PayloadMode, TemplateFinished,
};

/// The first blocks are shown one by one; later ones are only logged.
const ANNOUNCED: u64 = 3;

/// Most dropped transactions that are shown in each [`DROPS_WINDOW`]; more are counted. A reorganization can drop
/// thousands.
const DROPS_SHOWN: u32 = 10;

/// Time window of [`DROPS_SHOWN`].
const DROPS_WINDOW: Duration = Duration::from_secs(10);

/// Reads the node's events and makes lines for the terminal from some.
#[derive(Debug)]
pub(crate) struct ProgressFeed {
    feed: Feed,
    lines: ProgressLines,
}

/// What has been shown, so that it is not shown again.
#[derive(Debug)]
struct ProgressLines {
    started: Instant,
    blocks: u64,
    /// Burn block of the last tenure that was shown as full; empty before the first.
    full: Vec<u8>,
    drops: Drops,
}

/// Dropped transactions of the current [`DROPS_WINDOW`].
#[derive(Debug)]
struct Drops {
    window: Instant,
    shown: u32,
    hidden: u64,
}

impl ProgressFeed {
    /// Opens the stream, so that no later block is missed. `started` is when the program started.
    ///
    /// # Errors
    /// [`FeedError`] when the node refuses it.
    pub(crate) async fn open(node: Node, started: Instant) -> Result<Self, FeedError> {
        let kinds = [EventKind::BlockProcessed, EventKind::MempoolDropped, EventKind::Template];
        let term = EventTerm { kinds: kinds.map(i32::from).to_vec(), ..EventTerm::default() };
        let request = FeedRequest {
            filter: EventFilter { terms: vec![term], all: false },
            payload_mode: PayloadMode::Header,
            include_snapshot: false,
            resume: true,
            cursor: None,
            client_name: "mockamoto".to_owned(),
        };
        let mut feed = Feed::new(node, request);
        while !matches!(feed.next().await?, FeedItem::Opened { .. }) {}
        Ok(Self { feed, lines: ProgressLines::new(started) })
    }

    /// Waits for the next line to show. Cancel safe.
    ///
    /// # Errors
    /// [`FeedError`] when the node refuses the stream.
    pub(crate) async fn next_line(&mut self) -> Result<String, FeedError> {
        loop {
            let FeedItem::Event { event, .. } = self.feed.next().await? else { continue };
            if let Some(line) = event.body.and_then(|body| self.lines.line(&body, Instant::now())) {
                return Ok(line);
            }
        }
    }
}

impl ProgressLines {
    const fn new(started: Instant) -> Self {
        let drops = Drops { window: started, shown: 0, hidden: 0 };
        Self { started, blocks: 0, full: Vec::new(), drops }
    }

    fn line(&mut self, body: &Body, now: Instant) -> Option<String> {
        match body {
            Body::BlockProcessed(block) => {
                self.blocks = self.blocks.saturating_add(1);
                tracing::info!("{}", describe(block));
                announce(self.blocks, now.saturating_duration_since(self.started).as_millis(), block)
            }
            Body::MempoolDropped(dropped) => self.drops.line(dropped, now),
            Body::TemplateFinished(finished) => self.full_line(finished),
            _ => None,
        }
    }

    /// Shown once for each tenure: every further block would repeat it.
    fn full_line(&mut self, finished: &TemplateFinished) -> Option<String> {
        let first = finished.tenure_full.as_ref()?;
        if self.full == finished.burn_block_hash {
            return None;
        }
        self.full = finished.burn_block_hash.to_vec();
        let txid = hex::encode(&first.txid);
        Some(format!("transaction 0x{txid} waits: {}; AdminService.MineBurnBlocks brings one at once", first.reason))
    }
}

impl Drops {
    fn line(&mut self, dropped: &MempoolDropped, now: Instant) -> Option<String> {
        if now.saturating_duration_since(self.window) >= DROPS_WINDOW {
            (self.window, self.shown) = (now, 0);
        }
        if self.shown >= DROPS_SHOWN {
            self.hidden = self.hidden.saturating_add(u64::try_from(dropped.txids.len()).unwrap_or(u64::MAX));
            return None;
        }
        self.shown = self.shown.saturating_add(1);
        let name = dropped.reason().as_str_name();
        let reason = name.strip_prefix("DROP_REASON_").unwrap_or(name).to_lowercase();
        let txids: Vec<_> = dropped.txids.iter().map(|txid| format!("0x{}", hex::encode(txid))).collect();
        let mut line = format!("transaction {} was dropped ({reason}): {}", txids.join(", "), dropped.detail);
        if dropped.reason() == DropReason::ReplaceByFee {
            line.push_str(&format!(": 0x{}", hex::encode(&dropped.new_txid)));
        }
        match std::mem::take(&mut self.hidden) {
            0 => {}
            hidden => line.push_str(&format!(" (and {hidden} more before)")),
        }
        Some(line)
    }
}

fn announce(number: u64, millis: u128, block: &BlockProcessed) -> Option<String> {
    match number {
        1 => Some(format!("first block processed after {millis} ms: {}", describe(block))),
        ANNOUNCED => Some(format!("{} (quiet from here; --log info shows every block)", describe(block))),
        2..ANNOUNCED => Some(describe(block)),
        _ => None,
    }
}

fn describe(block: &BlockProcessed) -> String {
    let header = block.block.clone().unwrap_or_default();
    let id: String = header.block_id.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let tenure = if block.new_tenure { format!(", begins tenure {}", block.tenure_height) } else { String::new() };
    format!("block {} {id}..., {} bytes{tenure}", header.chain_length, block.size_bytes)
}

#[cfg(test)]
mod tests {
    use nakamoto_proto::v1::{BlockRef, SkippedTransaction};

    use super::*;

    #[test]
    fn the_first_blocks_are_announced_and_then_it_is_quiet() {
        let block = BlockProcessed {
            block: Some(BlockRef { block_id: vec![0xab; 32].into(), chain_length: 1, ..BlockRef::default() }),
            new_tenure: true,
            tenure_height: 1,
            size_bytes: 500,
            ..BlockProcessed::default()
        };
        let started = Instant::now();
        let mut lines = ProgressLines::new(started);
        let body = Body::BlockProcessed(block);
        let lines: Vec<_> =
            (0..5).map(|_| lines.line(&body, started + Duration::from_millis(212)).unwrap_or_default()).collect();
        assert_eq!(
            lines[0],
            "first block processed after 212 ms: block 1 abababababababab..., 500 bytes, begins tenure 1"
        );
        assert!(!lines[1].is_empty() && lines[2].contains("quiet"), "{lines:?}");
        assert_eq!(lines[3..], ["", ""]);
    }

    #[test]
    fn a_tenure_without_budget_is_reported_once_with_what_to_do() {
        let mut lines = ProgressLines::new(Instant::now());
        let mut template = |burn: u8, is_full: bool| {
            let full = SkippedTransaction { txid: vec![7; 32].into(), reason: "no budget".to_owned() };
            let finished = TemplateFinished {
                burn_block_hash: vec![burn; 32].into(),
                tenure_full: is_full.then_some(full),
                ..TemplateFinished::default()
            };
            lines.line(&Body::TemplateFinished(finished), Instant::now())
        };
        assert_eq!(template(1, false), None);
        let shown = template(1, true).unwrap();
        assert!(shown.starts_with(&format!("transaction 0x{} waits: no budget", "07".repeat(32))), "{shown}");
        assert!(shown.contains("MineBurnBlocks"), "{shown}");
        assert_eq!((template(1, true), template(1, false), template(1, true)), (None, None, None));
        assert!(template(2, true).is_some());
    }

    #[test]
    fn drops_are_reported_with_their_reason_and_a_flood_of_them_is_counted() {
        let started = Instant::now();
        let mut lines = ProgressLines::new(started);
        let mut dropped = |reason: DropReason, seconds: u64| {
            let body = MempoolDropped {
                txids: vec![vec![9; 32].into()],
                reason: reason.into(),
                new_txid: vec![8; 32].into(),
                detail: "because".to_owned(),
            };
            lines.line(&Body::MempoolDropped(body), started + Duration::from_secs(seconds))
        };
        let nine = "09".repeat(32);
        let shown = dropped(DropReason::TooExpensive, 0).unwrap();
        assert_eq!(shown, format!("transaction 0x{nine} was dropped (too_expensive): because"));
        assert!(dropped(DropReason::ReplaceByFee, 0).unwrap().ends_with(&format!("because: 0x{}", "08".repeat(32))));
        for _ in 2..DROPS_SHOWN {
            assert!(dropped(DropReason::NonceUsed, 9).is_some());
        }
        assert_eq!((dropped(DropReason::NonceUsed, 9), dropped(DropReason::NonceUsed, 9)), (None, None));
        assert!(dropped(DropReason::NonceUsed, 10).unwrap().ends_with("because (and 2 more before)"));
        assert!(dropped(DropReason::NonceUsed, 10).unwrap().ends_with("because"));
    }
}
