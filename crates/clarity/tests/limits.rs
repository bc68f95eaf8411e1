//! Programs as large or as deep as the language allows are published, called and stored, on a stack of
//! [`STACK_BYTES`]; larger ones are refused. The stack never overflows, in debug builds either.

#![allow(clippy::panic, clippy::unwrap_used, reason = "this is test code")]

use clarity::engine::STACK_BYTES;
use clarity::state::Contract;
use clarity::test_support::{Memory, RULES, id};
use clarity::value::Value;

/// Runs on a thread with a stack of exactly [`STACK_BYTES`].
fn on_the_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(test).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Forms around a `uint` expression whose value is a `uint` again; `@` is the expression, `#` the level.
const FORMS: &[&str] = &[
    "(let ((v# @)) v#)",
    "(if true @ u0)",
    "(begin @)",
    "(+ u1 @)",
    "(match (some @) v# v# u0)",
    "(match (if true (ok @) (err u1)) v# v# e# e#)",
    "(unwrap-panic (some @))",
    "(default-to u0 (some @))",
    "(try! (if true (ok @) (err u9)))",
    "(fold + (list u1) @)",
    "(fold step (list u1) @)",
    "(get a (tuple (a @)))",
    "(get a {a: @})",
    "(unwrap-panic (element-at? (list @) u0))",
    "(unwrap-panic (element-at? (map step (list @) (list u1)) u0))",
    "(len (filter yes (list @)))",
    "(unwrap-panic (from-consensus-buff? uint (unwrap-panic (to-consensus-buff? @))))",
    "(unwrap-panic (restrict-assets? tx-sender ((with-stx @)) @))",
    "(unwrap-panic (as-contract? ((with-stx u1)) @))",
    "(step u0 @)",
];
/// The natives that need the most of the stack.
const INNERMOST: &str = "(if (and (is-err (secp256k1-recover? (sha256 x) SIG)) (secp256k1-verify (sha256 x) SIG KEY)
    (secp256r1-verify (sha256 x) 0x0100 KEY)) x (len (keccak256 x)))";

fn nested(form: &str, depth: usize) -> String {
    let one = form.matches('@').count() == 1;
    let zeros = |bytes| format!("0x{}", "01".repeat(bytes));
    let innermost = INNERMOST.replace("SIG", &zeros(65)).replace("KEY", &format!("0x02{}", "01".repeat(32)));
    let innermost = if one { innermost.replace("0x0100", &zeros(64)) } else { "x".to_owned() };
    (0..depth).fold(innermost, |body, level| {
        // A form with two places nests in the last only: with both, the text would double at each level.
        let form = form.replace('#', &level.to_string());
        match form.rsplit_once('@') {
            Some((before, after)) => before.replace('@', "u1") + &body + after,
            None => form,
        }
    })
}

fn deep(form: &str, depth: usize) -> String {
    format!(
        "(define-private (step (x uint) (a uint)) (+ x a))
         (define-private (yes (x uint)) (> x u0))
         (define-private (inner (x uint)) (if true (ok {}) (err u1)))
         (define-public (go (x uint)) (inner x))",
        nested(form, depth)
    )
}

#[test]
fn every_form_nests_as_deep_as_the_language_allows() {
    on_the_stack(|| {
        for form in FORMS {
            let mut memory = Memory::default();
            let depths = (1..=RULES.call_depth + 8).rev();
            let deepest = depths.into_iter().find(|depth| memory.try_publish("deep", &deep(form, *depth)).is_ok());
            let deepest = deepest.unwrap_or_else(|| panic!("{form} is none"));
            // A form of three nested lists nests a third as often.
            let lists = form.matches('(').count().max(form.matches('{').count() * 2);
            let least = if form.contains("?") && form.contains("with-stx") { 1 } else { RULES.call_depth / lists / 2 };
            assert!(deepest >= least, "{form} nests {deepest} times");
            for depth in [deepest, deepest * 3 / 4, deepest / 2, 1] {
                memory.publish("deep", &deep(form, depth.max(1)));
                // Near the limit the call may fail by its depth; at half of it or less it returns a value.
                let (outcome, _) = memory.call(&id("deep"), "go", vec![Value::UInt(1)]);
                match outcome {
                    Ok(value) => assert!(matches!(value, Value::Ok(_)), "{form} at {depth}: {value}"),
                    Err(stop) => {
                        assert_eq!(stop.kind(), "MaxStackDepthReached", "{form} at {depth}: {stop}");
                        assert!(depth > deepest / 2, "{form} at {depth}");
                    }
                }
            }
        }
    });
}

