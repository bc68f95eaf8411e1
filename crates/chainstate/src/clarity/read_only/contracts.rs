//! Contracts as they were deployed: source, analysis, constants, traits.

use ::clarity::vm::Value;
use ::clarity::vm::analysis::ContractAnalysis;
use ::clarity::vm::clarity::ClarityConnection as _;
use ::clarity::vm::costs::LimitedCostTracker;
use ::clarity::vm::database::ClarityDeserializable as _;
use ::clarity::vm::database::clarity_store::{ContractCommitment, make_contract_hash_key};
use ::clarity::vm::errors::{CheckErrors, Error as VmError};
use ::clarity::vm::types::{QualifiedContractIdentifier, TraitIdentifier};

use super::{ReadError, StateReader};

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
pub enum CallRefusal {
    /// There is no such contract.
    #[error("no such contract")]
    NoSuchContract,
    /// It has no public function of that name; read-only ones do not count.
    #[error("no such public function")]
    NoSuchPublicFunction,
    /// The arguments do not fit.
    #[error("bad argument: {0}")]
    BadArgument(String),
}

impl StateReader<'_> {
    /// A constant's value as consensus bytes.
    ///
    /// # Errors
    /// Storage.
    pub fn constant(&self, contract: &QualifiedContractIdentifier, name: &str) -> Result<Option<Vec<u8>>, ReadError> {
        self.with_db(|db| {
            if !db.has_contract(contract) {
                return Ok(None);
            }
            let loaded = db.get_contract(contract)?;
            let value = loaded.contract_context.lookup_variable(name);
            Ok(value.map(Value::serialize_to_vec).transpose().map_err(VmError::from)?)
        })
    }

    /// A contract's text.
    ///
    /// # Errors
    /// Storage.
    pub fn contract_source(&self, contract: &QualifiedContractIdentifier) -> Result<Option<ContractSource>, ReadError> {
        let Some(commitment) = self.value(&make_contract_hash_key(contract))? else { return Ok(None) };
        let commitment = ContractCommitment::deserialize(&commitment)?;
        let source = self.with_db(|db| Ok(db.get_contract_src(contract)))?;
        Ok(source.map(|source| ContractSource { source, publish_height: commitment.block_height }))
    }

    /// True if the contract exists.
    ///
    /// # Errors
    /// Storage.
    pub fn contract_exists(&self, contract: &QualifiedContractIdentifier) -> Result<bool, ReadError> {
        Ok(self.value(&make_contract_hash_key(contract))?.is_some())
    }

    /// What analysis found out about a contract.
    ///
    /// # Errors
    /// Storage.
    pub fn contract_analysis(
        &self,
        contract: &QualifiedContractIdentifier,
    ) -> Result<Option<ContractAnalysis>, ReadError> {
        self.with_db(|db| Ok(db.load_contract_analysis(contract)?))
    }

    /// A contract's interface as JSON text (docs/COMPATIBILITY.md#contract-interface).
    ///
    /// # Errors
    /// Storage.
    pub fn contract_interface(&self, contract: &QualifiedContractIdentifier) -> Result<Option<String>, ReadError> {
        let interface = self.contract_analysis(contract)?.and_then(|analysis| analysis.contract_interface);
        let text = interface.map(|interface| interface.serialize()).transpose();
        text.map_err(|error| ReadError::Vm(error.to_string()))
    }

    /// A side-store entry of a contract, in the VM's text form.
    ///
    /// # Errors
    /// Storage.
    pub fn metadata(&self, contract: &QualifiedContractIdentifier, key: &str) -> Result<Option<String>, ReadError> {
        self.with_db(|db| match db.store.get_metadata(contract, key) {
            Err(VmError::Unchecked(CheckErrors::NoSuchContract(_))) => Ok(None),
            other => Ok(other?),
        })
    }

    /// True if `contract` implements a trait, declared or not.
    ///
    /// # Errors
    /// Storage; an unknown contract or trait is `None`.
    pub fn implements_trait(
        &self,
        contract: &QualifiedContractIdentifier,
        wanted: &TraitIdentifier,
    ) -> Result<Option<bool>, ReadError> {
        let Some(analysis) = self.contract_analysis(contract)? else { return Ok(None) };
        if analysis.implemented_traits.contains(wanted) {
            return Ok(Some(true));
        }
        let Some(definer) = self.contract_analysis(&wanted.contract_identifier)? else { return Ok(None) };
        let Some(definition) = definer.get_defined_trait(&wanted.name) else { return Ok(None) };
        Ok(Some(analysis.check_trait_compliance(&self.env.params.epoch, wanted, definition).is_ok()))
    }

    /// Checks a contract call as the mempool does: a public function, arguments that fit, contracts for traits allowed.
    ///
    /// # Errors
    /// The outer one is storage, the inner one the call's.
    pub fn check_public_function(
        &self,
        contract: &QualifiedContractIdentifier,
        function: &str,
        arguments: &[Value],
    ) -> Result<Result<(), CallRefusal>, ReadError> {
        let Some(analysis) = self.contract_analysis(contract)? else {
            return Ok(Err(CallRefusal::NoSuchContract));
        };
        let Some(function) = analysis.get_public_function_type(function) else {
            return Ok(Err(CallRefusal::NoSuchPublicFunction));
        };
        let epoch = self.env.params.epoch;
        let version = analysis.clarity_version;
        self.in_scope(LimitedCostTracker::new_free(), |scope| {
            let checked = scope.with_analysis_db_readonly(|db| {
                function.check_args_by_allowing_trait_cast(db, arguments, epoch, version)
            });
            Ok(checked.map(|_| ()).map_err(|error| CallRefusal::BadArgument(error.err.to_string())))
        })
    }
}
