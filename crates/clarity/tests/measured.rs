//! What the reference does where no conformance case looks: measured on its VM in clarinet's SDK 3.21 (epochs 3.0 to 3.4, and of
//! Clarity 6 what does not depend on the later rules of 4.0).

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is test code")]

use clarity::keys;
use clarity::principal::Principal;
use clarity::state::{Balance, Contract};
use clarity::test_support::{Memory, PAST, id, sender};
use clarity::value::Value;
use clarity::{Dialect, Rules};

fn memory(epoch: &str, version: u8) -> Memory {
    let rules = Rules::ALL.iter().find(|rules| rules.epoch == epoch).unwrap();
    Memory::new(rules, Dialect::ALL.iter().find(|dialect| dialect.version == version).unwrap())
}

/// What a call gives, or the error's name.
fn call(memory: &mut Memory, function: &str, arguments: &[&str]) -> String {
    let arguments = arguments.iter().map(|hex| Value::decode(&hex::decode(hex).unwrap()).unwrap()).collect();
    match memory.call(&id("c"), function, arguments).0 {
        Ok(value) => value.to_string(),
        Err(stop) => stop.kind().to_owned(),
    }
}

/// What the body of a public function without arguments gives.
fn body(epoch: &str, version: u8, before: &str, body: &str) -> String {
    let mut memory = memory(epoch, version);
    memory.publish("c", &format!("{before} (define-public (go) (ok {body}))"));
    call(&mut memory, "go", &[])
}

const INT_0: &str = "0000000000000000000000000000000000";
const INT_5: &str = "0000000000000000000000000000000005";

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
        // What an inner form lets pass, an outer one still sees.
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
    // An allowance between two of the same token changes nothing.
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

#[test]
fn a_tuple_may_lack_fields_of_its_parameter_before_4_0_and_has_no_others() {
    let source = "(define-data-var v {b: int, k: bool} {b: 1, k: true})
        (define-public (same (p {b: int, k: bool})) (ok p))
        (define-public (inner (p (optional {b: int, k: bool}))) (ok p))
        (define-public (b (p {b: int, k: bool})) (ok (get b p)))
        (define-public (k (p {b: int, k: bool})) (ok (get k p)))
        (define-public (merged (p {b: int, k: bool})) (ok (merge p {k: false})))
        (define-public (equal (p {b: int, k: bool})) (ok (is-eq p {b: 5, k: true})))
        (define-public (listed (p {b: int, k: bool})) (ok (list p)))
        (define-public (kept (p {b: int, k: bool})) (ok (var-set v p)))
        (define-public (one (p {b: int})) (ok p))
        (define-public (ones (p (list 2 {b: int}))) (ok p))";
    let lacks_k = format!("0c000000010162{INT_5}");
    let has_both = format!("0c000000020162{INT_5}016b03");
    for (epoch, version) in [("3.0", 2), ("3.3", 4), ("3.4", 5)] {
        let mut memory = memory(epoch, version);
        memory.publish("c", source);
        for (function, said) in [
            ("same", "(ok (tuple (b 5)))"),
            ("b", "(ok 5)"),
            ("k", "Unreachable"),
            ("merged", "(ok (tuple (b 5) (k false)))"),
            ("equal", "(ok false)"),
            ("listed", "ListTypesMustMatch"),
            ("kept", "CouldNotDetermineType"),
        ] {
            assert_eq!(call(&mut memory, function, &[&lacks_k]), said, "{epoch}: {function}");
        }
        assert_eq!(call(&mut memory, "inner", &[&format!("0a{lacks_k}")]), "(ok (some (tuple (b 5))))", "{epoch}");
        assert_eq!(call(&mut memory, "one", &[&has_both]), "TypeValueError", "{epoch}");
        assert_eq!(call(&mut memory, "ones", &[&format!("0b00000001{has_both}")]), "TypeValueError", "{epoch}");
        // Nor may what is of another type be kept.
        let swapped = format!("0c00000002016203016b{INT_5}");
        assert_eq!(call(&mut memory, "same", &[&swapped]), "(ok (tuple (b true) (k 5)))", "{epoch}");
        assert_eq!(call(&mut memory, "kept", &[&swapped]), "CouldNotDetermineType", "{epoch}");
    }
    let mut memory = memory("4.0", 6);
    memory.publish("c", source);
    assert_eq!(call(&mut memory, "same", &[&lacks_k]), "TypeValueError");
}

