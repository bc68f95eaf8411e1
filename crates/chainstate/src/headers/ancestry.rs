//! Ancestors on any fork: look-ups in the MARF, not walks.

use marf::{BlockId, Marf};
use stacks_types::ids::StacksBlockId;

use crate::db::StoreError;

/// Answers about ancestors among processed blocks.
#[derive(Clone)]
pub struct Ancestry<'a>(pub &'a Marf);

impl Ancestry<'_> {
    /// The block at `height` (chain length) on the fork of `tip`; the tip itself at its own height, none above it.
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read.
    pub(crate) fn at_height(&self, tip: &StacksBlockId, height: u64) -> Result<Option<StacksBlockId>, StoreError> {
        let Ok(height) = u32::try_from(height) else { return Ok(None) };
        let found = self.0.ancestor_at_height(&BlockId(tip.0), height);
        Ok(found.map_err(|error| StoreError::Marf(error.to_string()))?.map(|id| StacksBlockId(id.0)))
    }

    /// Whether `ancestor` is `tip` or an ancestor of it.
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read.
    pub fn is_ancestor(&self, ancestor: &StacksBlockId, tip: &StacksBlockId) -> Result<bool, StoreError> {
        let answer = self.0.is_ancestor(&BlockId(ancestor.0), &BlockId(tip.0));
        answer.map_err(|error| StoreError::Marf(error.to_string()))
    }
}
