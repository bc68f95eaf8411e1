//! The chain of this node: what the node adds to crate `chainstate`.
//!
//! Questions about the chain are functions of [`chainstate::read`], on a snapshot that `rpc::blocking_pool` gives. Here
//! is what needs more: pushes, submissions and the refusals that are remembered, jobs, the mocks' controls, the
//! coordinator's rounds, stalls of the tip, and the journal as streams and observers read it.
//!
//! # Invariants
//! - Every call may block (database, Clarity, a commit) unless its doc says that it does not: the network threads make
//!   them only through `rpc::blocking_pool`.
//!
//! # Not here
//! The rules and the read functions: crate `chainstate`.

mod admin;
mod block_spans;
mod convert_errors;
mod genesis;
mod history;
mod jobs;
mod journal;
mod node_chain;
mod open;
mod process;
mod push;
mod refusals;
mod stall;
mod stream_context;
mod submit;

pub use genesis::{chain_params, try_genesis};
pub use jobs::{FinishedJob, JobFailure};
pub use journal::NodeJournal;
pub use node_chain::NodeChain;
pub use open::{OpenedChain, open};
pub use stall::Stall;
