//! The journal: one ordered, durable list of events, and its newest part in memory.
//!
//! Events are written in the transaction of the state that they report (`store`). Readers take the newest from the
//! [`JournalTail`] and older ones from the database, each at its own speed; the writer never waits for a reader.
//!
//! # Invariants
//! - Sequences start at 1 and have no gaps; a sequence is never used twice.
//! - The tail is a suffix of what is committed, in order.
//! - Burn blocks and processed blocks can be read for ever (`history`); all else only until retention removes it.
//! - The newest event is never removed: later sequences and offsets continue from it.

mod event;
mod header_only;
mod history;
mod queries;
mod stored;
mod subjects;
mod tail;

pub use event::JournalEvent;
pub use header_only::{header_only, without_data};
pub use history::{select_history, sequence_of_burn_block, sequence_of_processed};
pub use queries::{JournalBounds, select_events};
pub(crate) use queries::{
    Oldest, insert_event, prune, select_bounds, select_first_after, select_first_behind, select_sequence_of_block,
};
pub(crate) use stored::{restore_transactions, strip_transactions};
pub use subjects::EventSubjects;
pub use tail::JournalTail;
