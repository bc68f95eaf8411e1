//! The bookkeeping keys that every block writes about itself and its parent (docs/CONSENSUS.md#opening-a-block).

use crate::hash::BlockId;

/// The key that holds a block's own height.
pub const HEIGHT_SELF_KEY: &str = "__MARF_BLOCK_HEIGHT_SELF";

/// The key that holds the id of the ancestor at `height`.
#[must_use]
pub fn id_at_height_key(height: u32) -> String {
    format!("__MARF_BLOCK_HEIGHT_TO_HASH::{height}")
}

/// The key that holds the height of the ancestor `id`.
#[must_use]
pub fn height_of_id_key(id: &BlockId) -> String {
    format!("__MARF_BLOCK_HASH_TO_HEIGHT::{id}")
}
