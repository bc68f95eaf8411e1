//! The chain's journal behind the streams' trait.

use chainstate::chain::NakamotoChainState;
use chainstate::journal::{JournalBounds, JournalEvent, select_events};
use stacks_types::ids::StacksBlockId;

use crate::error::ApiError;
use crate::event_stream::journal::{Journal, ReadLimit};

/// Memory tail first, else the database.
pub struct NodeJournal {
    chain: NakamotoChainState,
}

impl NodeJournal {
    /// The journal of a chain.
    #[must_use]
    pub fn new(chain: NakamotoChainState) -> Self {
        Self { chain }
    }
}

impl Journal for NodeJournal {
    fn id(&self) -> [u8; 16] {
        self.chain.journal().journal_id()
    }

    fn bounds(&self) -> JournalBounds {
        self.chain.journal().bounds()
    }

    fn read_memory(&self, from: u64, limit: ReadLimit) -> Option<Vec<JournalEvent>> {
        self.chain.journal().read(from, limit.events, limit.bytes)
    }

    fn read_disk(&self, from: u64, limit: ReadLimit) -> Result<Vec<JournalEvent>, ApiError> {
        Ok(self.chain.read(|reader| select_events(reader.conn(), reader.staging(), from, limit.events, limit.bytes))?)
    }

    fn sequence_of_block(&self, block_id: [u8; 32]) -> Result<Option<u64>, ApiError> {
        Ok(self.chain.read(|reader| reader.sequence_of_block(&StacksBlockId(block_id)))?)
    }

    fn sequence_of_height(&self, chain_length: u64) -> Result<Option<u64>, ApiError> {
        Ok(self.chain.read(|reader| reader.sequence_of_height(chain_length))?)
    }

    fn listen(&self, listener: Box<dyn Fn(u64) + Send + Sync>) {
        self.chain.journal().listen(listener);
    }
}
