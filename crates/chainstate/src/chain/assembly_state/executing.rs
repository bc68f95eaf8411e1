//! The transaction that a template executes at this moment, so that a late template can say what holds it up.

use std::time::{Duration, Instant};

use stacks_types::ids::Txid;

use crate::chain::{NakamotoChainState, lock};

/// A transaction in execution; dropping this marks its end, also in a panic.
pub(crate) struct Executing<'a>(&'a NakamotoChainState);

impl NakamotoChainState {
    /// Records which transaction a template executes, until the returned value is dropped. One template is made at a
    /// time.
    pub(crate) fn begin_executing(&self, txid: Txid) -> Executing<'_> {
        *lock(&self.inner.assembly.executing) = Some((txid, Instant::now()));
        Executing(self)
    }

    /// The transaction that a template executes, and for how long so far; none between two transactions and when no
    /// template is made.
    #[must_use]
    pub fn executing(&self) -> Option<(Txid, Duration)> {
        lock(&self.inner.assembly.executing).map(|(txid, begun)| (txid, begun.elapsed()))
    }
}

impl Drop for Executing<'_> {
    fn drop(&mut self) {
        *lock(&self.0.inner.assembly.executing) = None;
    }
}
