//! The Hiro API's paths that wallets use: values from the chain that the test made.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::bench::Bench;
use super::shape::{Kind, check};
use chainstate::test_support::{address, transfer};

#[test]
fn nonces_count_what_waits() {
    let bench = Bench::started();
    let path = format!("/extended/v1/address/{}/nonces", address("user", 0));
    let fresh = bench.read(&path);
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
