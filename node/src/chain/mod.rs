//! What the services need of the chain, as one trait in the words of the gRPC contract, and the chain itself behind it.
//!
//! # Invariants
//! - Every call may block (database, Clarity, a commit) unless its doc says that it does not: the network threads make
//!   them only through `network::gate`.
//! - An answer comes from one read snapshot.
//!
//! # Not here
//! The rules: crate `chainstate`.

mod admin;
mod api;
mod call_limits;
mod error;
mod live;
pub mod lookups;
mod principal;

pub use admin::AdminApi;
pub use api::{
    AccountAnswer, BlockAt, BurnBlockAt, CallArguments, ChainApi, ContractRef, FinishedJob, Identity, JobFailure,
    PendingCursor, SourceAnswer, Stall, ValueAnswer,
};
pub use call_limits::CallLimits;
pub use error::{ApiError, Unknown};
pub use live::{LiveChain, LiveJournal, chain_params, open};
pub use principal::{PrincipalError, parse_asset_id, parse_contract_id, parse_principal};
