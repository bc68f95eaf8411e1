//! Traits, and contracts that are bound to them.

use clarity::Dialect;
use clarity::principal::Principal;
use clarity::test_support::id;
use clarity::value::Value;

use super::{body, call, memory};

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
fn a_local_variable_may_have_the_name_of_a_trait_that_is_bound() {
    // The result in Clarity 1 and in later versions, which refuse the name at run time. `None`: the deployment is
    // refused.
    let taken = "NameAlreadyUsed";
    let cases = [
        ("(let ((x (contract-of x))) (ok u1))", Some("(ok u1)"), Some(taken)),
        ("(let ((x u1)) (contract-call? x f))", Some("(ok u7)"), Some(taken)),
        ("(let ((x 1)) (ok (contract-of x)))", Some("(ok ST000000000000000000002AMW42H.i)"), Some(taken)),
        ("(match (some u1) x (ok u5) (ok u6))", Some("(ok u5)"), Some(taken)),
        ("(match (contract-call? x f) x (ok u5) x (ok u6))", Some("(ok u5)"), Some(taken)),
        ("(let ((x 1)) (p x))", Some("TypeValueError"), Some(taken)),
        ("(let ((x 1)) (ok (+ x 1)))", None, None),
        ("(let ((x 1)) (let ((x 2)) (ok u1)))", None, None),
        ("(let ((x 1) (x 2)) (ok u1))", None, None),
        ("(let ((y x)) (let ((y 1)) (ok u1)))", None, Some(taken)),
    ];
    for (version, by) in [(1, 1), (2, 2), (5, 2)] {
        for (body, first, later) in cases {
            let expected = if by == 1 { first } else { later };
            let mut memory = memory("3.4", version);
            memory.publish("t", "(define-trait ft ((f () (response uint uint))))");
            memory.publish("i", "(define-public (f) (ok u7))");
            let source = format!(
                "(use-trait t .t.ft) (define-private (p (y <t>)) (contract-call? y f)) (define-public (go (x <t>)) {body})"
            );
            let given = memory.try_publish("c", &source).is_ok().then(|| {
                memory.publish("c", &source);
                let i = hex::encode(Value::principal(Principal::Contract(id("i"))).encode());
                call(&mut memory, "go", &[&i])
            });
            assert_eq!(given.as_deref(), expected, "{body} in Clarity {version}");
        }
    }
}

#[test]
fn an_imported_trait_takes_its_own_name_in_clarity_1_and_its_alias_later() {
    let definitions = [
        "(define-data-var own int 1)",
        "(define-constant own 1)",
        "(define-map own int int)",
        "(define-fungible-token own)",
        "(define-private (own) 1)",
        "(define-public (g (own int)) (ok own))",
        "(define-public (g) (let ((own 1)) (ok own)))",
        "(define-public (g) (match (some 1) own (ok own) (ok 2)))",
    ];
    for version in [1, 2, 5] {
        let mut memory = memory("3.4", version);
        memory.publish("t", "(define-trait own ((f () (response uint uint))))");
        for (number, definition) in definitions.iter().enumerate() {
            for (alias, taken) in [("other", version == 1), ("own", true)] {
                let source = format!("(use-trait {alias} .t.own) {definition}");
                let published = memory.try_publish(&format!("c{number}{alias}"), &source).is_ok();
                assert_eq!(published, !taken, "{source} in Clarity {version}");
            }
        }
        let own_trait = "(use-trait other .t.own) (define-trait own ((g () (response uint uint))))";
        assert!(memory.try_publish("again", own_trait).is_ok());
    }
}

#[test]
fn a_contract_is_asked_for_the_method_before_its_trait_is() {
    let mut memory = memory("3.4", 1);
    memory.publish("a", "(define-trait a ((other () (response bool bool))))");
    memory.publish("has", "(define-public (dt) (ok true))");
    memory.publish("lacks", "(define-public (other) (ok true))");
    let own = "(define-trait a ((dt () (response bool bool))))";
    memory.publish("c", &format!("(use-trait al .a.a) {own} (define-public (go (x <al>)) (contract-call? x dt))"));
    for (contract, error) in [("lacks", "BadTraitImplementation"), ("has", "TraitMethodUnknown")] {
        let contract = hex::encode(Value::principal(Principal::Contract(id(contract))).encode());
        assert_eq!(call(&mut memory, "go", &[&contract]), error);
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
            // Surplus arguments are not checked.
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
