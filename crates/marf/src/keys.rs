//! The bookkeeping keys that every block writes about itself and its parent (docs/CONSENSUS.md#opening-a-block).

use crate::hash::BlockId;

/// The key under which a block finds its own height.
pub const HEIGHT_SELF_KEY: &str = "__MARF_BLOCK_HEIGHT_SELF";

/// The key of the id of the block at `height`.
#[must_use]
pub fn id_at_height_key(height: u32) -> String {
    format!("__MARF_BLOCK_HEIGHT_TO_HASH::{height}")
}

/// The key of the height of the block `id`.
#[must_use]
pub fn height_of_id_key(id: &BlockId) -> String {
    format!("__MARF_BLOCK_HASH_TO_HEIGHT::{id}")
}
