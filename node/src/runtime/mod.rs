//! What the node's threads share: who asks and what bytes are held for it, threads that may wait, signals that wake.

pub(crate) mod background;
pub mod budget;
pub mod caller;
pub mod class;
pub mod wake_signal;
