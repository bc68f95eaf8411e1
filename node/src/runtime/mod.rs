//! What the node's threads share: callers and their bytes, threads for blocking work, and signals that wake.

pub(crate) mod background;
pub mod budget;
pub mod caller;
pub mod class;
pub mod wake_signal;