#[test]
fn of_a_field_that_stands_twice_in_bytes_the_last_counts_until_4_1() {
    let twice = |entries: &str| format!("(from-consensus-buff? {{b: int, k: bool}} 0x0c{entries})");
    let (b0, b5, y) = (format!("0162{INT_0}"), format!("0162{INT_5}"), "017903");
    for (entries, said) in [
        (format!("00000002{b0}{b5}"), "(ok (some (tuple (b 5))))"),
        (format!("00000003{b0}{b5}{y}"), "(ok (some (tuple (b 5))))"),
        (format!("00000003{b0}{b5}016b03"), "(ok none)"),
        (format!("00000001{b5}"), "(ok none)"),
        (format!("00000002{b5}016b03"), "(ok (some (tuple (b 5) (k true))))"),
    ] {
        for (epoch, version) in [("3.0", 2), ("3.4", 5), ("4.0", 6)] {
            assert_eq!(body(epoch, version, "", &twice(&entries)), said, "{epoch}: {entries}");
        }
    }
    assert_eq!(body("4.1", 6, "", &twice(&format!("00000002{b0}{b5}"))), "(ok none)");
    // Whatever is joined to a list is brought to the type of its entries.
    let damaged = format!("(unwrap-panic {})", twice(&format!("00000002{b0}{b5}")));
    for listed in [
        format!("(append (list {{b: 1, k: true}}) {damaged})"),
        format!("(concat (list {{b: 1, k: true}}) (list {damaged}))"),
    ] {
        assert_eq!(body("3.4", 5, "", &listed), "ListTypesMustMatch", "{listed}");
    }
}

#[test]
fn a_constant_that_lacks_a_field_cannot_be_read_nor_its_contract_called_from_3_4_on() {
    let twice = format!("(from-consensus-buff? {{b: int, k: bool}} 0x0c000000020162{INT_0}0162{INT_5})");
    let source = format!(
        "(define-constant d (unwrap-panic {twice}))
         (define-public (b) (ok (get b d))) (define-public (merged) (ok (merge d {{k: true}})))
         (define-public (n) (ok 1))"
    );
    for (epoch, version, once) in [("3.0", 2, false), ("3.3", 4, false), ("3.4", 5, true), ("4.0", 6, true)] {
        let mut memory = memory(epoch, version);
        memory.publish("c", &source);
        let restarted = Contract::decode(&memory.contracts[&id("c")].encode(), &id("c"), memory.rules).unwrap();
        let mut restarted = Some(std::sync::Arc::new(restarted));
        memory.publish("d", "(define-public (n) (contract-call? .c n))");
        for _ in 0..2 {
            for function in ["b", "merged"] {
                assert_eq!(call(&mut memory, function, &[]), "CouldNotDetermineType", "{epoch}: {function}");
            }
            let whole = if once { "CouldNotDetermineType" } else { "(ok 1)" };
            assert_eq!(call(&mut memory, "n", &[]), whole, "{epoch}");
            let called = memory.call(&id("d"), "n", Vec::new()).0;
            assert_eq!(called.map_or_else(|stop| stop.kind().to_owned(), |value| value.to_string()), whole, "{epoch}");
            memory.contracts.extend(restarted.take().map(|contract| (id("c"), contract)));
        }
        assert_eq!(memory.try_publish("reads", &format!("{source} (get b d)")).is_ok(), once, "{epoch}");
    }
}

#[test]
fn errors_of_contracts_that_are_none_or_hide_what_is_called() {
    let account = "(as-contract? ((with-ft tx-sender \"f\" u1)) true)";
    assert_eq!(body("3.4", 5, "", account), "ExpectedContractPrincipalValue");
    let mut memory = memory("3.4", 5);
    memory.publish("t", "(define-trait t ((f (uint) (response uint uint))))");
    memory.publish("hides", "(define-private (f (x uint)) (if true (ok x) (err x)))");
    memory.publish("c", "(use-trait t .t.t) (define-public (go (y <t>)) (contract-call? y f u1))");
    let hides = Value::principal(Principal::Contract(id("hides")));
    assert_eq!(call(&mut memory, "go", &[&hex::encode(hides.encode())]), "NoSuchPublicFunction");
}

