//! The mempool as a part of the chain: what is admitted, what follows the tip, and why a transaction was dropped.

mod admit;
mod dropped;
mod sync;

pub use admit::{Admission, AdmissionAnswer, AdmissionRefusal, Decision, Offered};
pub(crate) use dropped::{Problem, why_dropped};
