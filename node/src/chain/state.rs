//! Accounts and contracts at any processed block.

use std::sync::Arc;
use std::time::Instant;

use chainstate::chain::{ChainReader, wire};
use chainstate::execution::read_only::{ReadError, ReadOnlyCall, StateReader};
use clarity::names::ClarityName;
use clarity::state::keys;
use clarity::value::{ContractId, Principal, TraitId};
use nakamoto_proto::v1;
use stacks_types::ids::StacksBlockId;
use stacks_types::value::decode_value;

use super::NodeChain;
use crate::error::{ApiError, Unknown};
use crate::ids::{parse_contract_id, parse_principal};

/// A contract, and where to look: `None` means the canonical tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractRef {
    /// "ADDRESS.name".
    pub contract_id: String,
    /// StacksBlockId of a processed block.
    pub at: Option<[u8; 32]>,
}

/// An account with its proofs, when they were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountAnswer {
    /// Balance, lock, nonce.
    pub account: v1::GetAccountResponse,
    /// MARF proof of the balance, wire bytes; empty when the chain offers none for this key.
    pub balance_proof: Option<Vec<u8>>,
    /// MARF proof of the nonce, wire bytes; empty when the chain offers none for this key.
    pub nonce_proof: Option<Vec<u8>>,
}

/// A contract's source with its proof, when it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAnswer {
    /// Source and height.
    pub source: v1::GetContractSourceResponse,
    /// MARF proof of the contract's commitment, wire bytes.
    pub proof: Option<Vec<u8>>,
}

/// A Clarity value with its proof, when it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueAnswer {
    /// Consensus serialization.
    pub value: Vec<u8>,
    /// MARF proof, wire bytes.
    pub proof: Option<Vec<u8>>,
}

/// A call that does not write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallArguments {
    /// Name of the function.
    pub function_name: String,
    /// Principal that calls.
    pub sender: String,
    /// Principal that sponsors.
    pub sponsor: Option<String>,
    /// Consensus serialization each.
    pub arguments: Vec<Vec<u8>>,
}

/// Consensus serialization of `none`: what a map holds where nothing was written.
const NONE: u8 = 0x09;

