//! Random Clarity contracts that mostly pass analysis, and calls of their functions with arguments that mostly fit.
//!
//! A generator that knows types writes an expression for a wanted type: every native function, keyword and form of the chosen version
//! can come up where its type fits. What it writes is text, so it shares nothing with the engine that it tests.
//!
//! # Invariants
//! - A seed and a version give one program, always the same.
//! - Sizes are small (a program of one to five kilobytes): many programs find more than large ones.

mod contract;
mod expression;
mod literal;
mod types;

pub use contract::{Call, Program, generate};
pub use types::Type;
