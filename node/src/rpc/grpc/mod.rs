//! The gRPC services, with a file for each: they decode, ask the chain through the pool, and encode.

mod account;
mod admin;
mod block;
mod burnchain;
mod connect;
mod decode;
pub(crate) mod encode;
mod event_server;
mod events;
mod node;
mod observers;
mod operator;
mod reasons;
mod routes;
mod stackerdb;
pub(crate) mod template;
mod transaction;
pub(crate) mod validation;
pub mod web;
mod withdrawn;

pub use reasons::into_router;
pub use routes::{ServiceState, Services, routes};
