//! The chain as the services ask for it: answers in the words of the gRPC contract, made of snapshots of crate `chainstate`.
//!
//! # Invariants
//! - Every call may block (database, Clarity, a commit) unless its doc says that it does not: the network threads make
//!   them only through `rpc::blocking_pool`.
//! - An answer comes from one read snapshot.
//!
//! # Not here
//! The rules: crate `chainstate`.

mod admin;
mod block_spans;
mod blocks;
mod burnchain;
mod convert_errors;
mod estimate;
mod genesis;
mod history;
mod jobs;
mod journal;
mod node_chain;
mod open;
mod process;
mod refusals;
mod sortitions;
mod stackerdb;
mod stacking;
mod stall;
mod state;
mod stream_context;
mod submit;
mod tenures;
mod transactions;

pub use blocks::BlockAt;
pub use burnchain::BurnBlockAt;
pub use estimate::{AccountNonces, FeeEstimate};
pub use genesis::{chain_params, try_genesis};
pub use jobs::{FinishedJob, JobFailure};
pub use journal::NodeJournal;
pub use node_chain::{Identity, NodeChain};
pub use open::{OpenedChain, open};
pub use sortitions::{Election, Sortition, SortitionAt};
pub use stacking::{ChainRules, CycleStackers, Stacking};
pub use stall::Stall;
pub use state::{AccountAnswer, CallArguments, ContractRef, SourceAnswer, ValueAnswer};
pub use submit::Offered;
pub use tenures::{ForkTenure, Tenure, TenureInfo};
pub use transactions::PendingCursor;
