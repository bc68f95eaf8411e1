//! The engine's types, and those of the published VM's crate, in which wire types and receipts are still written.
//!
//! Whatever was decoded from a transaction or made by the engine exists in both, so failures here are bugs; they are told, not
//! hidden.

use ::clarity::vm::ContractName as VmContractName;
use ::clarity::vm::Value as VmValue;
use ::clarity::vm::costs::ExecutionCost;
use ::clarity::vm::events::{
    FTBurnEventData, FTEventType, FTMintEventData, FTTransferEventData, NFTBurnEventData, NFTEventType,
    NFTMintEventData, NFTTransferEventData, STXBurnEventData, STXEventType, STXTransferEventData,
    SmartContractEventData, StacksTransactionEvent,
};
use ::clarity::vm::types::{
    AssetIdentifier, BuffData, PrincipalData, QualifiedContractIdentifier, StandardPrincipalData,
};
use engine::costs::Cost;
use engine::names::ContractName;
use engine::run::{Event, EventBody};
use engine::value::{ContractId, Principal, Standard, Value};
use stacks_types::value::{decode_value, encode_value};

/// Something that one side has and the other has not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} has no form in the other library")]
pub struct NoSuchForm(String);

pub(crate) fn none(what: impl std::fmt::Display) -> NoSuchForm {
    NoSuchForm(what.to_string())
}

/// A principal.
pub(crate) fn principal(of: &PrincipalData) -> Result<Principal, NoSuchForm> {
    Ok(match of {
        PrincipalData::Standard(account) => Principal::Standard(standard(account)?),
        PrincipalData::Contract(id) => Principal::Contract(contract_id(id)?),
    })
}

/// An account.
pub(crate) fn standard(account: &StandardPrincipalData) -> Result<Standard, NoSuchForm> {
    Standard::new(account.0, account.1).ok_or_else(|| none(format!("version {}", account.0)))
}

/// A contract's identifier.
pub(crate) fn contract_id(id: &QualifiedContractIdentifier) -> Result<ContractId, NoSuchForm> {
    let name = ContractName::new(id.name.as_str()).ok_or_else(|| none(&id.name))?;
    Ok(ContractId { issuer: standard(&id.issuer)?, name })
}

/// A value, with the types that its content says.
pub(crate) fn value(of: &VmValue) -> Result<Value, NoSuchForm> {
    Value::decode(&encode_value(of)).map_err(|_| none("a value"))
}

/// A cost.
pub(crate) const fn cost(of: &ExecutionCost) -> Cost {
    Cost {
        runtime: of.runtime,
        read_count: of.read_count,
        read_length: of.read_length,
        write_count: of.write_count,
        write_length: of.write_length,
    }
}

/// A principal for the wire.
pub(crate) fn vm_principal(of: &Principal) -> Result<PrincipalData, NoSuchForm> {
    Ok(match of {
        Principal::Standard(account) => PrincipalData::Standard(vm_standard(account)),
        Principal::Contract(id) => PrincipalData::Contract(vm_contract_id(id)?),
    })
}

const fn vm_standard(account: &Standard) -> StandardPrincipalData {
    StandardPrincipalData(account.version(), account.hash)
}

/// A contract's identifier for the wire.
pub(crate) fn vm_contract_id(id: &ContractId) -> Result<QualifiedContractIdentifier, NoSuchForm> {
    let name = VmContractName::try_from(id.name.to_string()).map_err(|_| none(&id.name))?;
    Ok(QualifiedContractIdentifier { issuer: vm_standard(&id.issuer), name })
}

/// A value for the wire.
pub(crate) fn vm_value(of: &Value) -> Result<VmValue, NoSuchForm> {
    decode_value(&of.encode()).map_err(none)
}

/// A cost for receipts.
pub(crate) const fn vm_cost(of: Cost) -> ExecutionCost {
    ExecutionCost {
        write_length: of.write_length,
        write_count: of.write_count,
        read_length: of.read_length,
        read_count: of.read_count,
        runtime: of.runtime,
    }
}

