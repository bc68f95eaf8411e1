//! The state as contracts see it: keys and texts that consensus prescribes, kept as values while a transaction runs.
//!
//! | file | holds |
//! |---|---|
//! | `balance.rs` | an account's micro-STX |
//! | `contract.rs` | a contract that can be called, and how it is stored |
//! | `journal.rs` | what a transaction has written, by levels that can be rolled back, and what it has read |
//! | `world.rs` | what the engine asks of the chain that it runs in |

pub(crate) mod balance;
mod contract;
mod journal;
mod world;

pub use balance::Balance;
pub use contract::{Contract, MAX_STORED_BYTES, STORED_HEAD_BYTES, StoredTooLarge};
pub use journal::{Datum, Journal, Write};
pub(crate) use journal::{Known, Mark};
pub use world::{BlockFacts, Found, PoxAddresses, View, World};
