//! The Hiro API's paths that wallets use: values from the chain that the test made.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::bench::Bench;
use super::shape::{Kind, check};
use chainstate::test_support::{address, call_payload, deploy, key, signed, transfer, transfer_payload, user};
use clarity::value::Value as Clarity;
use stacks_types::transaction::StacksTransaction;

fn state_of(bench: &Bench, transaction: &StacksTransaction) -> Value {
    bench.read(&format!("/extended/v1/tx/0x{}?unanchored=true&event_limit=5", transaction.txid()))
}

#[test]
fn nonces_count_what_waits() {
    let bench = Bench::started();
    let path = format!("/extended/v1/address/{}/nonces", address("user", 0));
    let fresh = bench.read(&path);
    assert_eq!(bench.read(&format!("{path}?unanchored=true")), fresh);
    check(
        "nonces",
        &fresh,
        &[
            ("last_mempool_tx_nonce", Kind::Null),
            ("last_executed_tx_nonce", Kind::Null),
            ("possible_next_nonce", Kind::Is(0)),
            ("detected_missing_nonces", Kind::List),
            ("detected_mempool_nonces", Kind::List),
        ],
    );
    bench.send(&[transfer(0, 0, 9, 5)]);
    bench.grow();
    bench.send(&[transfer(0, 1, 9, 5), transfer(0, 4, 9, 5)]);
    let busy = bench.read(&path);
    assert_eq!(busy["last_executed_tx_nonce"], 0);
    assert_eq!((&busy["last_mempool_tx_nonce"], &busy["possible_next_nonce"]), (&4.into(), &5.into()));
    assert_eq!(busy["detected_missing_nonces"], Value::from(vec![2, 3]));
    assert_eq!(busy["detected_mempool_nonces"], Value::from(vec![1, 4]));
    let newer = bench.read(&format!("/extended/v3/principals/{}/nonces", address("user", 0)));
    let mempool = json!({ "last_nonce": 4, "pending_nonces": [1, 4], "missing_nonces": [2, 3] });
    assert_eq!(newer, json!({ "next_nonce": 5, "last_confirmed_nonce": 0, "mempool": mempool }));
}

#[test]
fn a_transaction_is_pending_until_it_is_mined() {
    let bench = Bench::started();
    let sent = transfer(0, 0, 9, 5);
    let unknown = bench.get(&format!("/extended/v1/tx/{}", sent.txid()));
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.json()["error"].as_str().unwrap().contains(&sent.txid().to_string()));
    bench.send(std::slice::from_ref(&sent));
    let raw = bench.read(&format!("/extended/v1/tx/0x{}/raw", sent.txid()));
    assert_eq!(raw, json!({ "raw_tx": format!("0x{}", hex::encode(sent.encode())) }));
    let pending = state_of(&bench, &sent);
    assert_eq!((&pending["tx_status"], &pending["tx_type"]), (&"pending".into(), &"token_transfer".into()));
    assert_eq!((&pending["nonce"], pending.get("block_height")), (&0.into(), None));
    let block = bench.grow();
    let mined = state_of(&bench, &sent);
    assert_eq!((&mined["tx_status"], &mined["canonical"]), (&"success".into(), &true.into()));
    assert_eq!(mined["tx_result"], json!({ "hex": "0x0703", "repr": "(ok true)" }));
    assert_eq!(mined["index_block_hash"], format!("0x{}", block.to_hex()));
    assert_eq!((&mined["block_height"], &mined["event_count"]), (&2.into(), &1.into()));
    let memo = format!("0x{}", "00".repeat(34));
    let moved = json!({ "recipient_address": address("user", 9).to_string(), "amount": "5", "memo": memo });
    assert_eq!(mined["token_transfer"], moved);
    assert_eq!(
        (&mined["fee_rate"], &mined["sender_address"]),
        (&sent.fee().to_string().into(), &address("user", 0).to_string().into(),)
    );
    let time = mined["burn_block_time"].as_u64().unwrap();
    let iso = prost_types::Timestamp { seconds: i64::try_from(time).unwrap(), nanos: 0 }.to_string();
    assert_eq!((&mined["burn_block_time_iso"], &mined["block_time"]), (&iso.into(), &time.into()));
}