/// Runs `read` on the state of one block: its own errors come through, the reader's become ours.
fn at<T>(
    node: &NodeChain,
    block_id: Option<[u8; 32]>,
    read: impl FnOnce(&ChainReader, &StateReader<'_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let block_id = block_id.map(StacksBlockId);
    node.read(|reader| reader.state_at(block_id.as_ref(), |state| Ok(read(reader, state)))?)
}

impl NodeChain {
    /// An account; zeros when it was never used.
    pub fn account(&self, principal: &str, block_id: Option<[u8; 32]>, proof: bool) -> Result<AccountAnswer, ApiError> {
        let principal = principal_of("principal", principal)?;
        at(self, block_id, |reader, state| {
            let account = state.account(&principal)?;
            let block_id = match block_id {
                Some(id) => wire::bytes(&id),
                None => wire::id(&reader.tip()?.block_id),
            };
            let prove = |key: &str| -> Result<Option<Vec<u8>>, ApiError> {
                let found = if proof { state.value_with_proof(key)? } else { None };
                Ok(found.map(|(_, proof)| proof))
            };
            Ok(AccountAnswer {
                account: v1::GetAccountResponse {
                    balance_ustx: wire::bytes(&account.available.to_be_bytes()),
                    locked_ustx: wire::bytes(&account.locked.to_be_bytes()),
                    unlock_height: account.unlock_height,
                    nonce: account.nonce,
                    block_id,
                },
                balance_proof: prove(&keys::balance(&principal))?,
                nonce_proof: prove(&keys::nonce(&principal))?,
            })
        })
    }

    /// Source of a contract.
    pub fn contract_source(&self, contract: &ContractRef, proof: bool) -> Result<SourceAnswer, ApiError> {
        let id = parse_contract(contract)?;
        at(self, contract.at, |_, state| {
            let source = state.contract_source(&id)?.ok_or_else(|| unknown(contract))?;
            let proof =
                if proof { state.value_with_proof(&keys::contract(&id))?.map(|(_, proof)| proof) } else { None };
            let source = v1::GetContractSourceResponse { source: source.source, publish_height: source.publish_height };
            Ok(SourceAnswer { source, proof })
        })
    }

    /// Interface of a contract, JSON text.
    pub fn contract_interface(&self, contract: &ContractRef) -> Result<String, ApiError> {
        let id = parse_contract(contract)?;
        at(self, contract.at, |_, state| state.contract_interface(&id)?.ok_or_else(|| unknown(contract)))
    }

    /// Value of a data variable.
    pub fn data_var(&self, contract: &ContractRef, name: &str, proof: bool) -> Result<ValueAnswer, ApiError> {
        let id = parse_contract(contract)?;
        at(self, contract.at, |_, state| {
            let key = ClarityName::new(name).map(|name| keys::variable(&id, &name));
            if let Some(answer) = value(state, key, proof)? {
                return Ok(answer);
            }
            if !state.contract_exists(&id)? {
                return Err(unknown(contract));
            }
            Err(ApiError::NotFound { what: Unknown::Variable, id: format!("{}.{name}", contract.contract_id) })
        })
    }

    /// Value of a map entry, wrapped in an optional.
    pub fn map_entry(
        &self,
        contract: &ContractRef,
        map: &str,
        key: &[u8],
        proof: bool,
    ) -> Result<ValueAnswer, ApiError> {
        let id = parse_contract(contract)?;
        let key = decode_value(key).map_err(|error| ApiError::invalid("key", error))?;
        at(self, contract.at, |_, state| {
            let key = ClarityName::new(map).map(|map| keys::map_entry(&id, &map, &key));
            if let Some(answer) = value(state, key, proof)? {
                return Ok(answer);
            }
            if !state.contract_exists(&id)? {
                return Err(unknown(contract));
            }
            Ok(ValueAnswer { value: vec![NONE], proof: None })
        })
    }

    /// Value of a constant, consensus bytes.
    pub fn constant(&self, contract: &ContractRef, name: &str) -> Result<Vec<u8>, ApiError> {
        let id = parse_contract(contract)?;
        at(self, contract.at, |_, state| {
            if !state.contract_exists(&id)? {
                return Err(unknown(contract));
            }
            let unknown =
                || ApiError::NotFound { what: Unknown::Variable, id: format!("{}.{name}", contract.contract_id) };
            Ok(state.constant(&id, name)?.ok_or_else(unknown)?.encode())
        })
    }

    /// Whether a contract implements a trait, declared or not.
    pub fn implements_trait(&self, contract: &ContractRef, definer: &str, name: &str) -> Result<bool, ApiError> {
        let id = parse_contract(contract)?;
        let definer = parse_contract_id(definer).map_err(|error| ApiError::invalid("trait contract", error))?;
        let unknown = || ApiError::NotFound { what: Unknown::Contract, id: format!("{} or trait {name}", id) };
        let name = ClarityName::new(name).ok_or_else(unknown)?;
        let wanted = TraitId { contract: definer, name };
        at(self, contract.at, |_, state| state.implements_trait(&id, &wanted)?.ok_or_else(unknown))
    }

    /// The text under the state key whose hash is `path`, as bytes.
    pub fn state_value(
        &self,
        path: [u8; 32],
        block_id: Option<[u8; 32]>,
        proof: bool,
    ) -> Result<ValueAnswer, ApiError> {
        at(self, block_id, |_, state| {
            let found = match proof {
                true => state.value_by_path_with_proof(&path)?.map(|(text, proof)| (text, Some(proof))),
                false => state.value_by_path(&path)?.map(|text| (text, None)),
            };
            let (text, proof) = found.ok_or_else(|| ApiError::unknown(Unknown::Variable, &path))?;
            Ok(ValueAnswer { value: text.into_bytes(), proof })
        })
    }

    /// What the reference keeps beside the state about a contract, as text.
    pub fn contract_metadata(&self, contract: &ContractRef, key: &str) -> Result<String, ApiError> {
        let id = parse_contract(contract)?;
        let missing = || ApiError::NotFound { what: Unknown::Variable, id: format!("{} {key}", contract.contract_id) };
        at(self, contract.at, |_, state| state.metadata(&id, key)?.ok_or_else(missing))
    }
}

/// The value under a state key, if there is one: there is none for what is no name. It is stored as hex of its consensus serialization.
fn value(state: &StateReader<'_>, key: Option<Arc<str>>, proof: bool) -> Result<Option<ValueAnswer>, ApiError> {
    let Some(key) = key else { return Ok(None) };
    let (text, proof) = match proof {
        true => match state.value_with_proof(&key)? {
            Some((text, proof)) => (text, Some(proof)),
            None => return Ok(None),
        },
        false => match state.value(&key)? {
            Some(text) => (text, None),
            None => return Ok(None),
        },
    };
    let value = hex::decode(text.as_bytes()).map_err(ApiError::internal)?;
    Ok(Some(ValueAnswer { value, proof }))
}

impl NodeChain {
    /// Calls a function that does not write.
    pub fn call_read_only(
        &self,
        contract: &ContractRef,
        call: &CallArguments,
    ) -> Result<v1::CallReadOnlyResponse, ApiError> {
        let id = parse_contract(contract)?;
        let sender = principal_of("sender", &call.sender)?;
        let sponsor = call.sponsor.as_deref().map(|text| principal_of("sponsor", text)).transpose()?;
        let hex_bytes = call.arguments.iter().map(|argument| argument.len() * 2).sum::<usize>();
        if hex_bytes > self.call_limits.argument_hex_bytes {
            let most = self.call_limits.argument_hex_bytes;
            return Err(ApiError::invalid(
                "arguments",
                format!("{hex_bytes} bytes as hex, at most {most} are allowed"),
            ));
        }
        let mut arguments = Vec::with_capacity(call.arguments.len().min(256));
        for argument in &call.arguments {
            arguments.push(decode_value(argument).map_err(|error| ApiError::invalid("arguments", error))?);
        }
        let begun = Instant::now();
        let time = self.call_limits.time;
        let expired = || begun.elapsed() >= time;
        let block_id = contract.at.map(StacksBlockId);
        let read = |state: &StateReader<'_>| {
            let result = state.call_read_only(&ReadOnlyCall {
                contract: &id,
                function: &call.function_name,
                arguments: &arguments,
                sender: &sender,
                sponsor: sponsor.as_ref(),
                limit: self.call_limits.cost,
            });
            let refused = |cause| v1::CallReadOnlyResponse { okay: false, cause, ..Default::default() };
            match result {
                Ok(result) => {
                    Ok(v1::CallReadOnlyResponse { okay: true, result: result.encode().into(), cause: String::new() })
                }
                Err(ReadError::NotReadOnly) => Ok(refused("NotReadOnly".to_owned())),
                Err(ReadError::Vm(cause)) => Ok(refused(cause)),
                Err(ReadError::DeadlinePassed) => Err(ApiError::invalid(
                    "call",
                    format!("takes more than {time:?} (read_only_max_execution_time_secs)"),
                )),
                Err(error) => Err(error.into()),
            }
        };
        self.read(|reader| {
            if !reader.state_at(block_id.as_ref(), |state| state.contract_exists(&id))? {
                return Err(unknown(contract));
            }
            reader.state_until(block_id.as_ref(), &expired, |state| Ok(read(state)))?
        })
    }
}

fn principal_of(field: &'static str, text: &str) -> Result<Principal, ApiError> {
    parse_principal(text).map_err(|error| ApiError::invalid(field, error))
}

fn parse_contract(contract: &ContractRef) -> Result<ContractId, ApiError> {
    parse_contract_id(&contract.contract_id).map_err(|error| ApiError::invalid("contract_id", error))
}

fn unknown(contract: &ContractRef) -> ApiError {
    ApiError::NotFound { what: Unknown::Contract, id: contract.contract_id.clone() }
}
