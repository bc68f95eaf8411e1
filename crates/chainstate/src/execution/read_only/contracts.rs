//! Contracts as they were deployed: source, interface, constants, traits.

use std::sync::Arc;

use clarity::analysis::{Contracts, Interface, implements_trait, takes};
use clarity::error::InternalError;
use clarity::keys;
use clarity::names::ClarityName;
use clarity::principal::{ContractId, TraitId};
use clarity::state::{Contract, View, World as _};
use clarity::value::Value;

use super::{ReadError, StateReader};
use crate::transactions::{MAX_RECEIPTS_BYTES, interface_json};

/// Keys of what the reference keeps outside of the state about a contract, as far as this node has it.
const SOURCE_ENTRY: &str = "vm-metadata::9::contract-src";
const SIZE_ENTRY: &str = "vm-metadata::9::contract-size";
const DATA_SIZE_ENTRY: &str = "vm-metadata::9::contract-data-size";

/// Public functions that a message names.
const SHOWN_FUNCTIONS: usize = 5;

/// A contract's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractSource {
    /// As it was deployed.
    pub source: String,
    /// Stacks height of the block that deployed it.
    pub publish_height: u32,
}

/// Why a contract call would fail its checks (docs/COMPATIBILITY.md#admission).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallRefusal {
    /// There is no such contract.
    #[error("no such contract")]
    NoSuchContract,
    /// It has no public function of that name; read-only ones do not count.
    #[error("{0}")]
    NoSuchPublicFunction(String),
    /// The arguments do not fit.
    #[error("{message}")]
    BadArgument {
        /// The checker's error, as the reference shows it.
        error: String,
        /// Which argument, and what it should be.
        message: String,
    },
}