#[test]
fn names_of_traits_are_free_in_clarity_1() {
    let source = "(define-trait t ((f () (response int int)) (f (uint) (response uint uint))))";
    for (version, is_taken) in [(1, true), (2, false), (3, false)] {
        let mut memory = memory("3.4", version);
        assert_eq!(memory.try_publish("twice", source).is_ok(), is_taken, "{version}");
        memory.publish("t", "(define-trait t ((f (uint) (response uint uint))))");
        let user = "(use-trait x .t.t) (define-constant x u1) (define-public (g (y <x>)) (contract-call? y f x))";
        assert_eq!(memory.try_publish("user", user).is_ok(), version == 1, "{version}");
    }
}

#[test]
fn functions_of_clarity_6_refuse_what_would_prove_too_much() {
    let run = |expression: &str| body("4.0", 6, "", expression);
    // A point of small order as key, and as R.
    let small = format!("01{}", "00".repeat(31));
    assert_eq!(run(&format!("(ed25519-verify 0x 0x{small}{} 0x{small})", "00".repeat(32))), "(ok false)");
    // Three leaves, whose last stands for itself; claimed as the third of four.
    let (leaf, other) = ("22".repeat(32), "11".repeat(32));
    let hash = |a: &str, b: &str| format!("(sha256 (sha256 (concat {a} {b})))");
    let (a, b) = (format!("0x{other}"), format!("0x{leaf}"));
    let root = hash(&hash(&a, &a), &hash(&b, &b));
    let proof = |count: u8| run(&format!("(verify-merkle-proof {b} {root} u2 u{count} (list {b} {}))", hash(&a, &a)));
    assert_eq!([proof(3), proof(4)], ["(ok true)", "(ok false)"]);
    // No inputs announce witnesses, of which no input has one.
    let output = |bytes: &str| run(&format!("(is-ok (get-bitcoin-tx-output? 0x{bytes} u0))"));
    assert_eq!(output("02000000000100010500000000000000015100000000"), "(ok true)");
    assert_eq!(output("020000000002050000000000000001510500000000000000015100000000"), "(ok false)");
}

#[test]
fn local_names_are_those_of_no_function_that_is_defined() {
    for (epoch, version) in [("3.0", 1), ("3.4", 3), ("4.0", 6)] {
        let published =
            |source: &str| memory(epoch, version).try_publish("c", source).map_err(|error| error.to_string());
        for free in [
            "(define-constant b (let ((b 1)) 2))",
            "(define-private (f) (let ((k 1)) 2)) (define-constant k 1) (f)",
            "(define-private (f) (let ((k 1)) 2)) (f) (define-private (k) 1)",
            "(define-private (t (t int)) 1)",
            "(define-private (t (c int)) 1) (define-read-only (c) 1)",
        ] {
            assert!(published(free).is_ok(), "{epoch}: {free}");
        }
        for taken in [
            "(define-private (f) (let ((k 1)) 2)) (define-private (k) 1) (f)",
            "(define-private (f) (let ((k 1)) 2)) (define-read-only (k) 1) (f)",
            "(define-read-only (c) 1) (define-private (t (c int)) 1)",
        ] {
            let error = published(taken).err().unwrap_or_default();
            assert!(error.contains("NameAlreadyUsed"), "{epoch}: {taken}: {error}");
        }
        // Once the contract is there, all of its functions are.
        let mut memory = memory(epoch, version);
        memory.publish("c", "(define-public (go) (ok (let ((k 1)) 2))) (go) (define-private (k) 1)");
        assert_eq!(call(&mut memory, "go", &[]), "NameAlreadyUsed", "{epoch}");
    }
}

