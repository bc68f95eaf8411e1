//! Compares a decoded transaction with its description, field by field.

use clarity::value::Value as Clarity;
use serde_json::{Value, json};
use stacks_types::keys::KeyEncoding;
use stacks_types::transaction::{
    AssetInfo, AuthField, MicroblockHeader, PostCondition, PostConditionPrincipal, SpendingCondition,
    StacksTransaction, TransactionAuth, TransactionPayload,
};
use stacks_types::value::decode_value;

use crate::support::{bytes, flag, items, number, text};

pub(super) fn check(transaction: &StacksTransaction, case: &Value) {
    let name = text(case, "name");
    let mainnet = transaction.version.is_mainnet();
    assert_eq!(u64::from(transaction.version.to_byte()), number(case, "version"), "{name}");
    assert_eq!(u64::from(transaction.chain_id), number(case, "chain_id"), "{name}");
    assert_eq!(u64::from(transaction.anchor_mode.to_byte()), number(case, "anchor_mode"), "{name}");
    assert_eq!(u64::from(transaction.post_condition_mode.to_byte()), number(case, "post_condition_mode"), "{name}");
    assert_eq!(transaction.origin_address(mainnet).to_string(), text(case, "origin_address"), "{name}");
    let sponsor = transaction.sponsor_address(mainnet).map(|address| address.to_string());
    assert_eq!(json!(sponsor), case["sponsor_address"], "{name}");

    check_auth(transaction, &case["auth"], name);
    let conditions = items(case, "post_conditions");
    assert_eq!(transaction.post_conditions.len(), conditions.len(), "{name}");
    for (condition, described) in transaction.post_conditions.iter().zip(conditions) {
        assert_eq!(condition.encode(), bytes(described, "raw"), "{name}");
        assert_eq!(describe_post_condition(condition), without(described, "raw"), "{name}");
    }
    let payload = &case["payload"];
    assert_eq!(transaction.payload.encode(), bytes(payload, "raw"), "{name}");
    assert_eq!(u64::from(transaction.payload.id()), number(payload, "type_id"), "{name}");
    assert_eq!(describe_payload(&transaction.payload), without(&without(payload, "raw"), "type_id"), "{name}");
    if let TransactionPayload::ContractCall(call) = &transaction.payload {
        for (argument, described) in call.arguments.iter().zip(items(payload, "args")) {
            assert_eq!(argument.encode(), bytes(described, "hex"), "{name}");
            assert_eq!(decode_value(&bytes(described, "hex")).as_ref(), Ok(argument), "{name}");
        }
    }
}

fn without(object: &Value, key: &str) -> Value {
    let mut copy = object.clone();
    copy.as_object_mut().expect("an object").remove(key);
    copy
}

fn check_auth(transaction: &StacksTransaction, auth: &Value, name: &str) {
    assert_eq!(transaction.auth.encode(), bytes(auth, "raw"), "{name}");
    let kind = match &transaction.auth {
        TransactionAuth::Standard(_) => "standard",
        TransactionAuth::Sponsored { .. } => "sponsored",
    };
    assert_eq!(kind, text(auth, "type"), "{name}");
    assert_eq!(kind == "sponsored", !auth["sponsor"].is_null(), "{name}");
    assert_eq!(transaction.origin_nonce(), number(&auth["origin"], "nonce"), "{name}");
    check_condition(transaction.auth.origin(), &auth["origin"], name);
    let payer = match transaction.auth.sponsor() {
        Some(sponsor) => {
            assert_eq!(transaction.sponsor_nonce(), Some(number(&auth["sponsor"], "nonce")), "{name}");
            check_condition(sponsor, &auth["sponsor"], name);
            &auth["sponsor"]
        }
        None => &auth["origin"],
    };
    assert_eq!(transaction.fee(), number(payer, "fee"), "{name}");
    assert_eq!(transaction.payer(true).to_string(), text(payer, "address_mainnet"), "{name}");
}

