//! What admission must know of the chain's state at the canonical tip.

use super::refusal::Refusal;
use ::clarity::vm::types::{PrincipalData, QualifiedContractIdentifier};
use ::clarity::vm::{ClarityVersion, Value};

/// An account at the canonical tip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountView {
    /// The nonce of its next transaction.
    pub nonce: u64,
    /// Micro-STX that it can spend: the unlocked balance.
    pub available_ustx: u128,
}

/// What may take long before a transaction has paid anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongCheck {
    /// Loading a contract that is called, of any size.
    Call,
    /// Deploying a contract to see whether it could be loaded again.
    DeepContract,
}

/// The chain's state at the canonical tip, as far as admission looks at it. All methods read one block.
///
/// A failure to read is a [`Refusal::Database`].
pub trait AdmissionView {
    /// Whether this is left to a check of this transaction alone.
    fn leaves(&self, check: LongCheck) -> bool;

    /// An account; one that was never used has nonce 0 and no balance.
    ///
    /// # Errors
    /// [`Refusal::Database`].
    fn account(&self, who: &PrincipalData) -> Result<AccountView, Refusal>;

    /// Whether a contract has that name.
    ///
    /// # Errors
    /// [`Refusal::Database`].
    fn contract_exists(&self, contract: &QualifiedContractIdentifier) -> Result<bool, Refusal>;

    /// Checks that the contract has that public function (a read-only one does not count) and that it takes these
    /// arguments; contracts may stand for traits.
    ///
    /// # Errors
    /// [`Refusal::NoSuchContract`], [`Refusal::NoSuchPublicFunction`], [`Refusal::BadFunctionArgument`],
    /// [`Refusal::Database`].
    fn check_public_function(
        &self,
        contract: &QualifiedContractIdentifier,
        function: &str,
        arguments: &[Value],
    ) -> Result<(), Refusal>;

    /// Checks that the VM could load the contract again after deploying it.
    ///
    /// # Errors
    /// [`Refusal::ContractTooDeep`], [`Refusal::Database`].
    fn check_contract_depth(
        &self,
        contract: &QualifiedContractIdentifier,
        version: ClarityVersion,
        source: &str,
    ) -> Result<(), Refusal>;
}
