//! One moment of the chain, on which every read works.

use std::ops::Deref;

use super::{ChainReader, NakamotoChainState};
use crate::params::ChainParams;

/// The databases as of one commit, and what the chain keeps in memory only: the mempool's order, the transaction that a
/// template executes. Data in memory is as of the moment of the question.
///
/// [`NakamotoChainState::read`] provides it; the questions are functions of [`crate::read`] and methods of
/// [`ChainReader`].
pub struct Snapshot<'a> {
    chain: &'a NakamotoChainState,
    reader: &'a ChainReader,
    sequence: u64,
}

impl<'a> Snapshot<'a> {
    /// `sequence` is that of the newest event before the reader began.
    pub(super) const fn new(chain: &'a NakamotoChainState, reader: &'a ChainReader, sequence: u64) -> Self {
        Self { chain, reader, sequence }
    }

    /// The snapshot has the effects of all events up to this sequence, and may have those of later ones.
    #[must_use]
    pub(crate) const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The chain's parameters.
    #[must_use]
    pub fn params(&self) -> &'a ChainParams {
        self.chain.params()
    }

    /// The chain, for data that is in memory only.
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
