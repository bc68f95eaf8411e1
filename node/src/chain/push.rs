//! Pushed signed blocks.

use chainstate::chain::StoreOutcome;
use nakamoto_proto::v1;

use super::NodeChain;
use super::block_spans::{block_span, name_block};
use crate::error::ApiError;
use crate::metrics;

impl NodeChain {
    /// Checks and stores a signed block.
    pub fn push_block(&self, block: &[u8]) -> Result<StoreOutcome, ApiError> {
        let _time = metrics::get().time("push");
        let span = block_span!("push");
        let _entered = span.enter();
        let outcome = self.chain.store_block(block, |header| name_block(self, &span, header))?;
        let (result, rejection) = match &outcome {
            StoreOutcome::Stored(_) => (v1::PushOutcome::Accepted, None),
            StoreOutcome::AlreadyKnown(_, rejection) => (v1::PushOutcome::AlreadyKnown, rejection.as_ref()),
            StoreOutcome::Rejected(_, rejection) => (v1::PushOutcome::Rejected, Some(rejection)),
        };
        let reason = rejection.map_or("none", |rejection| rejection.reason().as_str_name());
        tracing::debug!(outcome = result.as_str_name(), reason, "block pushed");
        Ok(outcome)
    }
}
