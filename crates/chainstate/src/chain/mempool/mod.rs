//! The mempool as part of the chain: admission (`admit`), questions (`list`), removal by age (`changes`), following the
//! tip (`sync`), and why transactions were dropped (`dropped`).

mod admit;
mod changes;
mod dropped;
mod list;
mod sync;

pub use admit::{Admission, AdmissionAnswer, AdmissionRefusal, Decision, Offered};
pub(crate) use dropped::{Problem, why_dropped};
