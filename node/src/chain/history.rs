//! The chain's burn blocks and blocks of all time behind the observers' trait.

use std::ops::Range;

use chainstate::chain::Chain;
use chainstate::db::StoreError;
use chainstate::journal::{JournalEvent, select_history, sequence_of_processed};

use crate::error::ApiError;
use crate::event_dispatcher::source::History;
use crate::event_stream::journal::ReadLimit;

/// Reads the chain's database.
pub(super) struct NodeHistory {
    chain: Chain,
}

impl NodeHistory {
    /// The history of a chain.
    pub(super) fn new(chain: Chain) -> Self {
        Self { chain }
    }
}

impl History for NodeHistory {
    fn read(&self, range: Range<u64>, limit: ReadLimit) -> Result<Vec<JournalEvent>, ApiError> {
        Ok(self
            .chain
            .read(|reader| select_history(reader.conn(), reader.staging(), range, limit.events, limit.bytes))?)
    }

    fn sequence_at_height(&self, height: u64) -> Result<Option<u64>, ApiError> {
        let sequence = self.chain.read(|reader| {
            let header = reader.header_at(height, &reader.tip()?.block_id)?;
            let Some(header) = header else { return Ok::<_, StoreError>(None) };
            sequence_of_processed(reader.conn(), &header.block_id)
        })?;
        Ok(sequence)
    }
}
