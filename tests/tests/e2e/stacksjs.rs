//! Transactions that stacks.js signed, sent to a running chain: each has the reference's result.

use nakamoto_proto::v1;
use nakamoto_proto::v1::transaction_event::Body;
use serde_json::{Value, json};
use tests::processes::{Client, Cluster, Http, Plan, run, stacksjs};

/// How a transaction is offered.
enum Door<'a> {
    Grpc(&'a Client),
    /// Hex in JSON over HTTP, as stacks.js does.
    HttpJson(&'a Http),
}

/// Result of an offer: the txid, or reason and data of the refusal.
type Offer = Result<Vec<u8>, (String, Option<Value>)>;

impl Door<'_> {
    async fn offer(&self, raw: &[u8]) -> Offer {
        match self {
            Door::Grpc(client) => {
                let answer = client.submit(raw.to_vec()).await;
                if answer.accepted {
                    return Ok(answer.txid.to_vec());
                }
                let data = serde_json::from_str(&answer.refusal_data_json).ok();
                Err((answer.refusal_reason, data))
            }
            Door::HttpJson(http) => {
                let body = json!({ "tx": hex::encode(raw) }).to_string().into_bytes();
                let answer = http.post("/v2/transactions", "application/json", body).await;
                let answer_json = answer.json();
                if answer.status == 200 {
                    return Ok(hex::decode(answer_json.as_str().expect("a JSON string")).expect("hex"));
                }
                assert_eq!((answer.status, answer_json["error"].as_str()), (400, Some("transaction rejected")));
                let reason = answer_json["reason"].as_str().expect("a reason").to_owned();
                Err((reason, answer_json.get("reason_data").cloned()))
            }
        }
    }
}

/// A chain of the epoch in which the vectors were made.
fn of_the_vectors() -> Cluster {
    Cluster::start_plan(Plan { burn_block_interval: "2s", epoch: "3.0", ..Plan::default() })
}

#[test]
fn each_transaction_ends_as_expected_over_http() {
    run(async {
        let cluster = of_the_vectors();
        play(&cluster, &Door::HttpJson(&cluster.http())).await;
    });
}

#[test]
fn each_transaction_ends_as_expected_over_grpc() {
    run(async {
        let cluster = of_the_vectors();
        play(&cluster, &Door::Grpc(&cluster.client())).await;
    });
}

async fn play(cluster: &Cluster, door: &Door<'_>) {
    let mut watch = cluster.client().watch(0).await;
    // The first tenure begins with a burn block, and contracts must not wait for that in the mempool.
    watch.block().await;
    watch.block().await;
    let vectors = stacksjs();
    for case in vectors["transactions"].as_array().expect("transactions") {
        let label = case["label"].as_str().expect("a label");
        let raw = hex::decode(case["raw"].as_str().expect("raw")).expect("hex");
        let offer = door.offer(&raw).await;
        if let Some(refused) = case.get("refused") {
            let (reason, data) = offer.expect_err(label);
            assert_eq!(Some(reason.as_str()), refused["reason"].as_str(), "{label}");
            if let Some(expected) = refused.get("reason_data") {
                assert_eq!(data.as_ref(), Some(expected), "{label}");
            }
            continue;
        }
        let txid = offer.unwrap_or_else(|refusal| panic!("{label}: {refusal:?}"));
        assert_eq!(Some(hex::encode(&txid).as_str()), case["txid"].as_str(), "{label}");
        let receipt = watch.receipt(&txid).await;
        check(label, &receipt, &case["expected"]);
    }
    tests::replay::check_roots(cluster).await;
}

fn check(label: &str, receipt: &v1::TransactionReceipt, expected: &Value) {
    let status = match receipt.status() {
        v1::TransactionStatus::Success => "success",
        v1::TransactionStatus::AbortByResponse => "abort_by_response",
        v1::TransactionStatus::AbortByPostCondition => "abort_by_post_condition",
        v1::TransactionStatus::Unspecified => "unspecified",
    };
    assert_eq!(Some(status), expected["status"].as_str(), "{label}: {}", receipt.vm_error);
    let result = format!("0x{}", hex::encode(&receipt.result));
    assert_eq!(Some(result.as_str()), expected["raw_result"].as_str(), "{label}");
    let cost = receipt.cost.expect("a cost");
    let cost = json!({
        "read_count": cost.read_count, "read_length": cost.read_length, "runtime": cost.runtime,
        "write_count": cost.write_count, "write_length": cost.write_length,
    });
    assert_eq!(cost, expected["execution_cost"], "{label}");
    // The reference of 2026 leaves out events of transactions that a post-condition aborted.
    let events = expected["events"].as_array().expect("events").iter();
    let events: Vec<_> = events.filter(|event| event["committed"] == json!(true)).map(expected_event).collect();
    let got: Vec<_> = receipt.events.iter().map(got_event).collect();
    assert_eq!(got, events, "{label}");
}

/// Type and body of an event in the vectors; newer nodes leave out the field `value`.
fn expected_event(event: &Value) -> (String, Value) {
    let kind = event["type"].as_str().expect("a type").to_owned();
    let mut body = event[&kind].clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("value");
    }
    (kind, body)
}

fn got_event(event: &v1::TransactionEvent) -> (String, Value) {
    let (kind, body) = match event.body.as_ref().expect("a body") {
        Body::StxTransfer(e) => (
            "stx_transfer_event",
            json!({"sender": e.sender, "recipient": e.recipient, "amount": amount(&e.amount_ustx), "memo": hex::encode(&e.memo)}),
        ),
        Body::StxMint(e) => ("stx_mint_event", json!({"recipient": e.recipient, "amount": amount(&e.amount_ustx)})),
        Body::StxBurn(e) => ("stx_burn_event", json!({"sender": e.sender, "amount": amount(&e.amount_ustx)})),
        Body::StxLock(e) => ("stx_lock_event", json!({"locked_address": e.locked_address})),
        Body::FtTransfer(e) => (
            "ft_transfer_event",
            json!({"asset_identifier": e.asset_id, "sender": e.sender, "recipient": e.recipient, "amount": amount(&e.amount)}),
        ),
        Body::FtMint(e) => (
            "ft_mint_event",
            json!({"asset_identifier": e.asset_id, "recipient": e.recipient, "amount": amount(&e.amount)}),
        ),
        Body::FtBurn(e) => {
            ("ft_burn_event", json!({"asset_identifier": e.asset_id, "sender": e.sender, "amount": amount(&e.amount)}))
        }
        Body::NftTransfer(e) => (
            "nft_transfer_event",
            json!({"asset_identifier": e.asset_id, "sender": e.sender, "recipient": e.recipient, "raw_value": value(&e.value)}),
        ),
        Body::NftMint(e) => (
            "nft_mint_event",
            json!({"asset_identifier": e.asset_id, "recipient": e.recipient, "raw_value": value(&e.value)}),
        ),
        Body::NftBurn(e) => (
            "nft_burn_event",
            json!({"asset_identifier": e.asset_id, "sender": e.sender, "raw_value": value(&e.value)}),
        ),
        Body::ContractPrint(e) => (
            "contract_event",
            json!({"contract_identifier": e.contract_id, "topic": e.topic, "raw_value": value(&e.value)}),
        ),
    };
    (kind.to_owned(), body)
}

fn amount(bytes: &[u8]) -> String {
    u128::from_be_bytes(bytes.try_into().expect("16 bytes")).to_string()
}

fn value(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
