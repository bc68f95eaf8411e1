//! Watches blocks come, to tell the person in front of the screen that it works.

use std::time::Instant;

use client::{Feed, FeedError, FeedItem, FeedRequest, Node};
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::{BlockProcessed, EventFilter, EventKind, EventTerm, PayloadMode};

/// Blocks that are announced before it gets quiet.
const ANNOUNCED: u64 = 3;

/// Reads the node's processed blocks.
#[derive(Debug)]
pub struct Watch {
    feed: Feed,
    started: Instant,
    seen: u64,
}

impl Watch {
    /// Opens the stream, so that no block after this is missed. `started` is when the program was.
    ///
    /// # Errors
    /// [`FeedError`] when the node refuses it.
    pub async fn open(node: Node, started: Instant) -> Result<Self, FeedError> {
        let term = EventTerm { kinds: vec![EventKind::BlockProcessed.into()], ..EventTerm::default() };
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
        Ok(Self { feed, started, seen: 0 })
    }

    /// The next line to show. Can be dropped and called again.
    ///
    /// # Errors
    /// [`FeedError`] when the node refuses the stream.
    pub async fn next_line(&mut self) -> Result<String, FeedError> {
        loop {
            let FeedItem::Event { event, .. } = self.feed.next().await? else { continue };
            let Some(Body::BlockProcessed(block)) = event.body else { continue };
            self.seen = self.seen.saturating_add(1);
            tracing::info!("{}", describe(&block));
            if let Some(line) = line(self.seen, self.started.elapsed().as_millis(), &block) {
                return Ok(line);
            }
        }
    }
}

fn line(seen: u64, millis: u128, block: &BlockProcessed) -> Option<String> {
    match seen {
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
    use nakamoto_proto::v1::BlockRef;

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
        let first = line(1, 212, &block).unwrap();
        assert_eq!(
            first,
            "first block processed after 212 ms: block 1 abababababababab..., 500 bytes, begins tenure 1"
        );
        assert!(line(2, 0, &block).is_some());
        assert!(line(3, 0, &block).unwrap().contains("quiet"));
        assert_eq!((line(4, 0, &block), line(0, 0, &block)), (None, None));
    }
}
