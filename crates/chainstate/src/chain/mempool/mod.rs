//! The mempool as part of the chain: admission, following the tip, and why transactions were dropped.

mod admit;
mod dropped;
mod sync;

pub use admit::{Admission, AdmissionAnswer, AdmissionRefusal, Decision, Offered};
pub(crate) use dropped::{Problem, why_dropped};