#[test]
fn calls_deployments_and_replaced_transactions_are_described() {
    const CODE: &str = "(define-public (fail (n uint)) (if (> n u1) (err n) (ok n)))";
    let bench = Bench::started();
    let deployment = deploy(0, 0, "c", CODE);
    let call = signed(&key("user", 1), 0, 1_000, call_payload(address("user", 0), "c", "fail", vec![Clarity::UInt(7)]));
    let replaced = signed(&key("user", 2), 0, 1_000, transfer_payload(user(6), 5));
    let replacement = signed(&key("user", 2), 0, 2_000, transfer_payload(user(6), 5));
    bench.send(&[deployment.clone(), replaced.clone(), replacement.clone()]);
    bench.grow();
    bench.send(std::slice::from_ref(&call));
    bench.grow();
    let contract = format!("{}.c", address("user", 0));
    let deployed = state_of(&bench, &deployment);
    assert_eq!((&deployed["tx_type"], &deployed["tx_status"]), (&"smart_contract".into(), &"success".into()));
    assert_eq!(
        (&deployed["smart_contract"]["contract_id"], &deployed["smart_contract"]["source_code"]),
        (&contract.clone().into(), &CODE.into(),)
    );
    let failed = state_of(&bench, &call);
    assert_eq!((&failed["tx_type"], &failed["tx_status"]), (&"contract_call".into(), &"abort_by_response".into()));
    let arguments = json!([{ "hex": "0x0100000000000000000000000000000007", "repr": "u7" }]);
    let described = json!({ "contract_id": contract, "function_name": "fail", "function_args": arguments });
    assert_eq!(failed["contract_call"], described);
    assert_eq!(failed["tx_result"]["repr"], "(err u7)");
    let dropped = json!({
        "tx_id": format!("0x{}", replaced.txid()),
        "tx_status": "dropped_replace_by_fee",
        "replaced_by_tx_id": format!("0x{}", replacement.txid()),
    });
    assert_eq!(state_of(&bench, &replaced), dropped);
    let gone = bench.get(&format!("/extended/v1/tx/{}/raw", replaced.txid()));
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "bytes of dropped transactions are not kept");
    assert_eq!(state_of(&bench, &replacement)["tx_status"], "success");
}