#[test]
fn functions_call_functions_to_the_limit() {
    on_the_stack(|| {
        let mut failed = 0;
        for (call, most) in
            [("(f@ x)", 64), ("(fold g@ (list u1) x)", 43), ("(unwrap-panic (element-at? (map f@ (list x)) u0))", 32)]
        {
            let chain = |length: usize| {
                let functions: String = (1..=length)
                    .map(|at| {
                        let call = call.replace('@', &(at - 1).to_string());
                        format!(
                            "(define-private (f{at} (x uint)) {call})\n(define-private (g{at} (y uint) (x uint)) {call})\n"
                        )
                    })
                    .collect();
                format!(
                    "(define-private (f0 (x uint)) x)\n(define-private (g0 (y uint) (x uint)) (+ x y))\n{functions}
                     (define-public (go (x uint)) (ok (f{length} x)))"
                )
            };
            let mut memory = Memory::default();
            for length in 1..=most + 2 {
                memory.publish("chain", &chain(length));
                let (outcome, _) = memory.call(&id("chain"), "go", vec![Value::UInt(1)]);
                if let Err(stop) = outcome {
                    assert_eq!(stop.kind(), "MaxStackDepthReached", "{call}: {length}");
                    assert!(length > most / 2, "{call}: {length}");
                    failed += 1;
                }
            }
        }
        assert!(failed > 0, "none reached the limit");
    });
}

/// Two families of traits, in which two methods take the next trait of the family, and a call that passes one family's
/// first trait where the other's is expected.
fn families_of_traits(levels: usize) -> String {
    let family = |letter: char| {
        let traits = (0..=levels).rev().map(|level| {
            let next = if level == levels { "uint".to_owned() } else { format!("<{letter}{}>", level + 1) };
            let method = |name: &str| format!("({name} ({next}) (response bool uint))");
            format!("(define-trait {letter}{level} ({} {}))", method("f"), method("g"))
        });
        traits.collect::<String>()
    };
    let given = "(define-private (h (x <p0>)) true) (define-public (go (y <q0>)) (ok (h y)))";
    format!("{}{}{given}", family('p'), family('q'))
}

/// If they were compared once per path, the last traits would be compared 10^9 times.
#[test]
fn traits_that_lead_to_the_same_traits_are_compared_once() {
    on_the_stack(|| {
        for rules in clarity::Rules::ALL.into_iter().filter(|rules| !rules.epoch.starts_with('4')) {
            let mut memory = Memory::new(rules, clarity::Dialect::ALL[1]);
            assert!(memory.try_publish("traits", &families_of_traits(29)).is_ok(), "{}", rules.epoch);
            let error = memory.try_publish("traits", &families_of_traits(60)).unwrap_err().to_string();
            assert!(error.contains("trait-reference chain exceeds"), "{}: {error}", rules.epoch);
        }
    });
}

#[test]
fn contracts_call_contracts_to_the_limit() {
    on_the_stack(|| {
        let mut memory = Memory::default();
        memory.publish("c0", "(define-public (go) (ok u1))");
        let mut reached = None;
        for at in 1..=RULES.call_depth {
            let callee = at - 1;
            memory.publish(&format!("c{at}"), &format!("(define-public (go) (contract-call? .c{callee} go))"));
            if let (Err(stop), _) = memory.call(&id(&format!("c{at}")), "go", Vec::new()) {
                assert_eq!(stop.kind(), "MaxStackDepthReached");
                reached = Some(at);
                break;
            }
        }
        assert!(reached.is_some_and(|at| at > RULES.call_depth / 4), "{reached:?}");
    });
}

