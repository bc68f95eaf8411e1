//! All burn blocks and blocks of the chain, behind the observers' trait.

use std::ops::Range;

use chainstate::chain::NakamotoChainState;
use chainstate::db::StoreError;
use chainstate::journal::{JournalEvent, select_history, sequence_of_burn_block, sequence_of_processed};

use crate::error::ApiError;
use crate::event_dispatcher::source::{History, ReplayStart};
use crate::event_stream::journal::ReadLimit;

/// Reads the chain's database.
pub(super) struct NodeHistory {
    chain: NakamotoChainState,
}

impl NodeHistory {
    /// The history of a chain.
    pub(super) fn new(chain: NakamotoChainState) -> Self {
        Self { chain }
    }
}

impl History for NodeHistory {
    fn read(&self, range: Range<u64>, limit: ReadLimit) -> Result<Vec<JournalEvent>, ApiError> {
        Ok(self
            .chain
            .read(|reader| select_history(reader.conn(), reader.staging(), range, limit.events, limit.bytes))?)
    }

    fn replay_start(&self, height: u64) -> Result<Option<ReplayStart>, ApiError> {
        let start = self.chain.read(|reader| {
            let header = reader.header_at(height, &reader.tip()?.block_id)?;
            let Some(header) = header else { return Ok::<_, StoreError>(None) };
            let Some(block) = sequence_of_processed(reader.conn(), &header.block_id)? else { return Ok(None) };
            let cited = match height {
                0 => None,
                _ => sequence_of_burn_block(reader.conn(), &header.burn_view, block)?,
            };
            Ok(Some(ReplayStart { burn_block: cited.unwrap_or(block), block }))
        })?;
        Ok(start)
    }
}
