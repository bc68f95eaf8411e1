//! The block producer (docs/ACTORS.md): asks its node for templates, signs them, gathers the stackers' signatures
//! through StackerDB and pushes the blocks. It speaks gRPC only, and one event stream drives it.
//!
//! Read in this order: [`model`] (what it knows), [`decide`] (what it does next), [`collect`] (counts signatures),
//! [`seal`] (proof and signature), [`record`] (what was signed), [`proposals`] (what others have signed), [`convert`]
//! and [`driver`] (the connection to the node), [`run`] (puts them together).
//!
//! # Invariants
//! - It never signs two different blocks at one height of one tenure, even after a crash: [`record`].
//! - No polling: every step answers an event, a call's result, or a deadline.

pub mod args;
mod collect;
mod convert;
mod decide;
mod driver;
mod model;
mod proposals;
mod record;
mod run;
mod seal;

pub use run::main_with_args;
