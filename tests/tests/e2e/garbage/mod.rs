//! Garbage on every RPC and HTTP path: an answer with a reason, and the node goes on.
//!
//! What there is to call is read from the descriptors and the router's table, so that a new RPC or path is covered, or
//! fails here, without anybody thinking of it.

mod goes_on;
mod messages;
mod paths;
mod refusals;
mod rpcs;
mod shapes;
