//! The chain's journal behind the relayer's trait.

use chainstate::chain::Chain;
use chainstate::journal::{JournalEvent, select_events};
use nakamoto_proto::ids::StacksBlockId;

use crate::chain::ApiError;
use crate::relayer::journal::{Bounds, Entry, Journal, ReadLimit};

/// Memory tail first, else the database.
pub struct LiveJournal {
    chain: Chain,
}

impl LiveJournal {
    /// The journal of a chain.
    #[must_use]
    pub fn new(chain: Chain) -> Self {
        Self { chain }
    }
}

impl Journal for LiveJournal {
    fn id(&self) -> [u8; 16] {
        self.chain.journal().journal_id()
    }

    fn bounds(&self) -> Bounds {
        let tail = self.chain.journal();
        // The oldest first: it only grows, so that it is never above what the newest read belongs to.
        Bounds { oldest: tail.oldest_sequence(), newest: tail.newest_sequence() }
    }

    fn read_memory(&self, from: u64, limit: ReadLimit) -> Option<Vec<Entry>> {
        let events = self.chain.journal().read(from, limit.events, limit.bytes)?;
        Some(events.into_iter().map(entry).collect())
    }

    fn read_disk(&self, from: u64, limit: ReadLimit) -> Result<Vec<Entry>, ApiError> {
        let events = self.chain.read(|reader| select_events(reader.conn(), from, limit.events, limit.bytes))?;
        Ok(events.into_iter().map(entry).collect())
    }

    fn sequence_of_block(&self, block_id: [u8; 32]) -> Result<Option<u64>, ApiError> {
        Ok(self.chain.read(|reader| reader.sequence_of_block(&StacksBlockId(block_id)))?)
    }

    fn listen(&self, listener: Box<dyn Fn(u64) + Send + Sync>) {
        self.chain.journal().listen(listener);
    }
}

pub(super) fn entry(event: JournalEvent) -> Entry {
    Entry { sequence: event.sequence, encoded_len: event.encoded.len(), event: event.event }
}
