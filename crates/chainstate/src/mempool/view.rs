//! The facts of the canonical tip's state that admission needs.

use super::refusal::Refusal;
use clarity::principal::{ContractId, Principal};
use clarity::value::Value;

/// An account at the canonical tip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct AccountView {
    /// The nonce of its next transaction.
    pub nonce: u64,
    /// Micro-STX that it can spend: the unlocked balance.
    pub(crate) available_ustx: u128,
}

/// The state of the canonical tip, as admission reads it. All methods read one block.
///
/// A failure to read is a [`Refusal::Database`].
pub(crate) trait AdmissionView {
    /// Whether calls are left for a check of one transaction alone: loading a large contract may take long, before the
    /// transaction has paid anything.
    fn leaves_calls(&self) -> bool;

    /// An account; one that was never used has nonce 0 and no balance.
    ///
    /// # Errors
    /// [`Refusal::Database`].
    fn account(&self, who: &Principal) -> Result<AccountView, Refusal>;

    /// Whether a contract with this id exists.
    ///
    /// # Errors
    /// [`Refusal::Database`].
    fn contract_exists(&self, contract: &ContractId) -> Result<bool, Refusal>;

    /// Checks that the contract has that public function (a read-only one does not count) and that it takes these
    /// arguments; a contract may stand for a trait.
    ///
    /// # Errors
    /// [`Refusal::NoSuchContract`], [`Refusal::NoSuchPublicFunction`], [`Refusal::BadFunctionArgument`],
    /// [`Refusal::Database`].
    fn check_public_function(&self, contract: &ContractId, function: &str, arguments: &[Value]) -> Result<(), Refusal>;
}