#[test]
fn values_nest_as_deep_as_types_may() {
    on_the_stack(|| {
        for (open, close) in [("(list ", ")"), ("(some ", ")"), ("(ok ", ")"), ("{a: ", "}"), ("(tuple (a ", "))")] {
            let constant =
                |depth: usize| format!("(define-constant c {}u1{})\n", open.repeat(depth), close.repeat(depth));
            let mut memory = Memory::default();
            let source = |depth| {
                constant(depth)
                    + "(define-read-only (go) c)\n(define-public (say) (ok (len (unwrap-panic (to-consensus-buff? c)))))"
            };
            let deepest = (1..64).rev().find(|depth| memory.try_publish("value", &source(*depth)).is_ok());
            assert!(deepest.is_some_and(|depth| depth > 25), "{open} nests {deepest:?} times");
            memory.publish("value", &source(deepest.unwrap()));
            let (value, _) = memory.call(&id("value"), "go", Vec::new());
            // Without a type, a value is decoded to 16 levels only, as the arguments of a transaction are.
            assert!(Value::decode(&value.unwrap().encode()).is_err(), "{open}");
            assert!(memory.call(&id("value"), "say", Vec::new()).0.is_ok(), "{open}");
        }
    });
}

/// Bytes of the largest source.
const MEBIBYTE: usize = 1 << 20;

/// A source with as many pieces as fit into the largest one.
fn many(head: &str, piece: impl Fn(usize) -> String, tail: &str) -> String {
    let mut source = head.to_owned();
    for at in 0.. {
        let piece = piece(at);
        if source.len() + piece.len() + tail.len() > MEBIBYTE {
            break;
        }
        source.push_str(&piece);
    }
    source + tail
}

#[test]
fn the_largest_sources_are_published_and_called() {
    on_the_stack(|| {
        let functions = many(
            "",
            |at| format!("(define-private (f{at} (x uint)) (+ x u{at}))\n"),
            "(define-public (go) (ok (f7 u1)))",
        );
        let mut memory = Memory::default();
        memory.publish("large", &functions);
        assert_eq!(memory.keep("large", "go", Vec::new()).to_string(), "(ok u8)");
        let comment = many("(define-public (go) (ok u1))", |_| ";; nothing\n".to_owned(), "");
        memory.publish("large", &comment);
        assert_eq!(memory.keep("large", "go", Vec::new()).to_string(), "(ok u1)");
        let text = many("(define-public (go) (ok (len \"", |_| "a".to_owned(), "\")))");
        if memory.try_publish("text", &text).is_ok() {
            memory.publish("text", &text);
            memory.keep("text", "go", Vec::new());
        }
    });
}

#[test]
fn the_worst_of_the_largest_sources_are_published_or_refused() {
    on_the_stack(|| {
        let sources = [
            "(".repeat(MEBIBYTE),
            "{".repeat(MEBIBYTE),
            "(list ".repeat(MEBIBYTE / 6),
            "\"".repeat(MEBIBYTE),
            many("(define-constant l (list ", |at| format!("u{at} "), "))"),
            many("(define-constant t {", |at| format!("a{at}: u1, "), "z: u1})"),
            many("(define-public (go) (begin ", |_| "(+ u1 u1) ".to_owned(), "(ok u1)))"),
            many("(define-private (f0) u1)\n", |at| format!("(define-private (f{}) (f{at}))\n", at + 1), ""),
            many("(define-private (g (x uint)) (let (", |at| format!("(v{at} x) "), ") x))"),
        ];
        for source in sources {
            let mut memory = Memory::default();
            if let Ok((contract, _)) = memory.try_publish("worst", &source) {
                Contract::decode(&contract.encode().unwrap(), &id("worst"), RULES).unwrap();
            }
        }
    });
}
