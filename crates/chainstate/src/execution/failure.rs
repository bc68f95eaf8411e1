//! How a transaction ends on its machine: with a result that is kept, or with the reason why nothing is.

use clarity::error::Stop;

use super::contract_store::Deployed;
use crate::transactions::TransactionError;

/// The result of a transaction that is kept.
pub(super) struct Done<R> {
    pub(super) value: R,
    /// The contract that it deployed.
    pub(super) deployed: Option<Deployed>,
}

/// Why a transaction is not kept.
pub(super) enum Failure {
    /// A rule of transactions forbids it.
    Invalid(Box<TransactionError>),
    /// The engine stopped in a way that no receipt can report.
    Stopped(Stop),
}

impl From<TransactionError> for Failure {
    fn from(error: TransactionError) -> Self {
        Self::Invalid(Box::new(error))
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop)
    }
}

/// The text of a caught panic.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text")
        .to_owned()
}
