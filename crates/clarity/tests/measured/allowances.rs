//! Allowances of `restrict-assets?` and `as-contract?`.

use clarity::keys;
use clarity::state::Balance;
use clarity::test_support::sender;
use clarity::value::Value;

use super::{body, call, memory};

#[test]
fn a_broken_allowance_counts_before_what_stopped_the_body() {
    let coin = "(define-fungible-token f u60) (define-data-var n uint u0) (ft-mint? f u20 tx-sender)
        (define-private (move (amount uint)) (unwrap-panic (ft-transfer? f amount tx-sender current-contract)))";
    for (version, epoch) in [(4, "3.3"), (5, "3.4"), (6, "4.0"), (6, "4.1")] {
        let run = |allowed: &str, stop: &str| {
            let restricted = format!("(restrict-assets? tx-sender ({allowed}) (move u2) (var-set n u7) {stop} u1)");
            body(epoch, version, coin, &format!("(list (print {restricted}) (ok (var-get n)))"))
        };
        for stop in ["(/ u1 u0)", "(- u1 u2)", "(unwrap-panic (if true none (some u1)))", "(move u30)"] {
            assert_eq!(run("", stop), "(ok ((err u128) (ok u0)))", "{epoch}: {stop}");
            assert_eq!(run("(with-ft current-contract \"f\" u1)", stop), "(ok ((err u0) (ok u0)))", "{epoch}: {stop}");
        }
        assert_eq!(run("(with-ft current-contract \"f\" u2)", "(/ u1 u0)"), "DivisionByZero", "{epoch}");
        // An outer form still checks the movements that an inner form allowed.
        let inner = "(restrict-assets? tx-sender ((with-ft current-contract \"f\" u2)) (move u2) (/ u1 u0) u1)";
        let outer = format!("(restrict-assets? tx-sender () (is-ok {inner}))");
        assert_eq!(body(epoch, version, coin, &outer), "(ok (err u128))", "{epoch}");
    }
}

#[test]
fn allowances_of_one_non_fungible_token_count_together() {
    let one = |id: u8| format!("(with-nft current-contract \"n\" (list u{id}))");
    let all = |id: u8| format!("(with-nft current-contract \"*\" (list u{id}))");
    for (allowed, said) in [
        ([one(5), one(4)], "(ok (ok u1))"),
        ([one(4), one(5)], "(ok (ok u1))"),
        ([all(4), all(5)], "(ok (ok u1))"),
        ([one(5), all(5)], "(ok (ok u1))"),
        ([one(5), all(4)], "(ok (err u1))"),
        ([one(4), all(5)], "(ok (err u0))"),
        ([one(3), one(4)], "(ok (err u0))"),
        (["(with-stx u1)".to_owned(), one(4)], "(ok (err u1))"),
        (["(with-stx u1)".to_owned(), "(with-stx u2)".to_owned()], "(ok (err u128))"),
    ] {
        for (epoch, version) in [("3.3", 4), ("3.4", 5), ("4.0", 6)] {
            let left = "(unwrap-panic (nft-burn? n u5 tx-sender))";
            let restricted = format!("(restrict-assets? tx-sender ({}) {left} u1)", allowed.join(" "));
            let minted = "(define-non-fungible-token n uint) (nft-mint? n u5 tx-sender)";
            let go = format!("{minted} (define-public (go) (ok (print {restricted})))");
            let mut memory = memory(epoch, version);
            memory.publish("c", &go);
            assert_eq!(call(&mut memory, "go", &[]), said, "{epoch}: {allowed:?}");
        }
    }
    // An allowance for all tokens between two for the same token changes nothing.
    let three = [one(4), all(4), one(5)].join(" ");
    let nft = "(define-non-fungible-token n uint) (nft-mint? n u5 tx-sender)";
    let form = format!("(restrict-assets? tx-sender ({three}) (unwrap-panic (nft-burn? n u5 tx-sender)) u1)");
    assert_eq!(body("3.4", 5, nft, &form), "(ok (err u1))");
}

#[test]
fn stx_that_is_moved_and_burnt_counts_together_and_before_3_4_must_not_make_a_difference() {
    let run = |epoch: &str, version: u8, allowed: &str| {
        let mut memory = memory(epoch, version);
        let left = "(unwrap-panic (stx-transfer? u3 tx-sender .c)) (unwrap-panic (stx-burn? u3 tx-sender))";
        let go = format!("(define-public (go) (ok (print (restrict-assets? tx-sender ({allowed}) {left} u1))))");
        let balance = Balance { amount: 10, ..Balance::default() };
        memory.texts.insert(keys::balance(&sender()).to_string(), balance.encode());
        memory.texts.insert(keys::LIQUID_SUPPLY.to_owned(), hex::encode(Value::UInt(10).encode()));
        memory.publish("c", &go);
        call(&mut memory, "go", &[])
    };
    for (allowed, before, after) in [
        ("(with-stx u5)", "Expect", "(ok (err u0))"),
        ("(with-stx u10) (with-stx u5)", "Expect", "(ok (err u1))"),
        ("(with-stx u5) (with-stx u2)", "(ok (err u1))", "(ok (err u0))"),
        ("(with-stx u6)", "(ok (ok u1))", "(ok (ok u1))"),
        ("", "(ok (err u128))", "(ok (err u128))"),
    ] {
        assert_eq!([run("3.3", 4, allowed), run("3.4", 5, allowed)], [before, after], "{allowed}");
    }
}
