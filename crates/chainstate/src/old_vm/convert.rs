//! The published VM's types and those of the engine, in which transactions and receipts are.
//!
//! Whatever was decoded from a transaction, or made by the VM, exists in both.

#![expect(clippy::expect_used, reason = "never part of a node; what fails here is a difference that a test is to show")]

use std::sync::Arc;

use ::clarity::vm::costs::ExecutionCost;
use ::clarity::vm::events::{FTEventType, NFTEventType, STXEventType, StacksTransactionEvent};
use ::clarity::vm::types::{AssetIdentifier, PrincipalData, QualifiedContractIdentifier, StandardPrincipalData};
use ::clarity::vm::{ClarityName, ContractName, Value};
use engine::costs::Cost;
use engine::run::{Event, EventBody};
use engine::value::{ContractId, Principal, Standard};
use stacks_types::transaction::AssetInfo;

pub(super) fn vm_principal(of: &Principal) -> PrincipalData {
    match of {
        Principal::Standard(account) => PrincipalData::Standard(vm_standard(account)),
        Principal::Contract(id) => PrincipalData::Contract(vm_contract_id(id)),
    }
}

const fn vm_standard(account: &Standard) -> StandardPrincipalData {
    StandardPrincipalData(account.version(), account.hash)
}

pub(super) fn vm_contract_id(id: &ContractId) -> QualifiedContractIdentifier {
    QualifiedContractIdentifier { issuer: vm_standard(&id.issuer), name: vm_contract_name(&id.name) }
}

pub(super) fn vm_contract_name(name: &engine::names::ContractName) -> ContractName {
    ContractName::try_from(name.to_string()).expect("a name")
}

pub(super) fn vm_name(name: &engine::names::ClarityName) -> ClarityName {
    ClarityName::try_from(name.to_string()).expect("a name")
}

pub(super) fn vm_asset(asset: &AssetInfo) -> AssetIdentifier {
    AssetIdentifier {
        contract_identifier: vm_contract_id(&asset.contract_id()),
        asset_name: vm_name(&asset.asset_name),
    }
}

pub(super) fn vm_value(of: &engine::value::Value) -> Value {
    Value::deserialize_read(&mut of.encode().as_slice(), None, false).expect("a value")
}

pub(super) const fn vm_cost(of: Cost) -> ExecutionCost {
    ExecutionCost {
        write_length: of.write_length,
        write_count: of.write_count,
        read_length: of.read_length,
        read_count: of.read_count,
        runtime: of.runtime,
    }
}

pub(super) fn principal(of: &PrincipalData) -> Principal {
    match of {
        PrincipalData::Standard(account) => Principal::Standard(standard(account)),
        PrincipalData::Contract(id) => Principal::Contract(contract_id(id)),
    }
}

fn standard(account: &StandardPrincipalData) -> Standard {
    Standard::new(account.0, account.1).expect("a version below 32")
}

pub(super) fn contract_id(id: &QualifiedContractIdentifier) -> ContractId {
    let name = engine::names::ContractName::new(id.name.as_str()).expect("a name");
    ContractId { issuer: standard(&id.issuer), name }
}

pub(super) const fn cost(of: &ExecutionCost) -> Cost {
    Cost {
        runtime: of.runtime,
        read_count: of.read_count,
        read_length: of.read_length,
        write_count: of.write_count,
        write_length: of.write_length,
    }
}

fn value(of: &Value) -> engine::value::Value {
    engine::value::Value::decode(&of.serialize_to_vec().expect("bytes")).expect("a value")
}

pub(super) fn event(of: &StacksTransactionEvent) -> Event {
    match of {
        StacksTransactionEvent::SmartContractEvent(data) => {
            assert_eq!(data.key.1, "print", "contracts say nothing else");
            Event::Print(Arc::new(contract_id(&data.key.0)), value(&data.value))
        }
        StacksTransactionEvent::STXEvent(event) => Event::Asset(stx_event(event)),
        StacksTransactionEvent::FTEvent(event) => Event::Asset(ft_event(event)),
        StacksTransactionEvent::NFTEvent(event) => Event::Asset(nft_event(event)),
    }
}

fn owner(of: &PrincipalData) -> Arc<Principal> {
    Arc::new(principal(of))
}

fn asset(of: &AssetIdentifier) -> Arc<str> {
    of.to_string().into()
}

#[expect(clippy::panic, reason = "there is no locking on this chain")]
fn stx_event(event: &STXEventType) -> EventBody {
    match event {
        STXEventType::STXTransferEvent(data) => EventBody::StxTransfer {
            sender: owner(&data.sender),
            recipient: owner(&data.recipient),
            amount: data.amount,
            memo: data.memo.data.clone(),
        },
        STXEventType::STXMintEvent(data) => {
            EventBody::StxMint { recipient: owner(&data.recipient), amount: data.amount }
        }
        STXEventType::STXBurnEvent(data) => EventBody::StxBurn { sender: owner(&data.sender), amount: data.amount },
        STXEventType::STXLockEvent(data) => panic!("{} was locked", data.locked_address),
    }
}

fn ft_event(event: &FTEventType) -> EventBody {
    match event {
        FTEventType::FTTransferEvent(data) => EventBody::FtTransfer {
            asset: asset(&data.asset_identifier),
            sender: owner(&data.sender),
            recipient: owner(&data.recipient),
            amount: data.amount,
        },
        FTEventType::FTMintEvent(data) => EventBody::FtMint {
            asset: asset(&data.asset_identifier),
            recipient: owner(&data.recipient),
            amount: data.amount,
        },
        FTEventType::FTBurnEvent(data) => {
            EventBody::FtBurn { asset: asset(&data.asset_identifier), sender: owner(&data.sender), amount: data.amount }
        }
    }
}

fn nft_event(event: &NFTEventType) -> EventBody {
    match event {
        NFTEventType::NFTTransferEvent(data) => EventBody::NftTransfer {
            asset: asset(&data.asset_identifier),
            sender: owner(&data.sender),
            recipient: owner(&data.recipient),
            value: value(&data.value),
        },
        NFTEventType::NFTMintEvent(data) => EventBody::NftMint {
            asset: asset(&data.asset_identifier),
            recipient: owner(&data.recipient),
            value: value(&data.value),
        },
        NFTEventType::NFTBurnEvent(data) => EventBody::NftBurn {
            asset: asset(&data.asset_identifier),
            sender: owner(&data.sender),
            value: value(&data.value),
        },
    }
}
