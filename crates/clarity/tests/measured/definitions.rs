//! Definitions: taken names, and which fault is reported first.

use clarity::state::Contract;
use clarity::test_support::id;

use super::{call, memory};

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
        // After the deployment all functions of the contract are defined.
        let mut memory = memory(epoch, version);
        memory.publish("c", "(define-public (go) (ok (let ((k 1)) 2))) (go) (define-private (k) 1)");
        assert_eq!(call(&mut memory, "go", &[]), "NameAlreadyUsed", "{epoch}");
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

#[test]
fn what_as_max_len_gives_may_be_larger_and_deeper_than_a_value() {
    let deep = |levels: usize| format!("{}int{}", "(list 1 ".repeat(levels), ")".repeat(levels));
    for (epoch, version) in [("3.0", 1), ("3.4", 5)] {
        let published = |source: &str| {
            let mut memory = memory(epoch, version);
            let (contract, _) = memory.try_publish("c", source).map_err(|error| error.to_string())?;
            // The contract can also be stored.
            let stored = contract.encode().unwrap();
            assert_eq!(Contract::decode(&stored, &id("c"), memory.rules).unwrap().encode(), Ok(stored));
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