impl StateReader<'_> {
    /// A constant's value.
    ///
    /// # Errors
    /// Storage.
    pub(crate) fn constant(&self, contract: &ContractId, name: &str) -> Result<Option<Value>, ReadError> {
        let Some(contract) = self.contract(contract)? else { return Ok(None) };
        Ok(contract.constant(name).cloned())
    }

    /// A contract's text.
    ///
    /// # Errors
    /// Storage.
    pub fn contract_source(&self, id: &ContractId) -> Result<Option<ContractSource>, ReadError> {
        let Some(contract) = self.contract(id)? else { return Ok(None) };
        let commitment = self.value(&keys::contract(id))?.unwrap_or_default();
        let height = commitment.get(64..).and_then(|height| u32::from_str_radix(height, 16).ok());
        let publish_height = height.ok_or_else(|| ReadError::Storage(format!("commitment of {id}: {commitment}")))?;
        Ok(Some(ContractSource { source: contract.source.clone(), publish_height }))
    }

    /// True if the contract exists.
    ///
    /// # Errors
    /// Storage.
    pub(crate) fn contract_exists(&self, contract: &ContractId) -> Result<bool, ReadError> {
        Ok(self.value(&keys::contract(contract))?.is_some())
    }

    /// A contract's functions, variables, maps and tokens with their types.
    ///
    /// # Errors
    /// Storage.
    pub(crate) fn interface(&self, contract: &ContractId) -> Result<Option<Arc<Interface>>, ReadError> {
        Ok(self.contract(contract)?.map(|contract| Arc::clone(&contract.interface)))
    }

    /// A contract's interface as JSON text (docs/COMPATIBILITY.md#contract-interface).
    ///
    /// # Errors
    /// Storage; [`ReadError::InterfaceTooLarge`].
    pub(crate) fn contract_interface(&self, contract: &ContractId) -> Result<Option<String>, ReadError> {
        let Some(interface) = self.interface(contract)? else { return Ok(None) };
        let text = interface_json(&interface, self.env.params.rules);
        text.map(Some).ok_or(ReadError::InterfaceTooLarge { max: MAX_RECEIPTS_BYTES })
    }

    /// What the reference keeps outside of the state about a contract: its source, the size of that, and the memory of its
    /// constants; both sizes are what loading it costs. The other entries are in a form of its own.
    ///
    /// # Errors
    /// Storage.
    pub(crate) fn metadata(&self, contract: &ContractId, key: &str) -> Result<Option<String>, ReadError> {
        let Some(contract) = self.contract(contract)? else { return Ok(None) };
        let source_bytes = contract.source.len();
        Ok(match key {
            SOURCE_ENTRY => Some(contract.source.clone()),
            SIZE_ENTRY => Some(source_bytes.to_string()),
            DATA_SIZE_ENTRY => Some(contract.size.saturating_sub(source_bytes as u64).to_string()),
            _ => None,
        })
    }

    /// True if `contract` implements a trait, declared or not.
    ///
    /// # Errors
    /// Storage. `None` for an unknown contract or trait.
    pub(crate) fn implements_trait(&self, contract: &ContractId, wanted: &TraitId) -> Result<Option<bool>, ReadError> {
        self.asking(|contracts| implements_trait(contract, wanted, contracts))
    }

    /// Checks a contract call as the mempool does: the function is public, the arguments fit; a contract may stand for
    /// a trait.
    ///
    /// # Errors
    /// The outer one is storage, the inner one the call's.
    pub(crate) fn check_public_function(
        &self,
        contract: &ContractId,
        function: &str,
        arguments: &[Value],
    ) -> Result<Result<(), CallRefusal>, ReadError> {
        let Some(interface) = self.interface(contract)? else {
            return Ok(Err(CallRefusal::NoSuchContract));
        };
        let Some(signature) = interface.public.get(function) else {
            return Ok(Err(CallRefusal::NoSuchPublicFunction(not_public(&interface, contract, function))));
        };
        let checked = self.asking(|contracts| takes(signature, arguments, contracts))?;
        Ok(checked.map_err(|misfit| CallRefusal::BadArgument {
            error: misfit.fault.error.debug(),
            message: misfit.text(function, signature),
        }))
    }

    fn contract(&self, id: &ContractId) -> Result<Option<Arc<Contract>>, ReadError> {
        Ok(self.world.borrow_mut().contract(View::Tip, id)?)
    }

    /// Answers a question about contracts from those of this state.
    fn asking<R>(&self, question: impl FnOnce(&dyn Contracts) -> R) -> Result<R, ReadError> {
        let known = Known { state: self, failure: std::cell::RefCell::default() };
        let answer = question(&known);
        match known.failure.into_inner() {
            Some(failure) => Err(failure.into()),
            None => Ok(answer),
        }
    }
}

/// Why a transaction cannot call a function, and what it can call.
fn not_public(interface: &Interface, contract: &ContractId, function: &str) -> String {
    let what = match () {
        () if interface.read_only.contains_key(function) => {
            format!("{function} of {contract} is read-only: it is read, and no transaction calls it")
        }
        () if interface.private.contains_key(function) => {
            format!("{function} of {contract} is private: only the contract itself calls it")
        }
        () => format!("{contract} has no function {function}"),
    };
    let names = interface.public.keys().take(SHOWN_FUNCTIONS).map(ClarityName::as_str).collect::<Vec<_>>().join(", ");
    let more = interface.public.len().saturating_sub(SHOWN_FUNCTIONS);
    match more {
        _ if names.is_empty() => format!("{what}. It has no public function"),
        0 => format!("{what}. Public: {names}"),
        more => format!("{what}. Public: {names} and {more} more"),
    }
}

/// The contracts of a state. After a failure to read, the question fails.
struct Known<'s, 'a> {
    state: &'s StateReader<'a>,
    failure: std::cell::RefCell<Option<InternalError>>,
}

impl Contracts for Known<'_, '_> {
    fn interface(&self, contract: &ContractId) -> Option<Arc<Interface>> {
        match self.state.world.borrow_mut().contract(View::Tip, contract) {
            Ok(found) => found.map(|contract| Arc::clone(&contract.interface)),
            Err(failure) => {
                self.failure.replace(Some(failure));
                None
            }
        }
    }
}
