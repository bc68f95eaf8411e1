//! Garbage on every RPC and HTTP path: each answer has a reason, and the node goes on.
//!
//! The calls come from the descriptors and the router's table: a new RPC or path is tested automatically, or fails
//! here.

mod liveness;
mod messages;
mod paths;
mod refusals;
mod rpcs;
mod shapes;
