//! From the sorted syntax tree to a program: names become places, natives become operations with what they need at hand.
//!
//! Lowering costs nothing and refuses nothing. What the checker would have refused becomes an operation that fails when it is
//! reached, so any tree makes a program. Programs are not stored: they are made again from the source.
//!
//! | file | holds |
//! |---|---|
//! | `program.rs` | the result |
//! | `lowering.rs` | the state of lowering |
//! | `definitions.rs` | the top level: functions, variables, maps, tokens, traits |
//! | `expression.rs` | expressions, and the names that are in scope |
//! | `forms.rs` | natives that are not just functions of their arguments |
//! | `last_use.rs` | which use of a variable may take its value |

mod definitions;
mod expression;
mod forms;
mod last_use;
mod lowering;
pub(crate) mod program;

pub(crate) use definitions::lower;
pub(crate) use program::{Program, Visibility};
