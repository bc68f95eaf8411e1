//! Accounts and contracts at any processed block.

use std::time::Instant;

use chainstate::chain::{ChainReader, wire};
use chainstate::clarity::read_only::{
    ReadError, ReadOnlyCall, StateReader, balance_key, contract_key, data_var_key, map_entry_key, nonce_key,
};
use clarity::vm::ClarityName;
use clarity::vm::types::{PrincipalData, QualifiedContractIdentifier, TraitIdentifier};
use nakamoto_proto::v1;
use stacks_types::ids::StacksBlockId;
use stacks_types::value::decode_value;

use super::LiveChain;
use crate::chain::{
    AccountAnswer, ApiError, CallArguments, ContractRef, SourceAnswer, Unknown, ValueAnswer, parse_contract_id,
    parse_principal,
};

/// Consensus serialization of `none`: what a map holds where nothing was written.
const NONE: u8 = 0x09;

/// Runs `read` on the state of one block: its own errors come through, the reader's become ours.
fn at<T>(
    live: &LiveChain,
    block_id: Option<[u8; 32]>,
    read: impl FnOnce(&ChainReader, &StateReader<'_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let block_id = block_id.map(StacksBlockId);
    live.read(|reader| reader.state_at(block_id.as_ref(), |state| Ok(read(reader, state)))?)
}

pub(super) fn account(
    live: &LiveChain,
    principal: &str,
    block_id: Option<[u8; 32]>,
    proof: bool,
) -> Result<AccountAnswer, ApiError> {
    let principal = principal_of("principal", principal)?;
    at(live, block_id, |reader, state| {
        let account = state.account(&principal)?;
        let block_id = match block_id {
            Some(id) => wire::bytes(&id),
            None => wire::id(&reader.tip()?.block_id),
        };
        let prove = |key: String| -> Result<Option<Vec<u8>>, ApiError> {
            let found = if proof { state.value_with_proof(&key)? } else { None };
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
            balance_proof: prove(balance_key(&principal))?,
            nonce_proof: prove(nonce_key(&principal))?,
        })
    })
}

pub(super) fn source(live: &LiveChain, contract: &ContractRef, proof: bool) -> Result<SourceAnswer, ApiError> {
    let id = parse_contract(contract)?;
    at(live, contract.at, |_, state| {
        let source = state.contract_source(&id)?.ok_or_else(|| unknown(contract))?;
        let proof = if proof { state.value_with_proof(&contract_key(&id))?.map(|(_, proof)| proof) } else { None };
        let source = v1::GetContractSourceResponse { source: source.source, publish_height: source.publish_height };
        Ok(SourceAnswer { source, proof })
    })
}

pub(super) fn interface(live: &LiveChain, contract: &ContractRef) -> Result<String, ApiError> {
    let id = parse_contract(contract)?;
    at(live, contract.at, |_, state| state.contract_interface(&id)?.ok_or_else(|| unknown(contract)))
}

pub(super) fn data_var(
    live: &LiveChain,
    contract: &ContractRef,
    name: &str,
    proof: bool,
) -> Result<ValueAnswer, ApiError> {
    let id = parse_contract(contract)?;
    at(live, contract.at, |_, state| {
        if let Some(answer) = value(state, &data_var_key(&id, name), proof)? {
            return Ok(answer);
        }
        if !state.contract_exists(&id)? {
            return Err(unknown(contract));
        }
        Err(ApiError::NotFound { what: Unknown::Variable, id: format!("{}.{name}", contract.contract_id) })
    })
}

pub(super) fn map_entry(
    live: &LiveChain,
    contract: &ContractRef,
    map: &str,
    key: &[u8],
    proof: bool,
) -> Result<ValueAnswer, ApiError> {
    let id = parse_contract(contract)?;
    let key = decode_value(key).map_err(|error| ApiError::invalid("key", error))?;
    at(live, contract.at, |_, state| {
        if let Some(answer) = value(state, &map_entry_key(&id, map, &key)?, proof)? {
            return Ok(answer);
        }
        if !state.contract_exists(&id)? {
            return Err(unknown(contract));
        }
        Ok(ValueAnswer { value: vec![NONE], proof: None })
    })
}

pub(super) fn constant(live: &LiveChain, contract: &ContractRef, name: &str) -> Result<Vec<u8>, ApiError> {
    let id = parse_contract(contract)?;
    at(live, contract.at, |_, state| {
        if !state.contract_exists(&id)? {
            return Err(unknown(contract));
        }
        let unknown = || ApiError::NotFound { what: Unknown::Variable, id: format!("{}.{name}", contract.contract_id) };
        state.constant(&id, name)?.ok_or_else(unknown)
    })
}

