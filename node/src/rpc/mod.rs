//! gRPC and HTTP on one port.
//!
//! Read in this order: [`blocking_pool`] (how handlers reach the chain without blocking), `admission` (transactions share the
//! way), `fair_lane` (who asks for much waits for himself), [`errors`] (how its errors look on the wire), [`auth`], [`door`] (which requests come in at all), [`actors`] (who
//! asks), `read_only_call` (calls within the config's limits), [`grpc`] (one file a service), [`http`] (the shim, one file a path family), [`scrape`], [`server`] (sockets).
//!
//! # Invariants
//! - No handler executes a block, and none waits for a database on an async thread.
//! - Any bytes on the port give an answer or an error, never a panic.

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
