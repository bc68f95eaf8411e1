//! Shared by the node's threads: callers and their bytes, open files, threads for blocking work, and wake signals.

pub(crate) mod background;
pub mod budget;
pub mod caller;
pub mod class;
pub mod file_limit;
pub mod wake_signal;