/// An event for receipts.
pub(crate) fn vm_event(event: &Event) -> Result<StacksTransactionEvent, NoSuchForm> {
    let body = match event {
        Event::Print(contract, value) => {
            let key = (vm_contract_id(contract)?, "print".to_owned());
            let data = SmartContractEventData { key, value: vm_value(value)? };
            return Ok(StacksTransactionEvent::SmartContractEvent(data));
        }
        Event::Asset(body) => body,
    };
    Ok(match body {
        EventBody::StxTransfer { .. } | EventBody::StxBurn { .. } => StacksTransactionEvent::STXEvent(stx_event(body)?),
        EventBody::FtTransfer { .. } | EventBody::FtMint { .. } | EventBody::FtBurn { .. } => {
            StacksTransactionEvent::FTEvent(ft_event(body)?)
        }
        EventBody::NftTransfer { .. } | EventBody::NftMint { .. } | EventBody::NftBurn { .. } => {
            StacksTransactionEvent::NFTEvent(nft_event(body)?)
        }
    })
}

fn owner(of: &Value) -> Result<PrincipalData, NoSuchForm> {
    match of {
        Value::Principal(principal) => vm_principal(principal),
        Value::Callable(callable) => Ok(PrincipalData::Contract(vm_contract_id(&callable.contract)?)),
        other => Err(none(other)),
    }
}

/// `contract::token`
fn asset(text: &str) -> Result<AssetIdentifier, NoSuchForm> {
    let (contract, name) = text.split_once("::").ok_or_else(|| none(text))?;
    let contract = ContractId::parse(contract).ok_or_else(|| none(text))?;
    let asset_name = name.to_owned().try_into().map_err(|_| none(text))?;
    Ok(AssetIdentifier { contract_identifier: vm_contract_id(&contract)?, asset_name })
}

fn stx_event(body: &EventBody) -> Result<STXEventType, NoSuchForm> {
    Ok(match body {
        EventBody::StxTransfer { sender, recipient, amount, memo } => {
            STXEventType::STXTransferEvent(STXTransferEventData {
                sender: owner(sender)?,
                recipient: owner(recipient)?,
                amount: *amount,
                memo: BuffData { data: memo.clone() },
            })
        }
        EventBody::StxBurn { sender, amount } => {
            STXEventType::STXBurnEvent(STXBurnEventData { sender: owner(sender)?, amount: *amount })
        }
        other => return Err(none(format!("{other:?}"))),
    })
}

fn ft_event(body: &EventBody) -> Result<FTEventType, NoSuchForm> {
    Ok(match body {
        EventBody::FtTransfer { asset: of, sender, recipient, amount } => {
            FTEventType::FTTransferEvent(FTTransferEventData {
                asset_identifier: asset(of)?,
                sender: owner(sender)?,
                recipient: owner(recipient)?,
                amount: *amount,
            })
        }
        EventBody::FtMint { asset: of, recipient, amount } => FTEventType::FTMintEvent(FTMintEventData {
            asset_identifier: asset(of)?,
            recipient: owner(recipient)?,
            amount: *amount,
        }),
        EventBody::FtBurn { asset: of, sender, amount } => FTEventType::FTBurnEvent(FTBurnEventData {
            asset_identifier: asset(of)?,
            sender: owner(sender)?,
            amount: *amount,
        }),
        other => return Err(none(format!("{other:?}"))),
    })
}

fn nft_event(body: &EventBody) -> Result<NFTEventType, NoSuchForm> {
    Ok(match body {
        EventBody::NftTransfer { asset: of, sender, recipient, value } => {
            NFTEventType::NFTTransferEvent(NFTTransferEventData {
                asset_identifier: asset(of)?,
                sender: owner(sender)?,
                recipient: owner(recipient)?,
                value: vm_value(value)?,
            })
        }
        EventBody::NftMint { asset: of, recipient, value } => NFTEventType::NFTMintEvent(NFTMintEventData {
            asset_identifier: asset(of)?,
            recipient: owner(recipient)?,
            value: vm_value(value)?,
        }),
        EventBody::NftBurn { asset: of, sender, value } => NFTEventType::NFTBurnEvent(NFTBurnEventData {
            asset_identifier: asset(of)?,
            sender: owner(sender)?,
            value: vm_value(value)?,
        }),
        other => return Err(none(format!("{other:?}"))),
    })
}
