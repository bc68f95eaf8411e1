//! StackerDBs as part of the chain: they follow their contracts at the tip, and accept chunks.

mod follow;
mod put;

pub use follow::FollowContext;
pub(super) use follow::FollowedAhead;
pub use put::ChunkOutcome;
