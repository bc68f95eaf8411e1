//! The chain of crate `chainstate` behind the trait: conversions only.

mod blocks;
mod burnchain;
mod errors;
mod genesis;
mod handle;
mod jobs;
mod journal;
mod open;
mod stackerdb;
mod state;
mod transactions;

pub use genesis::chain_params;
pub use handle::LiveChain;
pub use journal::LiveJournal;
pub use open::open;
