//! gRPC and HTTP on one port.
//!
//! Read in this order: [`blocking_pool`] (how handlers reach the chain without blocking), `admission` (batches of
//! transactions), `fair_lane` (whoever asks much delays only its own requests), [`errors`] (errors on the wire),
//! [`auth`], [`door`] (which requests come in), [`actors`] (recognizes producers and signers), `read_only_call` (calls
//! within the config's limits), [`grpc`] (a file for each service), [`http`] (the shim, a file for each path family),
//! [`scrape`], [`server`] (sockets).
//!
//! # Invariants
//! - No handler executes a block, and none waits for a database on an async thread.
//! - Any bytes on the port get an answer or an error, and never cause a panic.

pub mod actors;
mod admission;
pub mod auth;
pub mod blocking_pool;
pub mod door;
pub mod errors;
mod fair_lane;
pub mod grpc;
pub(crate) mod health;
pub mod http;
mod read_only_call;
pub mod scrape;
pub mod server;
