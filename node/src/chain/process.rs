//! A round of the coordinator: announces burn blocks, processes a block, prunes the journal.

use chainstate::chain::Retention;

use super::{NodeChain, block_spans};
use crate::error::ApiError;
use crate::metrics;

pub(super) fn process_next(node: &NodeChain, retention: Retention) -> Result<bool, ApiError> {
    let announced = node.chain.announce()?;
    let time = metrics::get().time("processing");
    let processed = node.chain.process_next()?;
    match &processed {
        Some(processed) => block_spans::processed(node, processed),
        None => time.discard(),
    }
    let pruned = node.chain.prune_journal(retention, node.started.elapsed())?;
    Ok(announced || processed.is_some() || pruned)
}
