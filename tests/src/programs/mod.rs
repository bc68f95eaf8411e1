//! Random Clarity programs that mostly pass analysis, and calls of their functions with arguments that mostly fit.
//!
//! A program is a contract `main`, and in front of it, every other time, a contract `base` that it calls and whose trait it knows. The
//! generator knows types and writes an expression for a wanted type: every native function, keyword and form of the chosen version
//! can come up where its type fits. What it writes is text, so it shares nothing with the engine that it tests.
//!
//! [`Engine`] runs a program on the chain of [`chain`] and keeps a [`record`] of each transaction.
//!
//! # Invariants
//! - A seed and a version give one program, always the same.
//! - Sizes are small (a program of one to five kilobytes): many programs find more than large ones.

mod calls;
pub mod chain;
mod contract;
mod engine;
mod expression;
mod literal;
mod mutate;
pub mod record;
mod types;

pub use calls::Call;
pub use contract::{Program, Source, generate};
pub use engine::Engine;
pub use mutate::{DEFINITIONS, garbled, mutated, soup};
pub use types::Type;

/// Who publishes and calls: the address of testnet whose key is SHA-256 of `vector account 0`.
pub const DEPLOYER: &str = literal::ACCOUNTS[0].0;
/// Another account, which owns little.
pub const OTHER: &str = literal::ACCOUNTS[1].0;