fn check_condition(condition: &SpendingCondition, described: &Value, name: &str) {
    assert_eq!(u64::from(condition.hash_mode().to_byte()), number(described, "hash_mode"), "{name}");
    assert_eq!(condition.signer().to_hex(), text(described, "signer"), "{name}");
    assert_eq!(condition.nonce(), number(described, "nonce"), "{name}");
    assert_eq!(condition.fee(), number(described, "fee"), "{name}");
    assert_eq!(condition.address(true).to_string(), text(described, "address_mainnet"), "{name}");
    assert_eq!(condition.address(false).to_string(), text(described, "address_testnet"), "{name}");
    match condition {
        SpendingCondition::SingleSig(single) => {
            assert_eq!(text(described, "kind"), "singlesig", "{name}");
            let uncompressed = single.key_encoding == KeyEncoding::Uncompressed;
            assert_eq!(u64::from(uncompressed), number(described, "key_encoding"), "{name}");
            assert_eq!(single.signature.to_hex(), text(described, "signature"), "{name}");
        }
        SpendingCondition::MultiSig(multi) => {
            let kind = match condition.hash_mode().is_order_independent() {
                true => "order_independent_multisig",
                false => "multisig",
            };
            assert_eq!(text(described, "kind"), kind, "{name}");
            assert_eq!(u64::from(multi.signatures_required), number(described, "signatures_required"), "{name}");
            let fields = items(described, "fields");
            assert_eq!(multi.fields.len(), fields.len(), "{name}");
            multi.fields.iter().zip(fields).for_each(|(field, described)| check_field(field, described, name));
        }
    }
}

fn check_field(field: &AuthField, described: &Value, name: &str) {
    let uncompressed = field.encoding() == KeyEncoding::Uncompressed;
    assert_eq!(flag(described, "compressed"), !uncompressed, "{name}");
    let first_id = match field {
        AuthField::PublicKey { key, .. } => {
            assert_eq!(key.to_string(), text(described, "public_key"), "{name}");
            0
        }
        AuthField::Signature { signature, .. } => {
            assert_eq!(signature.to_hex(), text(described, "signature"), "{name}");
            2
        }
    };
    assert_eq!(first_id + u64::from(uncompressed), number(described, "field_id"), "{name}");
}

fn describe_post_condition(condition: &PostCondition) -> Value {
    let (PostCondition::Stx { principal, .. }
    | PostCondition::Fungible { principal, .. }
    | PostCondition::NonFungible { principal, .. }
    | PostCondition::Staking { principal, .. }
    | PostCondition::Pox { principal, .. }) = condition;
    let principal = match principal {
        PostConditionPrincipal::Origin => json!({"type": "origin"}),
        PostConditionPrincipal::Standard(address) => json!({"type": "standard", "address": address.to_string()}),
        PostConditionPrincipal::Contract(address, name) => {
            json!({"type": "contract", "address": address.to_string(), "contract_name": name.as_str()})
        }
    };
    let amount = |amount: &u64| amount.to_string();
    match condition {
        PostCondition::Stx { code, amount: sent, .. } => {
            json!({"type": "stx", "principal": principal, "condition_code": code.to_byte(), "amount": amount(sent)})
        }
        PostCondition::Fungible { asset, code, amount: sent, .. } => json!({
            "type": "fungible", "principal": principal, "asset": describe_asset(asset),
            "condition_code": code.to_byte(), "amount": amount(sent),
        }),
        PostCondition::NonFungible { asset, id, code, .. } => json!({
            "type": "nonfungible", "principal": principal, "asset": describe_asset(asset),
            "asset_value": describe_value(id), "asset_value_hex": id.encode_hex(),
            "condition_code": code.to_byte(),
        }),
        PostCondition::Staking { code, amount: sent, .. } => {
            json!({"type": "staking", "principal": principal, "condition_code": code.to_byte(), "amount": amount(sent)})
        }
        PostCondition::Pox { code, .. } => {
            json!({"type": "pox", "principal": principal, "condition_code": code.to_byte()})
        }
    }
}

fn describe_asset(asset: &AssetInfo) -> Value {
    json!({
        "contract_address": asset.address.to_string(),
        "contract_name": asset.contract_name.as_str(),
        "asset_name": asset.asset_name.as_str(),
    })
}

