//! gRPC and HTTP on one port.
//!
//! Read in this order: [`limits`] (every number), [`gate`] (how handlers reach the chain without blocking), `admission` (transactions share the way), [`errors`]
//! (how its errors look on the wire), [`auth`], [`door`] (which requests come in at all), [`caller`] and [`actors`] (who asks), [`budget`] (bytes in flight), [`grpc`] (one file a service), [`http`] (the shim, one file a path
//! family), [`server`] (sockets).
//!
//! # Invariants
//! - No handler executes a block, and none waits for a database on an async thread.
//! - Any bytes on the port give an answer or an error, never a panic.

pub mod actors;
mod admission;
pub mod auth;
pub mod budget;
pub mod caller;
pub mod door;
pub mod errors;
pub mod gate;
pub mod grpc;
pub(crate) mod health;
pub mod http;
pub mod limits;
pub mod server;
