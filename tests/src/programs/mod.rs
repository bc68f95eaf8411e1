//! Random Clarity programs that mostly pass analysis, and calls of their functions with arguments that mostly fit.
//!
//! A program is a contract `main` and, every other time, an earlier contract `base`, which it calls and whose trait it
//! knows. The generator knows types and writes an expression for a wanted type: every native function, keyword and form
//! of the chosen version can appear where its type fits. The generator writes text, so it shares nothing with the
//! tested engine.
//!
//! [`Engine`] runs a program on the chain of [`chain`] and keeps a [`record`] of each transaction.
//!
//! # Invariants
//! - A seed and a version always give the same program.
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

/// The account that publishes and calls: the testnet address whose key is SHA-256 of `vector account 0`.
pub const DEPLOYER: &str = literal::ACCOUNTS[0].0;
/// Another account, which owns little.
pub const OTHER: &str = literal::ACCOUNTS[1].0;
