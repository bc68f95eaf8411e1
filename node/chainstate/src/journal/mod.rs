//! The journal: one ordered, durable list of events, and its newest part in memory.
//!
//! Events are written in the transaction of the state that they report (`db::store`). Readers take the newest from the
//! [`JournalTail`] and older ones from the database, each at its own speed; nobody waits for a reader.
//!
//! # Invariants
//! - Sequences start at 1 and have no gaps; a sequence is never used twice.
//! - The tail is a suffix of what is committed, in order.
//! - Burn blocks and processed blocks can be read for ever (`history`); all else only until retention removes it.

mod event;
mod history;
mod queries;
mod tail;

pub use event::JournalEvent;
pub(crate) use history::PRUNED_SCHEMA;
pub use history::{select_history, sequence_of_processed};
pub use queries::select_events;
pub(crate) use queries::{insert_event, prune, select_bounds, select_sequence_of_block};
pub use tail::{JournalTail, Listener};