pub(super) fn implements_trait(
    live: &LiveChain,
    contract: &ContractRef,
    definer: &str,
    name: &str,
) -> Result<bool, ApiError> {
    let id = parse_contract(contract)?;
    let definer = parse_contract_id(definer).map_err(|error| ApiError::invalid("trait contract", error))?;
    let unknown = || ApiError::NotFound { what: Unknown::Contract, id: format!("{} or trait {name}", id) };
    let name = ClarityName::try_from(name.to_owned()).map_err(|_| unknown())?;
    let wanted = TraitIdentifier { name, contract_identifier: definer };
    at(live, contract.at, |_, state| state.implements_trait(&id, &wanted)?.ok_or_else(unknown))
}

pub(super) fn by_path(
    live: &LiveChain,
    path: [u8; 32],
    block_id: Option<[u8; 32]>,
    proof: bool,
) -> Result<ValueAnswer, ApiError> {
    at(live, block_id, |_, state| {
        let found = match proof {
            true => state.value_by_path_with_proof(&path)?.map(|(text, proof)| (text, Some(proof))),
            false => state.value_by_path(&path)?.map(|text| (text, None)),
        };
        let (text, proof) = found.ok_or_else(|| ApiError::unknown(Unknown::Variable, &path))?;
        Ok(ValueAnswer { value: text.into_bytes(), proof })
    })
}

pub(super) fn metadata(live: &LiveChain, contract: &ContractRef, key: &str) -> Result<String, ApiError> {
    let id = parse_contract(contract)?;
    let missing = || ApiError::NotFound { what: Unknown::Variable, id: format!("{} {key}", contract.contract_id) };
    at(live, contract.at, |_, state| state.metadata(&id, key)?.ok_or_else(missing))
}

/// The value under a state key, which is stored as hex of its consensus serialization.
fn value(state: &StateReader<'_>, key: &str, proof: bool) -> Result<Option<ValueAnswer>, ApiError> {
    let (text, proof) = match proof {
        true => match state.value_with_proof(key)? {
            Some((text, proof)) => (text, Some(proof)),
            None => return Ok(None),
        },
        false => match state.value(key)? {
            Some(text) => (text, None),
            None => return Ok(None),
        },
    };
    let value = hex::decode(text.as_bytes()).map_err(ApiError::internal)?;
    Ok(Some(ValueAnswer { value, proof }))
}

pub(super) fn call_read_only(
    live: &LiveChain,
    contract: &ContractRef,
    call: &CallArguments,
) -> Result<v1::CallReadOnlyResponse, ApiError> {
    let id = parse_contract(contract)?;
    let sender = principal_of("sender", &call.sender)?;
    let sponsor = call.sponsor.as_deref().map(|text| principal_of("sponsor", text)).transpose()?;
    let hex_bytes = call.arguments.iter().map(|argument| argument.len() * 2).sum::<usize>();
    if hex_bytes > live.call_limits.argument_hex_bytes {
        let most = live.call_limits.argument_hex_bytes;
        return Err(ApiError::invalid("arguments", format!("{hex_bytes} bytes as hex, at most {most} are allowed")));
    }
    let mut arguments = Vec::with_capacity(call.arguments.len().min(256));
    for argument in &call.arguments {
        arguments.push(decode_value(argument).map_err(|error| ApiError::invalid("arguments", error))?);
    }
    let begun = Instant::now();
    let time = live.call_limits.time;
    let expired = || begun.elapsed() >= time;
    let block_id = contract.at.map(StacksBlockId);
    let read = |state: &StateReader<'_>| {
        let result = state.call_read_only(&ReadOnlyCall {
            contract: &id,
            function: &call.function_name,
            arguments: &arguments,
            sender: &sender,
            sponsor: sponsor.as_ref(),
            limit: live.call_limits.cost.clone(),
        });
        let refused = |cause| v1::CallReadOnlyResponse { okay: false, cause, ..Default::default() };
        match result {
            Ok(result) => Ok(v1::CallReadOnlyResponse { okay: true, result: result.into(), cause: String::new() }),
            Err(ReadError::NotReadOnly) => Ok(refused("NotReadOnly".to_owned())),
            Err(ReadError::Vm(cause)) => Ok(refused(cause)),
            Err(ReadError::DeadlinePassed) => {
                Err(ApiError::invalid("call", format!("takes more than {time:?} (read_only_max_execution_time_secs)")))
            }
            Err(error) => Err(error.into()),
        }
    };
    live.read(|reader| {
        if !reader.state_at(block_id.as_ref(), |state| state.contract_exists(&id))? {
            return Err(unknown(contract));
        }
        reader.state_until(block_id.as_ref(), &expired, |state| Ok(read(state)))?
    })
}

fn principal_of(field: &'static str, text: &str) -> Result<PrincipalData, ApiError> {
    parse_principal(text).map_err(|error| ApiError::invalid(field, error))
}

fn parse_contract(contract: &ContractRef) -> Result<QualifiedContractIdentifier, ApiError> {
    parse_contract_id(&contract.contract_id).map_err(|error| ApiError::invalid("contract_id", error))
}

fn unknown(contract: &ContractRef) -> ApiError {
    ApiError::NotFound { what: Unknown::Contract, id: contract.contract_id.clone() }
}
