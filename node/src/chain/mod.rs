//! What the services need of the chain, as one trait, in the words of the gRPC contract.
//!
//! # Invariants
//! - Every call may block (database, Clarity, a commit) unless its doc says that it does not: the network threads make
//!   them only through `network::gate`.
//! - An answer comes from one read snapshot.
//!
//! # Not here
//! The rules: crate `chainstate`.

mod api;
mod error;

pub use api::{
    AccountAnswer, BlockAt, BurnBlockAt, CallArguments, ChainApi, ContractRef, Identity, JobFailure, PendingCursor,
    SourceAnswer, ValueAnswer,
};
pub use error::{ApiError, Unknown};
