//! The one-command devnet (docs/ARCHITECTURE.md): a node, producers and signers in one process tree.
//!
//! Read in this order: [`args`]; [`accounts`] with opening balances; [`plan`], which merges flags and config file; [`data_dir`],
//! the folder and its keys; [`processes`], their [`program`] and [`restarts`]; [`startup_message`] and [`progress`], what is shown; [`run`],
//! which puts them together.

mod accounts;
pub mod args;
mod data_dir;
mod plan;
pub mod processes;
mod program;
mod progress;
mod restarts;
mod run;
mod startup_message;

pub use run::main_with_args;
