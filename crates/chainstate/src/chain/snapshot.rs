//! One moment of the chain: what every read is asked of.

use std::ops::Deref;

use super::{ChainReader, NakamotoChainState};
use crate::params::ChainParams;

/// The databases as of one commit, and beside them what the chain keeps in memory alone: the mempool's order, what a
/// template executes now. What is in memory is as of when it is asked for.
///
/// It is what [`NakamotoChainState::read`] gives; the questions are functions of [`crate::read`] and methods of [`ChainReader`].
pub struct Snapshot<'a> {
    chain: &'a NakamotoChainState,
    reader: &'a ChainReader,
    sequence: u64,
}

impl<'a> Snapshot<'a> {
    /// `sequence` was the newest event's before the reader began.
    pub(super) const fn new(chain: &'a NakamotoChainState, reader: &'a ChainReader, sequence: u64) -> Self {
        Self { chain, reader, sequence }
    }

    /// Sequence of an event whose effect, and that of all before it, is in the snapshot; that of later ones may be.
    #[must_use]
    pub(crate) const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The chain's parameters.
    #[must_use]
    pub fn params(&self) -> &'a ChainParams {
        self.chain.params()
    }

    /// What is in memory alone.
    pub(crate) const fn chain(&self) -> &'a NakamotoChainState {
        self.chain
    }
}

impl Deref for Snapshot<'_> {
    type Target = ChainReader;

    fn deref(&self) -> &ChainReader {
        self.reader
    }
}