fn describe_payload(payload: &TransactionPayload) -> Value {
    match payload {
        TransactionPayload::TokenTransfer { recipient, amount, memo } => json!({
            "type": "token_transfer", "recipient": recipient.to_string(), "amount": amount.to_string(),
            "memo": hex::encode(memo),
        }),
        TransactionPayload::SmartContract { name, code } => {
            json!({"type": "smart_contract", "contract_name": name.as_str(), "code_body": code})
        }
        TransactionPayload::VersionedSmartContract { version, name, code } => json!({
            "type": "versioned_smart_contract", "contract_name": name.as_str(), "code_body": code,
            "clarity_version": format!("Clarity {}", version.to_byte()),
        }),
        TransactionPayload::ContractCall(call) => json!({
            "type": "contract_call", "contract_address": call.address.to_string(),
            "contract_name": call.contract_name.as_str(), "function_name": call.function_name.as_str(),
            "args": call.arguments.iter().map(describe_argument).collect::<Vec<_>>(),
        }),
        TransactionPayload::PoisonMicroblock(headers) => json!({
            "type": "poison_microblock",
            "header_1": describe_microblock(&headers[0]), "header_2": describe_microblock(&headers[1]),
        }),
        TransactionPayload::Coinbase { buffer } => json!({"type": "coinbase", "buffer": hex::encode(buffer)}),
        TransactionPayload::CoinbaseToAltRecipient { buffer, recipient } => json!({
            "type": "coinbase_to_alt_recipient", "buffer": hex::encode(buffer), "recipient": recipient.to_string(),
        }),
        TransactionPayload::NakamotoCoinbase { buffer, recipient, vrf_proof } => json!({
            "type": "nakamoto_coinbase", "buffer": hex::encode(buffer),
            "recipient": recipient.as_ref().map(ToString::to_string), "vrf_proof": vrf_proof.to_hex(),
        }),
        TransactionPayload::TenureChange(change) => json!({
            "type": "tenure_change",
            "tenure_consensus_hash": change.tenure_consensus_hash.to_hex(),
            "prev_tenure_consensus_hash": change.prev_tenure_consensus_hash.to_hex(),
            "burn_view_consensus_hash": change.burn_view_consensus_hash.to_hex(),
            "previous_tenure_end": change.previous_tenure_end.to_hex(),
            "previous_tenure_blocks": change.previous_tenure_blocks,
            "cause": change.cause.to_byte(),
            "pubkey_hash": change.pubkey_hash.to_hex(),
        }),
    }
}

fn describe_microblock(header: &MicroblockHeader) -> Value {
    json!({
        "version": header.version, "sequence": header.sequence, "prev_block": header.prev_block.to_hex(),
        "tx_merkle_root": hex::encode(header.tx_merkle_root), "signature": header.signature.to_hex(),
        "block_hash": header.block_hash().to_hex(),
    })
}

fn describe_argument(argument: &Clarity) -> Value {
    let mut described = describe_value(argument);
    described["hex"] = json!(argument.encode_hex());
    described["repr"] = json!(argument.to_string());
    described
}

fn describe_value(value: &Clarity) -> Value {
    match value {
        Clarity::Int(number) => json!({"type": "int", "value": number.to_string()}),
        Clarity::UInt(number) => json!({"type": "uint", "value": number.to_string()}),
        Clarity::Bool(flag) => json!({"type": "bool", "value": flag}),
        Clarity::Principal(principal) => json!({"type": "principal", "value": principal.to_string()}),
        Clarity::Callable(callable) => panic!("a decoder made {}", callable.contract),
        Clarity::Optional(inner) => json!({"type": "optional", "value": inner.as_deref().map(describe_value)}),
        Clarity::Ok(inner) => json!({"type": "response", "ok": true, "value": describe_value(inner)}),
        Clarity::Err(inner) => json!({"type": "response", "ok": false, "value": describe_value(inner)}),
        Clarity::Tuple(tuple) => {
            let fields = tuple.shape().fields().iter().zip(tuple.values());
            let fields: Vec<_> = fields.map(|((key, _), field)| json!([key.as_str(), describe_value(field)])).collect();
            json!({"type": "tuple", "value": fields})
        }
        Clarity::Buffer(bytes) => json!({"type": "buffer", "value": hex::encode(bytes.as_ref())}),
        Clarity::List(list) => {
            json!({"type": "list", "value": list.items().iter().map(describe_value).collect::<Vec<_>>()})
        }
        Clarity::Ascii(text) => {
            json!({"type": "string-ascii", "value": std::str::from_utf8(text).expect("ascii")})
        }
        Clarity::Utf8(text) => json!({"type": "string-utf8", "value": text.text()}),
    }
}