#[test]
fn stx_is_what_the_account_has_at_the_tip() {
    let bench = Bench::started();
    let account = |index| {
        let account = bench.read(&format!("/v2/accounts/{}?proof=0", address("user", index)));
        u128::from_str_radix(account["balance"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    };
    let stx = |index| bench.read(&format!("/extended/v1/address/{}/stx", address("user", index)));
    let (sender, recipient) = (account(0), account(9));
    assert_eq!(stx(0)["balance"], sender.to_string());
    bench.send(&[transfer(0, 0, 9, 5)]);
    assert_eq!(stx(0)["balance"], sender.to_string(), "what waits does not count");
    bench.grow();
    let after = stx(0);
    assert_eq!(after["balance"], (sender - 1_005).to_string());
    assert_eq!(stx(9)["balance"], (recipient + 5).to_string());
    let now = json!({
        "balance": account(0).to_string(),
        "locked": "0",
        "burnchain_unlock_height": 0,
        "lock_tx_id": "",
        "lock_height": 0,
        "burnchain_lock_height": 0,
        // stacks.js parses these as numbers.
        "total_sent": "0",
        "total_received": "0",
        "total_fees_sent": "0",
        "total_miner_rewards_received": "0",
    });
    assert_eq!(after, now);
    let balances = bench.read(&format!("/extended/v1/address/{}/balances", address("user", 0)));
    assert_eq!(balances, json!({ "stx": after }));
    let owner = address("user", 0);
    assert_eq!(bench.read(&format!("/extended/v2/addresses/{owner}/balances/stx?include_mempool=false")), after);
    let (balance, newer) = (&after["balance"], bench.read(&format!("/extended/v3/principals/{owner}/balances/stx")));
    assert_eq!(newer, json!({ "balance": balance, "available": balance, "locked": null, "mempool": null }));
}

#[test]
fn balances_of_nobody_are_zero_and_those_of_another_block_are_refused() {
    let bench = Bench::new(None);
    let contract = format!("/extended/v1/address/{}.none", address("user", 7));
    for path in ["stx", "balances"] {
        let fresh = bench.read(&format!("{contract}/{path}"));
        let stx = if path == "stx" { &fresh } else { &fresh["stx"] };
        assert_eq!(stx["balance"], "0", "{path}");
        assert_eq!(bench.read(&format!("{contract}/{path}?unanchored=true")), fresh, "{path}");
        let past = bench.get(&format!("{contract}/{path}?until_block=1"));
        assert_eq!(past.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(bench.get(&format!("/extended/v1/address/ST1/{path}")).status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn block_times_are_the_clocks() {
    let times = Bench::new(None).read("/extended/v1/info/network_block_times");
    let two_seconds = json!({ "target_block_time": 2 });
    assert_eq!(times, json!({ "testnet": two_seconds, "mainnet": two_seconds }), "1.5 s, rounded up");
}

#[test]
fn a_block_is_named_by_height_id_or_as_the_newest() {
    let bench = Bench::started();
    bench.send(&[transfer(0, 0, 9, 5), transfer(1, 0, 9, 5)]);
    let id = bench.grow();
    let block = |name: &str| bench.read(&format!("/extended/v2/blocks/{name}"));
    let newest = block("latest");
    for name in [newest["height"].to_string(), id.to_hex(), format!("0x{}", id.to_hex())] {
        assert_eq!(block(&name), newest, "{name}");
    }
    assert_eq!(
        (&newest["canonical"], &newest["index_block_hash"]),
        (&true.into(), &format!("0x{}", id.to_hex()).into())
    );
    let parent = block("1");
    assert_eq!((&newest["height"], &newest["tenure_height"], &newest["tx_count"]), (&2.into(), &1.into(), &2.into()));
    assert_eq!(newest["parent_index_block_hash"], parent["index_block_hash"]);
    assert_eq!(newest["parent_block_hash"], parent["hash"]);
    let info = bench.read("/v2/info");
    assert_eq!(newest["hash"], format!("0x{}", info["stacks_tip"].as_str().unwrap()));
    assert_eq!(newest["burn_block_height"], info["burn_block_height"]);
    let burn = bench.read(&format!("/v3/sortitions/burn_height/{}", newest["burn_block_height"]));
    assert_eq!(newest["burn_block_hash"], burn[0]["burn_block_hash"]);
    assert_eq!(newest["block_time"], burn[0]["burn_header_timestamp"]);
    let costs = [&newest["execution_cost_runtime"], &newest["execution_cost_write_count"]];
    assert!(costs.into_iter().all(|cost| cost.as_u64().is_some()), "{costs:?}");
    let boot = block("0");
    assert_eq!((&boot["height"], &boot["parent_block_hash"]), (&0.into(), &Value::Null));
    let status = bench.read("/extended");
    assert_eq!(
        (&status["status"], &status["chain_tip"]["index_block_hash"]),
        (&"ready".into(), &newest["index_block_hash"])
    );
    assert_eq!(bench.read("/extended/v1/status"), status);
    let nothing = bench.get("/extended/v2/blocks/7");
    assert_eq!((nothing.status, &nothing.json()["error"]), (StatusCode::NOT_FOUND, &"there is no block 7".into()));
    assert_eq!(bench.get("/extended/v2/blocks/-1").status, StatusCode::BAD_REQUEST);
}

#[test]
fn a_block_of_another_fork_is_found_by_its_id_alone() {
    let bench = Bench::started();
    let lost = bench.grow();
    bench.chain.reorganize_burn_chain(1, 2, super::bench::FIRST_BURN.1 + 60).unwrap();
    bench.settle();
    let block = bench.read(&format!("/extended/v2/blocks/{}", lost.to_hex()));
    assert_eq!((&block["canonical"], &block["height"]), (&false.into(), &2.into()));
    assert_eq!(bench.get("/extended/v2/blocks/2").status, StatusCode::NOT_FOUND);
}

#[test]
fn a_contract_has_the_transaction_that_deployed_it() {
    const CODE: &str = "(define-read-only (seven) u7)";
    let bench = Bench::started();
    let (first, second) = (deploy(0, 0, "a", CODE), deploy(0, 1, "b", CODE));
    bench.send(&[transfer(1, 0, 9, 5), first, second.clone()]);
    bench.grow();
    let id = format!("{}.b", address("user", 0));
    let contract = bench.read(&format!("/extended/v1/contract/{id}?unanchored=true"));
    let abi = bench.read(&format!("/v2/contracts/interface/{}/b", address("user", 0)));
    let described: Value = serde_json::from_str(contract["abi"].as_str().unwrap()).unwrap();
    assert_eq!(described, abi);
    assert_eq!(
        contract,
        json!({
            "tx_id": format!("0x{}", second.txid()),
            "canonical": true,
            "contract_id": id,
            "block_height": 2,
            "clarity_version": 6,
            "source_code": CODE,
            "abi": contract["abi"],
        })
    );
    let boot = bench.read("/extended/v1/contract/ST000000000000000000002AMW42H.cost-voting");
    assert_eq!((&boot["block_height"], boot["tx_id"].as_str().map(str::len)), (&0.into(), Some(66)));
    let unknown = bench.get(&format!("/extended/v1/contract/{}.none", address("user", 0)));
    assert!(unknown.json()["error"].as_str().unwrap().contains(".none"), "{:?}", unknown.json());
    for path in ["zz", "ST1.a", &address("user", 0).to_string()] {
        assert_eq!(bench.get(&format!("/extended/v1/contract/{path}")).status, StatusCode::NOT_FOUND, "{path}");
    }
}
