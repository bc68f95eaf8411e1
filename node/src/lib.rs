//! The node: threads, channels and services around the chain state.
//!
//! Read in this order: [`config`], [`entrypoint`] (which threads run and how they are connected), [`chain`] (what the
//! services ask of the chain), [`coordinator`], [`clock`], [`jobs`], [`event_stream`], [`event_dispatcher`] (events by
//! POST), [`rpc`] (gRPC and HTTP), [`layer`] (hooks around requests), [`runtime`] (what threads share), [`metrics`].
//!
//! # Not here
//! The rules and their storage: crate `chainstate`.

pub mod chain;
pub mod clock;
pub mod config;
mod coordinator;
mod entrypoint;
mod error;
pub mod event_dispatcher;
pub mod event_stream;
pub mod jobs;
mod layer;
pub mod limits;
mod metrics;
mod principals;
mod request_ids;
pub mod rpc;
pub mod runtime;
mod start;
mod version;

pub use start::main_with_args;
