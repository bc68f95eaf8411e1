//! How the checker treats contract literals: in both arms of an `if`, among the entries of a list, where a trait is
//! expected. Each line of `contract_names.txt` is an expression, the versions of the language that have it, and the
//! answer of the network's checker (epochs 3.0, 3.3, 3.4 and 4.0, which all agree).
//!
//! In the expressions, `.a` and `.c` implement the trait `tt`, `.z` does not, and `.n` does not exist; `t` is a
//! parameter of type `<tt>`, `u` one of a trait that no contract implements, `b` a boolean.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is test code")]

use clarity::test_support::{Memory, SENDER};
use clarity::{Dialect, Rules};

const EXPRESSIONS: &str = include_str!("contract_names.txt");

const HAS_TRAIT: &str = "(define-trait doer ((who () (response principal uint)))) (define-public (who) (ok tx-sender))";

/// The definitions before an expression.
const BEFORE: &str = "
(use-trait tt .a.doer)
(define-trait uu ((x () (response int int))))
(define-constant K .a)
(define-constant K2 (default-to .a (some .c)))
(define-map M principal int)
(define-map ML (list 3 principal) int)
(define-data-var V principal tx-sender)
(define-non-fungible-token N principal)
(define-private (g (b bool)) (begin (asserts! b .a) .c))
(define-private (h (b bool)) (begin (asserts! b .a) .a))
(define-private (k (x int) (y principal)) y)
(define-private (m (x int)) .a)
(define-private (m2 (x int)) (some .a))
(define-private (mm (x principal)) true)
(define-private (kk (x principal) (y int)) y)
(define-private (kk2 (x int) (y principal)) .a)
(define-private (kk3 (x int) (y <tt>)) y)
(define-private (r1) (some .a))
(define-private (r2) .a)
(define-private (r3) (list .a .c))
(define-private (r4) (ok .a))
(define-private (r5 (b bool)) (if b (some .a) (some .a)))
(define-private (r6) {x: .a})
(define-private (r7 (t <tt>)) t)
(define-private (r8) (default-to .a (some .c)))
(define-private (r10 (t <tt>)) (list t))
(define-private (r11) (some (default-to .a (some .c))))
(define-private (r12 (b bool)) (begin (asserts! b (some .a)) (some .c)))
(define-private (r13 (b bool)) (begin (asserts! b (some .a)) (some .a)))
(define-private (r14 (b bool)) (begin (asserts! b (list .a)) (list .a .c)))
(define-read-only (r15) .a)
(define-private (w (t <tt>)) 1)
";
/// Traits inside other types, which Clarity 1 does not have.
const INSIDE: &str = "
(define-private (wl (l (list 3 <tt>))) 1)
(define-private (wo (o (optional <tt>))) 1)
(define-private (wt (x {x: <tt>})) 1)
";

fn has(versions: &str, version: u8) -> bool {
    match versions {
        "all" => true,
        "1" => version == 1,
        "2+" => version >= 2,
        "4+" => version >= 4,
        other => panic!("{other}"),
    }
}

#[test]
fn names_of_contracts_have_the_types_that_the_network_gives_them() {
    let mut differences = Vec::new();
    for rules in Rules::ALL {
        for dialect in Dialect::ALL.iter().filter(|dialect| dialect.version <= rules.newest_version) {
            let mut memory = Memory::new(rules, dialect);
            memory.publish("a", HAS_TRAIT);
            memory.publish("c", HAS_TRAIT);
            memory.publish("z", "(define-public (other) (ok 1))");
            for line in EXPRESSIONS.lines() {
                let (question, expected) = line.split_once(" => ").unwrap();
                let (versions, expression) = question.split_once(' ').unwrap();
                if !has(versions, dialect.version) {
                    continue;
                }
                let inside = if dialect.version == 1 { "" } else { INSIDE };
                let source = format!("{BEFORE}{inside}(define-private (f (b bool) (t <tt>) (u <uu>)) {expression})");
                let said = memory.try_publish("tested", &source);
                let said = said.map_or_else(|error| error.to_string().replace(SENDER, ""), |_| "OK".to_owned());
                if said != expected {
                    differences.push(format!(
                        "{} in Clarity {}: {expression}\n    {said}\n    {expected}",
                        rules.epoch, dialect.version
                    ));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}
