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

    /// The newest block that both forks share: a binary search over heights.
    ///
    /// # Errors
    /// [`StoreError`] when the index cannot be read, or the blocks share none.
    pub fn common_ancestor(&self, a: &StacksBlockId, b: &StacksBlockId) -> Result<StacksBlockId, StoreError> {
        let height = |id: &StacksBlockId| {
            let height = self.0.height_of(&BlockId(id.0));
            height.ok_or_else(|| StoreError::Corrupt(format!("block {id} has no trie")))
        };
        let same = |at: u32| Ok::<_, StoreError>(self.at_height(a, at.into())? == self.at_height(b, at.into())?);
        let (mut shared, mut differs) = (0, height(a)?.min(height(b)?) + 1);
        if !same(0)? {
            return Err(StoreError::Corrupt(format!("blocks {a} and {b} have no common ancestor")));
        }
        while differs - shared > 1 {
            let middle = shared + (differs - shared) / 2;
            if same(middle)? {
                shared = middle;
            } else {
                differs = middle;
            }
        }
        self.at_height(a, shared.into())?.ok_or_else(|| StoreError::Corrupt(format!("block {a} has no ancestors")))
    }
}