#[test]
fn clarity_1_finds_methods_by_the_own_name_of_the_last_trait() {
    let traits = "(use-trait a .d0.tr) (use-trait b .d1.tr)";
    for (version, of_last) in [(1, true), (2, false)] {
        let mut memory = memory("3.4", version);
        memory.publish("d0", "(define-trait tr ((f () (response uint uint))))");
        memory.publish("d1", "(define-trait tr ((g () (response uint uint))))");
        let mut published = |name: &str, before: &str, method: &str| {
            let source = format!("{before} (define-public (go (x <a>)) (contract-call? x {method}))");
            memory.try_publish(name, &source).is_ok()
        };
        assert_eq!([published("f", traits, "f"), published("g", traits, "g")], [!of_last, of_last], "{version}");
        let own = "(use-trait a .d0.tr) (define-trait tr ((h () (response uint uint))))";
        assert_eq!([published("o", own, "f"), published("h", own, "h")], [!of_last, of_last], "{version}");
    }
}

#[test]
fn a_contract_of_clarity_1_takes_what_is_bound_to_another_trait() {
    for version in [2, 5] {
        let mut memory = memory("3.4", version);
        memory.publish("a", "(define-trait t ((f () (response uint uint))))");
        memory.publish("b", "(define-trait t ((f () (response uint uint))))");
        memory.publish("i", "(define-public (f) (ok u7))");
        memory.dialect = Dialect::of_version(1).unwrap();
        memory.publish("q", "(use-trait t .b.t) (define-public (b (x <t>)) (contract-call? x f))");
        memory.dialect = Dialect::of_version(version).unwrap();
        memory.publish("c", "(use-trait t .a.t) (define-public (go (x <t>)) (contract-call? .q b x))");
        let i = hex::encode(Value::principal(Principal::Contract(id("i"))).encode());
        assert_eq!(call(&mut memory, "go", &[&i]), "(ok u7)", "{version}");
    }
}

#[test]
fn a_called_function_takes_the_same_traits_by_name() {
    for (epoch, version) in [("3.0", 1), ("3.0", 2), ("3.4", 5)] {
        let mut memory = memory(epoch, version);
        for definer in ["a", "b"] {
            memory.publish(definer, "(define-trait t ((f () (response uint uint))))");
            let takes = format!("(use-trait t .{definer}.t) (define-public (call (x <t>)) (ok u9))");
            memory.publish(&format!("takes-{definer}"), &takes);
        }
        memory.publish("m", "(use-trait t .a.t) (define-trait m ((call (<t>) (response uint uint))))");
        memory.publish("takes", "(define-public (f) (ok u7))");
        memory.publish("c", "(use-trait m .m.m) (define-public (go (y <m>)) (contract-call? y call .takes))");
        let said = ["takes-a", "takes-b"].map(|callee| {
            let callee = Value::principal(Principal::Contract(id(callee)));
            call(&mut memory, "go", &[&hex::encode(callee.encode())])
        });
        assert_eq!(said, ["(ok u9)", "BadTraitImplementation"], "{epoch}, {version}");
    }
}

#[test]
fn values_without_a_common_type() {
    let traits = "(define-trait t ((f () (response uint uint)))) (define-trait u ((g () (response uint uint))))";
    let both = "(impl-trait .t.t) (impl-trait .t.u) (define-public (f) (ok u1)) (define-public (g) (ok u1))";
    for (epoch, version) in [("3.0", 2), ("3.4", 5), ("4.0", 6)] {
        let said = |expression: &str| {
            let mut memory = memory(epoch, version);
            memory.publish("t", traits);
            memory.publish("i", both);
            let source = format!(
                "(use-trait t .t.t) (use-trait u .t.u) (define-constant k .i)
                 (define-private (one (x int)) x)
                 (define-public (go (x <t>) (y <u>)) (ok (begin {expression} true)))"
            );
            memory.publish("c", &source);
            let i = Value::principal(Principal::Contract(id("i")));
            match memory.call(&id("c"), "go", vec![i.clone(), i]).0 {
                Ok(_) => "ok".to_owned(),
                Err(stop) => stop.to_string(),
            }
        };
        for united in ["(list x y)", "(append (list x) y)", "(concat (list x) (list y))", "(list (some x) (some y))"] {
            assert_eq!(said(united), "RuntimeCheck(ListTypesMustMatch)", "{epoch}: {united}");
        }
        assert_eq!(said("(asserts! (is-none (index-of (list x x) k)) (err 1))"), "ok", "{epoch}");
        for (expression, types) in [
            // Arguments that a function does not have are not checked.
            ("(one 1 (list 1 true))", "IntType, BoolType"),
            ("(one 1 (list (list 1) (list true)))", "IntType, BoolType"),
            ("(one 1 (append (list 1) true))", "IntType, BoolType"),
            ("(one 1 (concat (list 1) (list true)))", "IntType, BoolType"),
            ("(one 1 (is-eq 1 true))", "BoolType, IntType"),
        ] {
            assert_eq!(said(expression), format!("RuntimeCheck(TypeError({types}))"), "{epoch}: {expression}");
        }
        assert_eq!(said("(one 1 (index-of (list 1) true))"), "RuntimeCheck(IncorrectArgumentCount(1, 2))", "{epoch}");
        let mixed = said("(list x k)");
        assert!(mixed.starts_with("RuntimeCheck(TypeError(CallableType(Trait"), "{epoch}: {mixed}");
        let mixed = said("(is-eq x k)");
        assert!(mixed.starts_with("RuntimeCheck(TypeError(PrincipalType, CallableType"), "{epoch}: {mixed}");
    }
}

