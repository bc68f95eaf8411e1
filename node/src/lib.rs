//! The node: threads, channels and services around the chain state.
//!
//! Read in this order: [`config`], [`entrypoint`] (who runs, who talks to whom), [`chain`] (what the services need of the
//! chain), [`coordinator`], [`clock`], [`worker`], [`relayer`] (events), [`observers`] (events by POST), [`network`]
//! (gRPC and HTTP), `background` (threads that may wait), [`metrics`].
//!
//! # Not here
//! The rules and their storage: crate `chainstate`.

mod background;
pub mod chain;
pub mod clock;
pub mod config;
pub mod coordinator;
pub mod entrypoint;
pub mod metrics;
pub mod network;
pub mod observers;
mod port;
pub mod relayer;
mod start;
pub mod worker;

pub use start::{SERVER_VERSION, main_with_args};
