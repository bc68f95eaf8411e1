//! Evaluation: a program runs on a machine that holds the transaction's writes, movements, events and costs.
//!
//! The machine walks the program's expressions by recursion. The language bounds the depth: every enclosing application
//! counts, natives too, and the epoch's limit is 64 or 128.
//!
//! | file | holds |
//! |---|---|
//! | `machine.rs` | the machine, and one expression |
//! | `call.rs` | functions: arguments, entering, leaving, rolling back |
//! | `contract_call.rs` | calls between contracts |
//! | `deploy.rs` | the top level of a contract, once |
//! | `events.rs`, `assets.rs` | a transaction's events and movements |
//! | `account.rs` | what a chain does with accounts outside of programs |
//! | `natives/` | the functions of the language, one file per group |

mod account;
mod assets;
mod call;
mod contract_call;
mod deploy;
mod events;
mod machine;
mod natives;

pub use assets::{AssetKey, Assets, Movement};
pub use events::{Event, EventBody, MAX_HELD_EVENTS};
#[cfg(any(test, feature = "test-support"))]
pub(crate) use machine::Frame;
pub use machine::{Context, Level, Machine, Outcome};
