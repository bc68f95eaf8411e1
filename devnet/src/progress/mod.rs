//! Watches the chain, and shows at the terminal that it works, and which transactions were mined, wait, or were dropped.

mod drops;
mod line_budget;
mod transactions;

use std::time::Instant;

use client::{Feed, FeedError, FeedItem, FeedRequest, Node};
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::{BlockProcessed, EventFilter, EventKind, EventTerm, PayloadMode, TemplateFinished};

use drops::DropLines;
use transactions::TransactionLines;

/// The first blocks are shown one by one; later ones are only logged.
const ANNOUNCED: u64 = 3;

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
    transactions: TransactionLines,
    drops: DropLines,
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
            // For what transactions did and printed.
            payload_mode: PayloadMode::Full,
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
        let (transactions, drops) = (TransactionLines::new(started), DropLines::new(started));
        Self { started, blocks: 0, full: Vec::new(), transactions, drops }
    }

    /// A text of one or more lines.
    fn line(&mut self, body: &Body, now: Instant) -> Option<String> {
        match body {
            Body::BlockProcessed(block) => {
                self.blocks = self.blocks.saturating_add(1);
                tracing::info!("{}", describe(block));
                let millis = now.saturating_duration_since(self.started).as_millis();
                let mut lines = self.transactions.of_block(block, now);
                lines.extend(announce(self.blocks, millis, block));
                (!lines.is_empty()).then(|| lines.join("\n"))
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

fn announce(number: u64, millis: u128, block: &BlockProcessed) -> Option<String> {
    match number {
        1 => Some(format!("first block processed after {millis} ms: {}", describe(block))),
        ANNOUNCED => {
            Some(format!("{} (quiet from here but for transactions; --log info shows every block)", describe(block)))
        }
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

    use std::time::Duration;

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
}
