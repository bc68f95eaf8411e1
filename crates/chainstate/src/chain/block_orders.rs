//! Who asked for blocks, and which block is whose: they are made in the order in which they were asked for.
//!
//! In memory, beside their number in the database. Both change with the same commit, here by an action after it. A job
//! of the writer finds the blocks that an order lacks as they are: a block is appended in a transaction of its own.

use std::collections::VecDeque;

use nakamoto_proto::v1;

/// Called with each block of an order, when readers see the block.
pub type OnBlock = Box<dyn FnMut(v1::BlockRef) + Send>;

/// Blocks that somebody asked for. Not `Clone`: they are taken back once.
#[derive(Debug, PartialEq, Eq)]
pub struct BlockOrder {
    /// Sequence of the event that announced it.
    pub(super) event_sequence: u64,
}

/// The orders whose blocks have not all come, oldest first.
#[derive(Default)]
pub(super) struct BlockOrders {
    open: VecDeque<Open>,
}

struct Open {
    event_sequence: u64,
    missing: u32,
    on_block: OnBlock,
    /// Committed blocks that [`OnBlock`] does not know yet.
    made: Vec<v1::BlockRef>,
}

impl BlockOrders {
    /// The blocks that were asked for before the node started are one order, for which nobody waits.
    pub(super) fn after_start(blocks_wanted: u32) -> Self {
        let mut orders = Self::default();
        orders.open(0, blocks_wanted, Box::new(|_| ()));
        orders
    }

    pub(super) fn open(&mut self, event_sequence: u64, count: u32, on_block: OnBlock) {
        self.open.push_back(Open { event_sequence, missing: count, on_block, made: Vec::new() });
    }

    /// Blocks of an order that have not come.
    pub(super) fn missing(&self, order: &BlockOrder) -> u32 {
        let open = self.open.iter().find(|open| open.event_sequence == order.event_sequence);
        open.map_or(0, |open| open.missing)
    }

    pub(super) fn close(&mut self, order: &BlockOrder) {
        self.open.retain(|open| open.event_sequence != order.event_sequence);
    }

    /// Counts a block that was appended for the first order that lacks one.
    pub(super) fn count(&mut self, block: v1::BlockRef) {
        if let Some(open) = self.open.iter_mut().find(|open| open.missing > 0) {
            open.missing -= 1;
            open.made.push(block);
        }
    }

    /// Tells of the counted blocks, and forgets the orders that have all of theirs.
    pub(super) fn report(&mut self) {
        for open in &mut self.open {
            open.made.drain(..).for_each(&mut open.on_block);
        }
        self.open.retain(|open| open.missing > 0);
    }

    /// Drops what would be called: no further blocks come.
    pub(super) fn stop(&mut self) {
        for open in &mut self.open {
            open.on_block = Box::new(|_| ());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn each_order_has_its_blocks_in_turn_and_knows_what_it_lacks() {
        let (sender, reported) = channel();
        let reported = || reported.try_iter().collect::<Vec<_>>();
        let order = |event_sequence| BlockOrder { event_sequence };
        let block = |chain_length| v1::BlockRef { chain_length, ..Default::default() };
        let mut orders = BlockOrders::after_start(1);
        for (name, count) in [(7, 2), (8, 3), (9, 1)] {
            let sender = sender.clone();
            orders.open(name, count, Box::new(move |block| sender.send((name, block.chain_length)).unwrap()));
        }
        (1..=2).for_each(|height| orders.count(block(height)));
        assert_eq!([0, 7, 8].map(|name| orders.missing(&order(name))), [0, 1, 3], "the oldest comes first");
        assert_eq!(reported(), [], "readers do not see them yet");
        orders.report();
        assert_eq!(reported(), [(7, 2)]);
        orders.close(&order(7));
        (3..=7).for_each(|height| orders.count(block(height)));
        orders.report();
        assert_eq!(reported(), [(8, 3), (8, 4), (8, 5), (9, 6)], "nobody had asked for the last");
        assert_eq!([7, 8, 9].map(|name| orders.missing(&order(name))), [0; 3]);
        orders.report();
        assert!(orders.open.is_empty() && reported().is_empty());
    }
}
