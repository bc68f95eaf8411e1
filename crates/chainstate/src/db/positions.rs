//! How far each database has come: a row of one records the positions of the others.
//!
//! # Invariants
//! - A position is never ahead of the disk: it is raised after the commit.

use std::sync::atomic::{AtomicU64, Ordering};

/// Shared by the writers of a folder's databases.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    event: Position,
    burn_row: Position,
    staging_row: Position,
}

impl Positions {
    /// The newest event of `chainstate.sqlite`.
    pub(crate) const fn event(&self) -> &Position {
        &self.event
    }

    /// The newest row of `burn.sqlite`.
    pub(crate) const fn burn_row(&self) -> &Position {
        &self.burn_row
    }

    /// The newest row of `staging.sqlite`.
    pub(crate) const fn staging_row(&self) -> &Position {
        &self.staging_row
    }
}

/// A number that only rises.
#[derive(Debug, Default)]
pub(crate) struct Position(AtomicU64);

impl Position {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn raise(&self, to: u64) {
        self.0.fetch_max(to, Ordering::AcqRel);
    }
}
