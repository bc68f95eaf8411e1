//! The stub stacker signer (docs/ACTORS.md): sees proposals in the producers' StackerDB slots, has its node validate
//! them, and signs or refuses in its own slot. It speaks gRPC only, and one event stream drives it.
//!
//! Read in this order: [`model`] (what it knows), [`decide`] (what it does next), [`record`] (what it signed, and the
//! rule that forbids the rest), [`driver`] (the connection to the node), `lost` (a start without the record), [`run`]
//! (puts them together).
//!
//! # Invariants
//! - It never signs two blocks with the same parent on one bitcoin fork while the stackers are the same, even after a
//!   crash: [`record`].
//! - No polling: every step answers an event, a call's result, or a deadline.

pub mod args;
mod decide;
mod driver;
mod lost;
mod model;
mod record;
mod run;

pub use run::main_with_args;
