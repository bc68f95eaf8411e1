//! Changes of the chain: blocks are stored, announced, appended or rejected; the burn chain grows or reorganizes; the
//! tip moves.

mod announce;
mod append;
mod burnchain;
mod reject;
mod retention;
mod store_block;
mod tip;
mod validate;

pub use append::Processed;
pub use burnchain::BurnReorg;
pub use retention::Retention;
pub use store_block::{StoreBlockError, StoreOutcome};
pub use validate::Verdict;

pub(super) use tip::{TipCause, TipMove, blocks_between};
