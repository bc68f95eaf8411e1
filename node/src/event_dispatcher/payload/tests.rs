//! Fields that the end-to-end tests do not reach: kinds of events that no transaction there causes, and edge cases.

use std::sync::Arc;

use nakamoto_proto::v1;
use serde_json::{Value, json};
use v1::event::Body;
use v1::transaction_event::Body as TxBody;

use super::{Endpoint, PostedEvents, View, encode};
use crate::config::EventKey;
use crate::event_dispatcher::keys::Interest;

const ADDRESS: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";

fn body(endpoint: Endpoint, body: Body, view: &View) -> Value {
    let event = v1::Event { sequence: 1, body: Some(body), ..v1::Event::default() };
    let posted = PostedEvents { first: Arc::new(event), more: Vec::new() };
    serde_json::from_slice(&encode(endpoint, &posted, view).unwrap()).unwrap()
}

fn everything() -> View {
    View { transactions: Interest::of_keys(&[EventKey::Any]).transactions, without_contract_interfaces: false }
}

fn amount(amount: u128) -> bytes::Bytes {
    amount.to_be_bytes().to_vec().into()
}

fn block(receipts: Vec<v1::TransactionReceipt>) -> Body {
    Body::BlockProcessed(v1::BlockProcessed {
        block: Some(v1::BlockRef {
            block_hash: vec![1; 32].into(),
            block_id: vec![2; 32].into(),
            ..Default::default()
        }),
        header: Some(v1::BlockHeader { stacker_signature: vec![vec![0xab; 65].into()], ..Default::default() }),
        burn_view: Some(v1::BurnBlock { sortition_hash: vec![3; 32].into(), timestamp_s: 77, ..Default::default() }),
        parent: Some(v1::BlockRef::default()),
        receipts,
        ..Default::default()
    })
}

fn receipt(events: Vec<TxBody>) -> v1::TransactionReceipt {
    let events = (5..).zip(events).map(|(event_index, body)| v1::TransactionEvent { event_index, body: Some(body) });
    v1::TransactionReceipt {
        txid: vec![9; 32].into(),
        status: v1::TransactionStatus::Success.into(),
        events: events.collect(),
        ..Default::default()
    }
}

