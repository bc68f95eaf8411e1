//! Stacking: shapes by the tables of docs/COMPATIBILITY.md, values from the chain of `chain`.

use axum::http::StatusCode;
use chainstate::test_support::{key, user};
use clarity::Rules;
use serde_json::Value;

use super::bench::{Bench, FIRST_BURN, STACKERS, params};
use super::chain::Chain;
use super::shape::{COST, Kind, check};
use crate::config::CallLimits;

#[test]
fn pox_has_all_keys() {
    let chain = Chain::new();
    let pox = chain.bench.read("/v2/pox");
    let (whole, null) = (Kind::Whole, Kind::Null);
    check(
        "pox",
        &pox,
        &[
            ("contract_id", Kind::Says("ST000000000000000000002AMW42H.pox-5")),
            ("pox_activation_threshold_ustx", whole),
            ("first_burnchain_block_height", Kind::Is(FIRST_BURN.0)),
            ("current_burnchain_block_height", Kind::Is(FIRST_BURN.0 + 3)),
            ("prepare_phase_block_length", Kind::Is(1)),
            ("reward_phase_block_length", Kind::Is(19)),
            ("reward_slots", Kind::Is(38)),
            ("rejection_fraction", null),
            ("total_liquid_supply_ustx", whole),
            ("current_cycle", Kind::Object),
            ("next_cycle", Kind::Object),
            ("epochs", Kind::List),
            ("current_epoch", Kind::Says("Epoch40")),
            ("min_amount_ustx", Kind::Is(50_000_000_000)),
            ("prepare_cycle_length", Kind::Is(1)),
            ("reward_cycle_id", Kind::Is(0)),
            ("reward_cycle_length", Kind::Is(20)),
            ("rejection_votes_left_required", null),
            ("next_reward_cycle_in", Kind::Is(17)),
            ("contract_versions", Kind::List),
            ("pox_5_sbtc_contract", Kind::Text),
            ("pox_5_sbtc_registry_contract", Kind::Text),
        ],
    );
    check(
        "current",
        &pox["current_cycle"],
        &[
            ("id", Kind::Is(0)),
            ("min_threshold_ustx", whole),
            ("stacked_ustx", Kind::Is(0)),
            ("is_pox_active", Kind::Holds(false)),
        ],
    );
    check(
        "next",
        &pox["next_cycle"],
        &[
            ("id", Kind::Is(1)),
            ("min_threshold_ustx", whole),
            ("min_increment_ustx", Kind::Is(50_000_000_000)),
            ("stacked_ustx", Kind::Is(0)),
            ("prepare_phase_start_block_height", Kind::Is(119)),
            ("blocks_until_prepare_phase", Kind::Is(16)),
            ("reward_phase_start_block_height", Kind::Is(120)),
            ("blocks_until_reward_phase", Kind::Is(17)),
            ("ustx_until_pox_rejection", null),
        ],
    );
}

