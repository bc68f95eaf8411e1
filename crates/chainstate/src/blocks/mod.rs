//! When a block is valid, and what it does: one set of rules for storing, validating and appending
//! (docs/CONSENSUS.md#rules-of-a-block).
//!
//! ```text
//! bytes ─ decode_block ─▶ NakamotoStacksBlock ─ check_standalone ─▶ staging            (store: no parent needed)
//!                              └─ check_in_chain ─▶ BlockPlan ─ execute ─▶ Execution  (validate, append)
//! ```
//!
//! Rules that need no execution run before any that does. Each is a file in `rules/` and ends in a [`Rejection`].
//!
//! # Not here
//! Where blocks are kept: `staging`, `headers`. Making new ones: `assembly`.

mod execute;
mod execution_cache;
mod plan;
pub(crate) mod rules;
mod signature_cache;

pub use execute::{ExecuteError, Execution, execute};
pub(crate) use execute::{begin_block, finish_block};
pub(crate) use execution_cache::{ExecutionCache, ExecutionKey};
pub use plan::{BlockPlan, plan_block};
pub(crate) use rules::{CheckError, SignatureRules, check_in_chain, check_standalone, decode_block};
pub(crate) use signature_cache::SignatureCache;

pub use crate::rejection::Rejection;
