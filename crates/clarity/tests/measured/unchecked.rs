//! Code that the checker skips, and natives that refuse more than they seem to.

use clarity::test_support::{PAST, id, sender};

use super::{body, call, memory};

/// Surplus arguments are evaluated without being checked, which shows what ill-typed expressions do.
#[test]
fn what_is_not_checked_fails_as_on_the_network() {
    const RULED_OUT: &str = "RuntimeCheck(Unreachable(\"Unexpected error type during runtime analysis";
    let before = "(define-data-var v int 1) (define-map m int int) (define-fungible-token f)
        (define-non-fungible-token n int) (define-private (b (x int)) x)";
    let lines: Vec<&str> = include_str!("unchecked.txt").lines().collect();
    assert!(lines.len() > 300, "{} lines", lines.len());
    for pair in lines.chunks(2) {
        let [expression, expected] = pair else { panic!("an expression without its failure: {pair:?}") };
        let expected = expected.trim().replace("SENDER", sender().to_string().trim_matches('\''));
        let mut memory = memory("3.4", 5);
        memory.publish("t", "(define-trait t ((id (int) (response int int)))) (define-public (id (x int)) (ok x))");
        memory.publish("c", &format!("{before} (define-public (go) (ok (begin (b 1 {expression}) 1)))"));
        let stop = memory.call(&id("c"), "go", Vec::new()).0.unwrap_err();
        let said = stop.to_string();
        if said.starts_with(RULED_OUT) && !expected.starts_with(RULED_OUT) {
            // The exact fault does not matter: no block may hold the transaction.
            let no_block = expected.starts_with("RuntimeCheck(Unreachable(") || expected.starts_with("Internal(");
            assert!(no_block && stop.is_rejectable(), "{expression}: {said}, not {expected}");
        } else {
            assert_eq!(said, expected, "{expression}");
        }
    }
}

#[test]
fn public_functions_give_responses_whichever_way_they_are_left() {
    let leaves = "(define-private (b (x int)) x) (define-public (c) (begin (b 1 (asserts! false 7)) (ok 3)))
        (define-read-only (r) (begin (b 1 (asserts! false 7)) (ok 3)))";
    let mut memory = memory("3.4", 5);
    memory.publish("c", leaves);
    assert_eq!(call(&mut memory, "c", &[]), "Unreachable");
    assert_eq!(call(&mut memory, "r", &[]), "7");
    assert!(memory.try_publish("d", &format!("{leaves} (print (c))")).is_err());
}

#[test]
fn more_than_a_native_takes_is_not_looked_at() {
    let leaves = |expression: &str| {
        let source = format!(
            "(define-private (b (x int)) x) (define-public (go) (begin (b 1 (asserts! false (ok {expression}))) (ok true)))"
        );
        let mut memory = memory("3.4", 5);
        memory.publish("c", &source);
        call(&mut memory, "go", &[])
    };
    assert_eq!(leaves("(is-eq)"), "(ok true)");
    assert_eq!(leaves("(print 1 (unwrap-panic none))"), "(ok 1)");
    assert_eq!(leaves("(index-of (list 1) u0)"), "(ok none)");
}

#[test]
fn before_its_contract_a_variable_is_none() {
    let before = "(define-data-var v (buff 32) 0x03) (define-data-var t {a: int} {a: 1})";
    for (expression, said) in [
        ("(var-get v)", "(ok none)"),
        ("(get a (var-get t))", "(ok none)"),
        ("(+ (get a (var-get t)) 1)", "UnionTypeValueError"),
        ("(sha256 (var-get v))", "UnionTypeValueError"),
        ("(is-eq (var-get v) 0x03)", "TypeError"),
        ("(len (var-get v))", "Unreachable"),
        ("(as-max-len? (var-get v) u33)", "Unreachable"),
    ] {
        let mut memory = memory("3.3", 3);
        let past = hex::encode(PAST);
        memory.publish("c", &format!("{before} (define-public (go) (ok (at-block 0x{past} {expression})))"));
        // An older block of this chain has the same state as the tip, so the test removes the variables.
        memory.texts.retain(|key, _| !key.contains("::1::"));
        assert_eq!(call(&mut memory, "go", &[]), said, "{expression}");
    }
}

#[test]
fn functions_of_clarity_6_refuse_what_would_prove_too_much() {
    let run = |expression: &str| body("4.0", 6, "", expression);
    // A point of small order as key, and as R.
    let small = format!("01{}", "00".repeat(31));
    assert_eq!(run(&format!("(ed25519-verify 0x 0x{small}{} 0x{small})", "00".repeat(32))), "(ok false)");
    // Three leaves, of which the last is its own sibling; claimed as the third of four.
    let (leaf, other) = ("22".repeat(32), "11".repeat(32));
    let hash = |a: &str, b: &str| format!("(sha256 (sha256 (concat {a} {b})))");
    let (a, b) = (format!("0x{other}"), format!("0x{leaf}"));
    let root = hash(&hash(&a, &a), &hash(&b, &b));
    let proof = |count: u8| run(&format!("(verify-merkle-proof {b} {root} u2 u{count} (list {b} {}))", hash(&a, &a)));
    assert_eq!([proof(3), proof(4)], ["(ok true)", "(ok false)"]);
    // An input count of 0 marks the form with witnesses; here no input follows, so there is no witness.
    let output = |bytes: &str| run(&format!("(is-ok (get-bitcoin-tx-output? 0x{bytes} u0))"));
    assert_eq!(output("02000000000100010500000000000000015100000000"), "(ok true)");
    assert_eq!(output("020000000002050000000000000001510500000000000000015100000000"), "(ok false)");
}