#[test]
fn pox_and_stackers_can_be_asked_at_a_block() {
    let chain = Chain::new();
    let bench = &chain.bench;
    bench.grow();
    let at = |path: &str, tip: &str| bench.get(&format!("{path}?tip={tip}"));
    let supply = |pox: &Value| pox["total_liquid_supply_ustx"].as_u64().unwrap();
    let now = bench.read("/v2/pox");
    assert_eq!(at("/v2/pox", "latest").json(), now);
    assert_eq!(at("/v2/pox", &bench.core.read(|reader| reader.tip()).unwrap().block_id.to_hex()).json(), now);
    let before = at("/v2/pox", &chain.first[0]).json();
    assert_eq!(before["current_burnchain_block_height"], FIRST_BURN.0 + 1);
    assert_eq!(before["next_reward_cycle_in"], 19);
    assert!(supply(&before) < supply(&now), "a reward was paid since");
    let set = bench.read("/v3/stacker_set/0");
    assert_eq!(at("/v3/stacker_set/0", "latest").json(), set);
    assert_eq!(at("/v3/stacker_set/0", &chain.first[0]).json(), set);
    assert_eq!(at("/v3/stacker_set/2", &chain.first[0]).status, StatusCode::BAD_REQUEST);
    for path in ["/v2/pox", "/v3/stacker_set/0"] {
        assert_eq!(at(path, &"ab".repeat(32)).status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(at(path, "zz").status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[test]
fn a_supply_beyond_64_bits_is_shown_as_the_most() {
    for rules in [&Rules::EPOCH_3_4, &Rules::EPOCH_4_0] {
        let mut params = params();
        params.rules = rules;
        params.boot_balances.push((user(0), u128::MAX >> 1));
        let pox = Bench::of_chain(params, None, CallLimits::default()).read("/v2/pox");
        assert_eq!(pox["total_liquid_supply_ustx"], u64::MAX);
    }
}

#[test]
fn pox_names_epochs_and_contracts() {
    let pox = Bench::started().read("/v2/pox");
    let whole = Kind::Whole;
    check(
        "epoch",
        &pox["epochs"][0],
        &[
            ("epoch_id", Kind::Says("Epoch40")),
            ("start_height", whole),
            ("end_height", Kind::Is(9_223_372_036_854_775_807)),
            ("block_limit", Kind::Object),
            ("network_epoch", Kind::Is(16)),
        ],
    );
    check("limit", &pox["epochs"][0]["block_limit"], COST);
    check(
        "contract",
        &pox["contract_versions"][0],
        &[("contract_id", Kind::Text), ("activation_burnchain_block_height", whole), ("first_reward_cycle_id", whole)],
    );
}

#[test]
fn stackers_show_their_keys_when_they_sign() {
    let chain = Chain::new();
    let set = chain.bench.read("/v3/stacker_set/0");
    check("answer", &set, &[("stacker_set", Kind::Object)]);
    check(
        "set",
        &set["stacker_set"],
        &[
            ("rewarded_addresses", Kind::List),
            ("start_cycle_state", Kind::Object),
            ("signers", Kind::List),
            ("pox_ustx_threshold", Kind::Null),
            ("reward_set_version", Kind::Is(0)),
        ],
    );
    let signers = set["stacker_set"]["signers"].as_array().unwrap();
    assert_eq!(signers.len(), usize::from(STACKERS));
    for (index, signer) in (0..).zip(signers) {
        check(
            "signer",
            signer,
            &[
                ("signing_key", Kind::Hex(33)),
                ("stacked_amt", Kind::Whole),
                ("weight", Kind::Is(1)),
                ("address", Kind::Text),
            ],
        );
        assert_eq!(signer["signing_key"], hex::encode(key("stacker", index).public_key().to_compressed()));
    }
    let far = chain.bench.get("/v3/stacker_set/2");
    assert_eq!(far.status, StatusCode::BAD_REQUEST);
    check(
        "far",
        &far.json(),
        &[
            ("response", Kind::Says("error")),
            ("err_type", Kind::Says("not_available_try_again")),
            ("err_msg", Kind::Text),
        ],
    );
    let signed = |kind: &str, cycle: u64| {
        let key = hex::encode(key(kind, 1).public_key().to_compressed());
        chain.bench.read(&format!("/v3/signer/{key}/{cycle}"))["blocks_signed"].clone()
    };
    assert_eq!((signed("stacker", 0), signed("stacker", 1), signed("user", 0)), (3.into(), 0.into(), 0.into()));
    // Only some sign: the keys of the block's signatures are used.
    let mut block = chain.bench.make_block();
    block.header.stacker_signatures.remove(1);
    assert_eq!(block.header.stacker_signatures.len(), 2);
    assert_eq!(chain.bench.get("/v3/signer/02ab/0").status, StatusCode::NOT_FOUND);
}
