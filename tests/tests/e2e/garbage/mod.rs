//! Garbage on every RPC and HTTP path: each answer has a reason, and the node goes on.
//!
//! The calls are read from the descriptors and the router's table: a new RPC or path is covered, or fails here, without anybody
//! having to think of it.

mod goes_on;
mod messages;
mod paths;
mod refusals;
mod rpcs;
mod shapes;
