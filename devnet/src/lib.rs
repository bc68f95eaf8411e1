//! The one-command devnet (docs/ARCHITECTURE.md): a node, producers and signers in one process tree.
//!
//! Read in this order: [`args`], [`accounts`] (opening balances), [`plan`] (merges flags and config file), [`data_dir`]
//! (the folder and its keys), [`processes`] with their [`program`] and [`restarts`], [`startup_message`] and
//! [`progress`] (what is shown), [`terminal`] (shows it), [`run`] (puts them together).

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
mod terminal;

pub use run::main_with_args;
