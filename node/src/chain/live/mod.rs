//! The chain of crate `chainstate` behind the trait: conversions only.

mod admin;
mod blocks;
mod burnchain;
mod errors;
mod estimate;
mod genesis;
mod handle;
mod history;
mod jobs;
mod journal;
mod lookups;
mod open;
mod sortitions;
mod stackerdb;
mod stacking;
mod stall;
mod state;
mod tenures;
mod trace;
mod transactions;

pub use genesis::chain_params;
pub use handle::LiveChain;
pub use journal::LiveJournal;
pub use open::open;
