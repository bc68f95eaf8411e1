//! What the template in the making executes at this moment, so that one that is late says what holds it up.

use std::time::{Duration, Instant};

use stacks_types::ids::Txid;

use crate::chain::{NakamotoChainState, lock};

/// A transaction in execution; it ends when this is dropped, also by a panic.
pub(crate) struct Executing<'a>(&'a NakamotoChainState);

impl NakamotoChainState {
    /// Says which transaction a template executes, until the answer is dropped. One template is made at a time.
    pub(crate) fn begin_executing(&self, txid: Txid) -> Executing<'_> {
        *lock(&self.inner.assembly.executing) = Some((txid, Instant::now()));
        Executing(self)
    }

    /// The transaction that the template in the making executes, and for how long so far; none between two, and when no
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
