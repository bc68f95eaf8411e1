//! Contracts as they were deployed.

use clarity::keys;
use clarity::principal::{ContractId, TraitId};
use nakamoto_proto::v1;
use stacks_types::ids::{StacksBlockId, Txid};
use stacks_types::transaction::StacksTransaction;

use super::{LookupError, Unknown, at_state};
use crate::chain::Snapshot;
use crate::execution::read_only::ContractSource;

/// A contract at a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractAt {
    /// Address and name.
    pub contract: ContractId,
    /// A processed block; `None` means the canonical tip.
    pub at: Option<StacksBlockId>,
}

impl ContractAt {
    /// The error when there is no such contract.
    pub(super) fn unknown(&self) -> LookupError {
        LookupError::NotFound { what: Unknown::Contract, id: self.contract.to_string() }
    }
}

/// A contract's text; with `with_proof` the encoded MARF proof of its commitment.
///
/// # Errors
/// [`Unknown::Block`], [`Unknown::Contract`].
pub fn source(
    snapshot: &Snapshot<'_>,
    contract: &ContractAt,
    with_proof: bool,
) -> Result<(ContractSource, Option<Vec<u8>>), LookupError> {
    let id = &contract.contract;
    at_state(snapshot, contract.at.as_ref(), |state| {
        let source = state.contract_source(id)?.ok_or_else(|| contract.unknown())?;
        let found = if with_proof { state.value_with_proof(&keys::contract(id))? } else { None };
        Ok((source, found.map(|(_, proof)| proof)))
    })
}

/// The transaction that deployed a contract of the canonical fork, in the block of its `publish_height`; `None` if the
/// receipts of that block are no longer kept.
///
/// # Errors
/// The node's own failures only.
pub fn deployed_by(
    snapshot: &Snapshot<'_>,
    contract: &ContractId,
    publish_height: u32,
) -> Result<Option<Txid>, LookupError> {
    let tip = snapshot.tip()?.block_id;
    let Some(header) = snapshot.header_at(publish_height.into(), &tip)? else { return Ok(None) };
    let receipts = snapshot.block_processed(&header.block_id)?.unwrap_or_default().receipts;
    let mainnet = snapshot.params().mainnet;
    let deploys_it = |receipt: &v1::TransactionReceipt| {
        let transaction = StacksTransaction::decode(&receipt.transaction).ok();
        transaction.and_then(|transaction| transaction.deployed_contract(mainnet)).as_ref() == Some(contract)
    };
    let mut deployments = receipts.iter().filter(|receipt| !receipt.contract_interface_json.is_empty());
    let receipt = deployments.find(|receipt| deploys_it(receipt));
    Ok(receipt.and_then(|receipt| receipt.txid.as_ref().try_into().ok()).map(Txid))
}

/// A contract's interface as JSON text (docs/COMPATIBILITY.md#contract-interface).
///
/// # Errors
/// [`Unknown::Block`], [`Unknown::Contract`].
pub fn interface(snapshot: &Snapshot<'_>, contract: &ContractAt) -> Result<String, LookupError> {
    at_state(snapshot, contract.at.as_ref(), |state| {
        state.contract_interface(&contract.contract)?.ok_or_else(|| contract.unknown())
    })
}

/// Whether a contract implements a trait, declared or not.
///
/// # Errors
/// [`Unknown::Block`]; [`Unknown::Contract`] when there is no such contract or trait.
pub fn implements_trait(snapshot: &Snapshot<'_>, contract: &ContractAt, wanted: &TraitId) -> Result<bool, LookupError> {
    at_state(snapshot, contract.at.as_ref(), |state| {
        let id = || format!("{} or trait {}", contract.contract, wanted.name);
        let found = state.implements_trait(&contract.contract, wanted)?;
        found.ok_or_else(|| LookupError::NotFound { what: Unknown::Contract, id: id() })
    })
}

/// What the reference keeps outside of the state about a contract, as text.
///
/// # Errors
/// [`Unknown::Block`]; [`Unknown::Variable`] when there is no such contract or key.
pub fn metadata(snapshot: &Snapshot<'_>, contract: &ContractAt, key: &str) -> Result<String, LookupError> {
    at_state(snapshot, contract.at.as_ref(), |state| {
        let missing = || LookupError::NotFound { what: Unknown::Variable, id: format!("{} {key}", contract.contract) };
        state.metadata(&contract.contract, key)?.ok_or_else(missing)
    })
}