#[test]
fn which_fault_of_a_definition_comes_first() {
    let refusal = |source: &str| memory("3.4", 5).try_publish("c", source).err().map(|error| error.to_string());
    let twice = refusal("(define-non-fungible-token c int) (define-public (c) (list 1 2))").unwrap();
    assert!(twice.contains("must return an expression of type 'response'"), "{twice}");
    let name = refusal("(define-fungible-token 1 2 3)").unwrap();
    assert!(name.contains("expected a name argument"), "{name}");
    let count = refusal("(define-fungible-token f 1 2)").unwrap();
    assert!(count.contains("expecting 1 arguments, got 3"), "{count}");
}

/// Arguments that a function does not have are not checked, and evaluated: what ill-typed expressions do.
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
            // Which fault of a form it is, nobody sees: no block holds the transaction.
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
        // In this world the past has the same state, so the variables are taken out of it.
        memory.texts.retain(|key, _| !key.contains("::1::"));
        assert_eq!(call(&mut memory, "go", &[]), said, "{expression}");
    }
}

#[test]
fn what_as_max_len_gives_may_be_larger_and_deeper_than_a_value() {
    let deep = |levels: usize| format!("{}int{}", "(list 1 ".repeat(levels), ")".repeat(levels));
    for (epoch, version) in [("3.0", 1), ("3.4", 5)] {
        let published = |source: &str| {
            let mut memory = memory(epoch, version);
            let (contract, _) = memory.try_publish("c", source).map_err(|error| error.to_string())?;
            // It is stored, too.
            let stored = contract.encode();
            assert_eq!(Contract::decode(&stored, &id("c"), memory.rules).unwrap().encode(), stored);
            Ok::<_, String>(())
        };
        let large = |body: &str| format!("(define-private (f (x (buff 1048572))) {body})");
        for body in
            ["(begin (as-max-len? x u1048572) 1)", "(as-max-len? x u1048576)", "(match (as-max-len? x u1048572) y 1 2)"]
        {
            published(&large(body)).unwrap();
        }
        published(&format!("(define-read-only (f (x {})) (as-max-len? x u1))", deep(31))).unwrap();
        for wrapped in ["(ok (as-max-len? x u1048572))", "{a: (as-max-len? x u1048572)}"] {
            let error = published(&large(wrapped)).unwrap_err();
            assert!(error.contains("greater than maximum allowed value size"), "{error}");
        }
    }
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
fn the_form_of_all_items_comes_before_their_names_and_types() {
    let refusal = |source: &str| memory("3.4", 5).try_publish("c", source).err().unwrap().to_string();
    for (source, says) in [
        ("(define-private (f (x foo) (1 int)) 1)", "failed to parse type: 'foo'"),
        ("(define-private (f (1 int) (x foo)) 1)", "item #1's name is not an atom"),
        ("(define-private (f (1 int) (a)) 1)", "item #2 is not a two-element list"),
        ("(define-private (f (x (tuple (a foo) (a)))) 1)", "item #2 is not a two-element list"),
        ("(define-private (f (x (tuple (1 int) 5))) 1)", "item #2 is not a list"),
        (
            "(define-constant k u1) (define-public (go) (contract-call? k f))",
            "expected a callable contract, found uint",
        ),
    ] {
        let error = refusal(source);
        assert!(error.contains(says), "{source}: {error}");
    }
}
