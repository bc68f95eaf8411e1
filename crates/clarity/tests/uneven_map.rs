//! `map` over sequences of which a later one is empty: before 4.0 its steps run with fewer arguments than the function
//! takes, and fail like calls with too few (quirk 64 of the language); since 4.0 there is no step.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is test code")]

use clarity::test_support::{Memory, id};
use clarity::{Dialect, Rules};

/// Functions of two arguments, with the type of both.
const FUNCTIONS: [(&str, &str); 9] = [
    (">", "int"),
    ("<", "int"),
    (">=", "int"),
    ("<=", "int"),
    ("xor", "int"),
    ("mod", "int"),
    ("pow", "int"),
    ("sum", "int"),
    ("and", "bool"),
];

#[test]
fn a_step_of_map_with_too_few_arguments_fails_and_does_not_panic() {
    for rules in Rules::ALL {
        let dialect = Dialect::ALL.iter().find(|dialect| dialect.version == 3).unwrap();
        let mut memory = Memory::new(rules, dialect);
        for (function, of) in FUNCTIONS {
            let one = if of == "int" { "7" } else { "true" };
            let source = format!(
                "(define-data-var empty (list 3 {of}) (list))
                 (define-private (sum (a int) (b int)) (+ a b))
                 (define-public (go) (ok (map {function} (list {one} {one}) (var-get empty))))"
            );
            memory.publish("uneven", &source);
            let said = match memory.call(&id("uneven"), "go", Vec::new()).0 {
                Ok(value) => value.to_string(),
                Err(stop) => format!("{stop:?}"),
            };
            let expected = match (function, rules.epoch) {
                (_, "4.0" | "4.1") => "(ok ())",
                // `and` takes one argument, too.
                ("and", _) => "(ok (true true))",
                _ => "IncorrectArgumentCount(2, 1)",
            };
            assert!(said.contains(expected), "{function} in {}: {said}", rules.epoch);
        }
    }
}