/// An event, its type, and its fields.
type Case = (TxBody, &'static str, Value);

fn print_and_stx() -> Vec<Case> {
    let (from, to) = (|| "from".to_owned(), || "to".to_owned());
    vec![
        (
            TxBody::ContractPrint(v1::ContractPrint {
                contract_id: "a.b::c".to_owned(),
                topic: "print".to_owned(),
                value: vec![3].into(),
            }),
            "contract_event",
            json!({"contract_identifier": "a.b::c", "topic": "print", "raw_value": "0x03"}),
        ),
        (
            TxBody::StxTransfer(v1::StxTransfer {
                sender: from(),
                recipient: to(),
                amount_ustx: amount(u128::MAX),
                memo: vec![0xaa, 0].into(),
            }),
            "stx_transfer_event",
            json!({"sender": "from", "recipient": "to", "amount": u128::MAX.to_string(), "memo": "aa00"}),
        ),
        (
            TxBody::StxMint(v1::StxMint { recipient: to(), amount_ustx: amount(1) }),
            "stx_mint_event",
            json!({"recipient": "to", "amount": "1"}),
        ),
        (
            TxBody::StxBurn(v1::StxBurn { sender: from(), amount_ustx: amount(0) }),
            "stx_burn_event",
            json!({"sender": "from", "amount": "0"}),
        ),
        (
            TxBody::StxLock(v1::StxLock {
                locked_amount_ustx: amount(2),
                unlock_height: 3,
                locked_address: from(),
                contract_id: to(),
            }),
            "stx_lock_event",
            json!({"locked_amount": "2", "unlock_height": "3", "locked_address": "from", "contract_identifier": "to"}),
        ),
    ]
}

fn tokens() -> Vec<Case> {
    let (from, to, asset) = (|| "from".to_owned(), || "to".to_owned(), || "a.b::c".to_owned());
    let value = || bytes::Bytes::from_static(&[3]);
    vec![
        (
            TxBody::FtTransfer(v1::FtTransfer {
                asset_id: asset(),
                sender: from(),
                recipient: to(),
                amount: amount(1),
            }),
            "ft_transfer_event",
            json!({"asset_identifier": "a.b::c", "sender": "from", "recipient": "to", "amount": "1"}),
        ),
        (
            TxBody::FtMint(v1::FtMint { asset_id: asset(), recipient: to(), amount: amount(1) }),
            "ft_mint_event",
            json!({"asset_identifier": "a.b::c", "recipient": "to", "amount": "1"}),
        ),
        (
            TxBody::FtBurn(v1::FtBurn { asset_id: asset(), sender: from(), amount: amount(1) }),
            "ft_burn_event",
            json!({"asset_identifier": "a.b::c", "sender": "from", "amount": "1"}),
        ),
        (
            TxBody::NftTransfer(v1::NftTransfer { asset_id: asset(), sender: from(), recipient: to(), value: value() }),
            "nft_transfer_event",
            json!({"asset_identifier": "a.b::c", "sender": "from", "recipient": "to", "raw_value": "0x03"}),
        ),
        (
            TxBody::NftMint(v1::NftMint { asset_id: asset(), recipient: to(), value: value() }),
            "nft_mint_event",
            json!({"asset_identifier": "a.b::c", "recipient": "to", "raw_value": "0x03"}),
        ),
        (
            TxBody::NftBurn(v1::NftBurn { asset_id: asset(), sender: from(), value: value() }),
            "nft_burn_event",
            json!({"asset_identifier": "a.b::c", "sender": "from", "raw_value": "0x03"}),
        ),
    ]
}

#[test]
fn every_kind_of_event_has_its_own_fields() {
    let cases: Vec<Case> = print_and_stx().into_iter().chain(tokens()).collect();
    let events = cases.iter().map(|(event, ..)| event.clone()).collect();
    let posted = body(Endpoint::NewBlock, block(vec![receipt(events)]), &everything());
    let txid = format!("0x{}", "09".repeat(32));
    for (index, (event, (_, kind, fields))) in posted["events"].as_array().unwrap().iter().zip(&cases).enumerate() {
        let expected =
            json!({"txid": txid, "event_index": 5 + index, "committed": true, "type": kind, (*kind): fields.clone()});
        assert_eq!(*event, expected);
    }
    assert_eq!(posted["events"].as_array().unwrap().len(), cases.len());
    // With fewer keys, indices still count all events of the block, and the transactions are complete.
    let stx = View { transactions: Interest::of_keys(&[EventKey::Stx]).transactions, ..View::default() };
    let narrow =
        body(Endpoint::NewBlock, block(vec![receipt(cases.into_iter().map(|(event, ..)| event).collect())]), &stx);
    let indices: Vec<_> = narrow["events"].as_array().unwrap().iter().map(|event| &event["event_index"]).collect();
    assert_eq!(indices, [6, 7, 8, 9]);
    assert_eq!(narrow["transactions"], posted["transactions"]);
}

#[test]
fn nakamoto_fields_have_the_prefixes_that_the_reference_gives_them() {
    let posted = body(Endpoint::NewBlock, block(Vec::new()), &everything());
    assert_eq!(posted["signer_signature"], json!(["ab".repeat(65)]));
    assert_eq!(posted["signer_signature_hash"], format!("0x{}", "01".repeat(32)));
    assert_eq!(posted["miner_txid"], format!("0x{}", "03".repeat(32)));
    assert_eq!(posted["block_time"], 77);
}

#[test]
fn interfaces_come_under_both_names_or_not_at_all() {
    let deployed = || {
        let contract_interface_json = json!({"functions": []}).to_string();
        block(vec![v1::TransactionReceipt { contract_interface_json, ..receipt(Vec::new()) }])
    };
    let posted = body(Endpoint::NewBlock, deployed(), &everything());
    let transaction = &posted["transactions"][0];
    assert_eq!(transaction["contract_interface"], json!({"functions": []}));
    assert_eq!(transaction["contract_abi"], transaction["contract_interface"]);
    let without = View { without_contract_interfaces: true, ..everything() };
    let transaction = &body(Endpoint::NewBlock, deployed(), &without)["transactions"][0];
    assert_eq!((&transaction["contract_interface"], &transaction["contract_abi"]), (&Value::Null, &Value::Null));
}

#[test]
fn drops_chunks_and_verdicts_look_as_their_readers_expect() {
    let dropped = v1::MempoolDropped {
        txids: vec![vec![1; 32].into(), vec![2; 32].into()],
        reason: v1::DropReason::ReplaceByFee.into(),
        new_txid: vec![3; 32].into(),
        detail: String::new(),
    };
    let hash = |byte: &str| format!("0x{}", byte.repeat(32));
    let expected = json!({"dropped_txids": [hash("01"), hash("02")], "reason": "ReplaceByFee", "new_txid": hash("03")});
    assert_eq!(body(Endpoint::DropMempoolTx, Body::MempoolDropped(dropped), &everything()), expected);

    let chunk = v1::StackerDbChunk { slot_id: 1, slot_version: 2, signature: vec![3; 65].into(), data: vec![4].into() };
    let chunks = v1::StackerDbChunks { contract_id: format!("{ADDRESS}.signers"), chunks: vec![chunk] };
    let posted = body(Endpoint::StackerDbChunks, Body::StackerdbChunks(chunks), &everything());
    let hash160 = hex::decode("99e2ec69ac5b6e67b4e26edd0e2c1c1a6b9bbd23").unwrap();
    assert_eq!(posted["contract_id"], json!({"issuer": [26, hash160], "name": "signers"}));
    let slot = json!({"slot_id": 1, "slot_version": 2, "sig": "03".repeat(65), "data": "04"});
    assert_eq!(posted["modified_slots"], json!([slot]));

    let finished =
        |verdict| Body::ValidationFinished(v1::ValidationFinished { verdict: Some(verdict), ..Default::default() });
    let valid = v1::ValidationVerdict {
        valid: true,
        block_hash: vec![5; 32].into(),
        size_bytes: 6,
        validation_duration: Some(prost_types::Duration { seconds: 1, nanos: 7_000_000 }),
        ..Default::default()
    };
    let cost = json!({"read_count": 0, "read_length": 0, "runtime": 0, "write_count": 0, "write_length": 0});
    let expected = json!({
        "result": "Ok", "signer_signature_hash": "05".repeat(32), "cost": cost, "size": 6, "validation_time_ms": 1007,
        "replay_tx_hash": null, "replay_tx_exhausted": false,
    });
    assert_eq!(body(Endpoint::ProposalResponse, finished(valid), &everything()), expected);
    let rejection = v1::Rejection {
        reason: v1::RejectReason::BadTransaction.into(),
        detail: "why".to_owned(),
        failed_txid: vec![8; 32].into(),
    };
    let invalid =
        v1::ValidationVerdict { block_hash: vec![5; 32].into(), rejection: Some(rejection), ..Default::default() };
    let expected = json!({
        "result": "Reject", "signer_signature_hash": "05".repeat(32), "reason": "why", "reason_code": "BadTransaction",
        "failed_txid": "08".repeat(32),
    });
    assert_eq!(body(Endpoint::ProposalResponse, finished(invalid), &everything()), expected);
}

#[test]
fn every_reason_of_a_drop_has_the_references_name_or_none() {
    use v1::DropReason as Reason;
    for (reason, name) in [
        (Reason::ReplaceByFee, Some("ReplaceByFee")),
        (Reason::ReplaceAcrossFork, Some("ReplaceAcrossFork")),
        (Reason::TooExpensive, Some("TooExpensive")),
        (Reason::StaleGarbageCollect, Some("StaleGarbageCollect")),
        (Reason::NoRoom, Some("StaleGarbageCollect")),
        (Reason::Problematic, Some("Problematic")),
        (Reason::OverExecutionLimits, Some("Problematic")),
        (Reason::NonceUsed, None),
        (Reason::Unspecified, None),
    ] {
        let dropped = v1::MempoolDropped { reason: reason.into(), ..Default::default() };
        assert_eq!(super::drop_mempool_tx::reason(&dropped), name, "{reason:?}");
    }
}
