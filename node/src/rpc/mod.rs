//! gRPC and HTTP on one port.
//!
//! Read in this order: [`blocking_pool`] (how handlers reach the chain without blocking), `admission` (batches of
//! transactions), `fair_queue` (a sender of much work delays only its own requests), [`errors`] (errors on the wire),
//! [`auth`], [`request_filter`] (which requests come in), [`actors`] (recognizes producers and signers), `read_only_call` (calls
//! within the config's limits), `simulation` (dry runs), [`grpc`] (a file for each service), [`http`] (the shim, a file for each path family),
//! [`scrape`], [`server`] (sockets), `port` (all of it, put together).
//!
//! # Invariants
//! - No handler executes a block, and none waits for a database on an async thread.
//! - Any bytes on the port get an answer or an error, and never cause a panic.

pub mod actors;
mod admission;
pub mod auth;
pub mod blocking_pool;
mod descriptors;
pub mod errors;
mod fair_queue;
pub mod grpc;
pub(crate) mod health;
pub mod http;
pub(crate) mod port;
mod read_only_call;
pub mod request_filter;
pub mod scrape;
pub mod server;
mod simulation;
