//! The engine on a chain with only the contracts that these tests publish.

use std::cell::Cell;
use std::thread;

use super::*;
use crate::Rules;
use crate::costs::{Cost, CostError, Meter};
use crate::error::CheckError;
use crate::names::ClarityName;
use crate::run::Event;
use crate::test_support::{Memory, PAST, RULES, context, id, numbers};
use crate::value::Value;

const COUNTER: &str = "(define-constant step (+ u1 u1))
    (define-constant steps (list {by: (list u1 u2)} {by: (list)}))
    (define-data-var n uint u0)
    (define-public (inc) (begin (var-set n (+ (var-get n) step)) (ok (var-get n))))
    (define-read-only (current) (var-get n))
    (define-private (hidden (x uint)) (* x step))";

#[test]
fn a_contract_is_called_after_a_restart() {
    let mut world = Memory::default();
    world.publish("counter", COUNTER);
    let mut machine = world.machine();
    assert_eq!(machine.call(&context(), &id("counter"), "inc", Vec::new()).unwrap().to_string(), "(ok u2)");
    assert_eq!(machine.journal.take().len(), 1);
}

#[test]
fn what_reads_does_not_write() {
    let mut world = Memory::default();
    world.publish("counter", COUNTER);
    let mut machine = world.machine();
    let read =
        |machine: &mut Machine<'_>, name: &str| machine.call_read_only(&context(), &id("counter"), name, Vec::new());
    assert_eq!(read(&mut machine, "current").unwrap(), Value::UInt(0));
    assert_eq!(read(&mut machine, "inc").unwrap_err().kind(), "WriteAttemptedInReadOnly");
    assert_eq!(machine.journal.take().len(), 0);
}

#[test]
fn a_snippet_is_evaluated_in_its_contract() {
    let mut world = Memory::default();
    world.publish("counter", COUNTER);
    let mut machine = world.machine();
    let mut evaluate = |text: &str| machine.evaluate(&context(), &id("counter"), text);
    assert_eq!(evaluate("(hidden (+ (current) u5))").unwrap(), Value::UInt(10));
    // The second entry carries its own type, both before and after it is stored.
    assert_eq!(evaluate("(get by (unwrap-panic (element-at steps u1)))").unwrap().size(), 6);
    assert_eq!(evaluate("(var-set n u1)").unwrap_err().kind(), "WriteAttemptedInReadOnly");
    assert!(evaluate("(").is_err());
    assert!(evaluate("(no-such u1)").is_err());
    assert!(evaluate("").is_err());
}

#[test]
fn damaged_storage_is_refused() {
    let mut world = Memory::default();
    world.publish("counter", COUNTER);
    let stored = world.contracts[&id("counter")].encode().unwrap();
    for end in 0..stored.len() {
        assert!(Contract::decode(&stored[..end], &id("counter"), RULES).is_err(), "{end}");
    }
}

#[test]
fn the_deepest_program_fits_the_stack() {
    // Nested bindings, choices, folds and natives around calls, as deep as the language allows, on a thread's default
    // stack.
    let nest = |inner: &str, depth: usize| {
        (0..depth).fold(inner.to_owned(), |body, level| match level % 4 {
            0 => format!("(let ((v{level} {body})) v{level})"),
            1 => format!("(if true {body} u0)"),
            2 => format!("(unwrap-panic (some {body}))"),
            _ => format!("(begin {body})"),
        })
    };
    let source = format!(
        "(define-private (deepest (x uint) (a uint)) {})
         (define-public (go) (ok (fold deepest (list u1) u0)))",
        nest("(+ x a)", 60)
    );
    let run = move || {
        let mut world = Memory::default();
        world.publish("deep", &source);
        let mut machine = world.machine();
        assert_eq!(machine.call(&context(), &id("deep"), "go", Vec::new()).unwrap().to_string(), "(ok u1)");
    };
    thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn an_execution_can_be_stopped_from_outside() {
    let mut world = Memory::default();
    let source = "(define-private (f (x uint) (a uint)) (+ x a))
        (define-public (go (l (list 1000 uint))) (ok (fold f l u0)))";
    world.publish("loop", source);
    let asked = Cell::new(0);
    let interrupt = || {
        asked.set(asked.get() + 1);
        asked.get() == 2
    };
    let meter = Meter::new(RULES.costs, RULES.block_limit).interrupted_by(&interrupt);
    let mut machine = Machine::new(RULES, meter, &mut world);
    let stopped = machine.call(&context(), &id("loop"), "go", vec![numbers(1000)]).unwrap_err();
    assert!(matches!(&stopped, Stop::Check(error) if matches!(**error, CheckError::Cost(CostError::Interrupted))));
    assert!(stopped.is_rejectable());
    assert_eq!(asked.get(), 2, "it is asked now and then, and not any more when it has said so");
}

#[test]
fn a_failure_stops_where_the_budget_ends() {
    let mut world = Memory::default();
    world.publish("counter", COUNTER);
    let limit = Cost { runtime: 400, ..RULES.block_limit };
    let mut machine = Machine::new(RULES, Meter::new(RULES.costs, limit), &mut world);
    let stopped = machine.call(&context(), &id("counter"), "inc", Vec::new()).unwrap_err();
    assert_eq!(stopped.class(), "cost");
    assert!(machine.meter.spent().runtime > 400);
    assert_eq!(machine.journal.take().len(), 0);
}

#[test]
fn what_was_read_is_not_read_again() {
    let mut world = Memory::default();
    let source = "(define-data-var n uint u1)
        (define-map m uint uint)
        (define-public (go) (ok (list (var-get n) (var-get n) (default-to u7 (map-get? m u1)) (var-get n)
          (default-to u7 (map-get? m u1)))))";
    world.publish("reader", source);
    world.reads = 0;
    let (outcome, _) = world.call(&id("reader"), "go", Vec::new());
    assert_eq!(outcome.unwrap().to_string(), "(ok (u1 u1 u7 u1 u7))");
    assert_eq!(world.reads, 2, "one variable, one entry");
}

#[test]
fn variables_inside_of_arguments_lie_behind_the_arguments_before_them() {
    let mut world = Memory::default();
    let source = "(define-private (f (a uint) (b uint) (c uint)) (+ (* a u100) (* b u10) c))
        (define-public (go (x uint))
          (ok (f x
            (let ((y (+ x u1))) (f u0 u0 (match (some y) z (+ z y (- y x)) u0)))
            (let ((y u2) (z (f u0 u0 (let ((q y)) (+ q y))))) (+ y z x)))))";
    world.publish("nested", source);
    let (outcome, _) = world.call(&id("nested"), "go", vec![Value::UInt(1)]);
    assert_eq!(outcome.unwrap().to_string(), "(ok u157)");
    world.publish("minus", "(define-read-only (minus (a uint) (b uint)) (ok (- a b)))");
    let through = "(define-public (go (x uint))
        (contract-call? .minus minus (let ((y (+ x u5))) (* y y)) (let ((z (* x u2))) (+ z x))))";
    world.publish("through", through);
    let (outcome, _) = world.call(&id("through"), "go", vec![Value::UInt(1)]);
    assert_eq!(outcome.unwrap().to_string(), "(ok u33)");
}

#[test]
fn a_variable_is_there_until_its_last_use() {
    let mut world = Memory::default();
    let source = "(define-trait adder ((add ((list 3 uint)) (response uint uint))))
        (define-private (sum (l (list 3 uint))) (fold + l u0))
        (define-private (twice (l (list 3 uint))) (+ (sum l) (sum l) (if (> (len l) u2) (sum l) (len l))))
        (define-private (grown (x uint) (l (list 9 uint)))
          (let ((more (unwrap-panic (as-max-len? (append l x) u9)))) (if (is-eq (len l) u8) l more)))
        (define-private (through (a <adder>) (l (list 3 uint))) (contract-call? a add (begin (print a) l)))
        (define-private (kept (x uint) (l (list 9 uint)))
          (if (> x u1) (match (as-max-len? (append l x) u9) more more l) (if (is-eq x u0) (concat-none l) l)))
        (define-private (concat-none (l (list 9 uint))) (match (some l) same same l))
        (define-public (go) (ok {twice: (twice (list u1 u2 u3)), grown: (fold grown (list u1 u2 u3) (list u0)),
          kept: (fold kept (list u0 u1 u2 u3 u0 u4) (list u7))}))
        (define-public (by (a <adder>)) (through a (list u4 u5)))";
    world.publish("uses", source);
    world.publish("adds", "(define-public (add (l (list 3 uint))) (ok (fold + l u0)))");
    let (outcome, _) = world.call(&id("uses"), "go", Vec::new());
    assert_eq!(outcome.unwrap().to_string(), "(ok (tuple (grown (u0 u1 u2 u3)) (kept (u7 u2 u3 u4)) (twice u18)))");
    let callee = Value::principal(crate::principal::Principal::Contract(id("adds")));
    let (outcome, _) = world.call(&id("uses"), "by", vec![callee]);
    assert_eq!(outcome.unwrap().to_string(), "(ok u9)");
}

#[test]
fn what_is_printed_in_an_older_block_is_not_said() {
    let mut world = Memory::new(&Rules::EPOCH_3_3, Dialect::ALL[3]);
    let past = hex::encode(PAST);
    let source = format!(
        "(define-private (loud (x uint)) (begin (print x) (+ x u1)))
         (define-public (go) (ok (+ (print u1) (at-block 0x{past} (begin (print u2) (loud u3))) (print u4))))"
    );
    world.publish("loud", &source);
    let mut machine = world.machine();
    assert_eq!(machine.call(&context(), &id("loud"), "go", Vec::new()).unwrap().to_string(), "(ok u9)");
    let said = machine.events.iter().map(|event| match event {
        Event::Print(_, value) => value.to_string(),
        Event::Asset(_) => "an asset".to_owned(),
    });
    assert_eq!(said.collect::<Vec<_>>(), ["u1", "u4"]);
}

#[test]
fn a_signature_that_is_none_is_not_held_against_the_key() {
    // For a signature that is too short or has an invalid recovery id, the key is not evaluated, so it costs nothing.
    let spent = |world: &mut Memory, signature: usize| {
        let mut machine = world.machine();
        let arguments = [vec![1; 32], vec![9; signature], vec![2; 33]].map(Value::buffer).to_vec();
        let outcome = machine.call(&context(), &id("verifier"), "go", arguments).unwrap();
        assert_eq!(outcome, Value::Bool(false));
        machine.meter.spent().runtime
    };
    for (version, function, size) in [
        (1, "secp256k1-verify", 65),
        (6, "secp256k1-verify", 65),
        (4, "secp256r1-verify", 64),
        (6, "secp256r1-verify", 64),
    ] {
        let mut world = Memory::new(RULES, Dialect::of_version(version).unwrap());
        let source = format!(
            "(define-read-only (go (hash (buff 32)) (signature (buff {size})) (key (buff 33))) ({function} hash signature (begin key)))"
        );
        world.publish("verifier", &source);
        let whole = spent(&mut world, 64);
        assert!(spent(&mut world, 63) + 100 < whole, "{function} in Clarity {version}");
        if size == 65 {
            assert!(spent(&mut world, 65) + 100 < whole);
        }
    }
}

/// What a refused deployment has cost.
fn refused(world: &mut Memory, source: &str) -> (String, crate::costs::Cost) {
    let dialect = world.dialect;
    let mut machine = world.machine();
    let error = machine.publish(&context(), &id("refused"), dialect, source).unwrap_err();
    (error.to_string(), machine.meter.spent())
}

#[test]
fn a_contract_that_is_not_there_costs_a_look_when_it_is_taken_for_a_trait() {
    let mut world = Memory::default();
    world.publish("base", "(define-trait t ((f () (response bool bool))))");
    let source = "(use-trait t .base.t) (define-private (f (p <t>)) true) (define-private (g) (f ";
    let (error, missing) = refused(&mut world, &format!("{source}.nowhere))"));
    assert!(error.contains("unresolved contract"), "{error}");
    let (error, other) = refused(&mut world, &format!("{source}tx-sender))"));
    assert!(error.contains("found 'principal'"), "{error}");
    assert_eq!(missing.read_count, other.read_count + 1);
}

#[test]
fn what_is_asked_of_no_token_is_not_looked_at() {
    let (error, _) = refused(&mut Memory::default(), "(ft-get-balance nothing (+ 1 true))");
    assert!(error.contains("undefined token"), "{error}");
    let (error, _) = refused(&mut Memory::default(), "(ft-mint? nothing (+ 1 true) tx-sender)");
    assert!(!error.contains("undefined token"), "{error}");
}

#[test]
fn decoding_with_other_than_two_arguments_is_refused_before_anything_is_checked() {
    let mut world = Memory::default();
    for arguments in ["", "int", "int 0x 0x"] {
        let (error, cost) = refused(&mut world, &format!("(define-constant c 1) (from-consensus-buff? {arguments})"));
        assert!(error.starts_with("expecting 2 arguments"), "{error}");
        assert_eq!(cost.write_count, 0, "the constant was not checked");
    }
}

#[test]
fn before_a_contract_there_is_neither_it_nor_its_supply() {
    let mut world = Memory::new(&Rules::EPOCH_3_3, Dialect::ALL[3]);
    world.publish("base", "(define-trait t ((f () (response bool bool))))");
    let past = hex::encode(PAST);
    world.publish(
        "asks",
        &format!(
            "(use-trait t .base.t) (define-fungible-token coin)
         (define-public (who (p <t>)) (ok (contract-of p)))
         (define-public (now) (ok (ft-get-supply coin)))
         (define-public (then) (ok (at-block 0x{past} (ft-get-supply coin))))"
        ),
    );
    let contract = |name| vec![Value::principal(crate::principal::Principal::Contract(id(name)))];
    assert!(world.call(&id("asks"), "who", contract("base")).0.is_ok());
    assert_eq!(world.call(&id("asks"), "who", contract("nowhere")).0.unwrap_err().kind(), "NoSuchContract");
    assert_eq!(world.call(&id("asks"), "now", Vec::new()).0.unwrap().to_string(), "(ok u0)");
    // An older block of this chain has the same state as the tip, so the test removes the supply.
    world.texts.retain(|key, _| !key.contains("coin"));
    let stop = world.call(&id("asks"), "then", Vec::new()).0.unwrap_err();
    assert!(stop.is_rejectable(), "{stop}");
}

#[test]
fn behind_a_binding_that_writes_types_are_checked_first() {
    let mut world = Memory::default();
    for (form, is_first) in [
        ("(let ((x (var-set v 1))) (nope))", false),
        ("(let ((x (var-set v 1)) (y (nope))) 1)", false),
        ("(tuple (a (var-set v 1)) (b (nope)))", false),
        ("(let ((y (nope)) (x (var-set v 1))) 1)", true),
        ("(begin (var-set v 1) (nope))", true),
    ] {
        let (error, cost) = refused(&mut world, &format!("(define-data-var v int 0) {form}"));
        assert!(error.contains("unresolved function 'nope'"), "{error}");
        assert_eq!(cost.write_count == 0, is_first, "{form}");
    }
}

#[test]
fn an_empty_list_of_some_length_is_cast_to_any_list_of_that_length() {
    let publish = |length: usize| {
        let source = format!("(define-data-var v (list 2 uint) (unwrap-panic (as-max-len? (list) u{length})))");
        Memory::new(&Rules::EPOCH_3_0, Dialect::ALL[1]).try_publish("lists", &source).is_ok()
    };
    assert!(publish(2) && !publish(3));
}

#[test]
fn whoever_wants_an_execution_to_end_is_asked_before_allowances_are_judged() {
    let mut world = Memory::default();
    world.publish("allows", "(define-public (f) (ok (unwrap-panic (restrict-assets? tx-sender ((with-stx u1)) u1))))");
    // Too few charges for the meter to ask the interrupt on its own.
    let interrupt = || true;
    let meter = Meter::new(RULES.costs, RULES.block_limit).interrupted_by(&interrupt);
    let mut machine = Machine::new(RULES, meter, &mut world);
    let stop = machine.call(&context(), &id("allows"), "f", Vec::new()).unwrap_err();
    assert!(matches!(&stop, Stop::Check(error) if matches!(**error, CheckError::Cost(CostError::Interrupted))));
}

#[test]
fn a_snippet_with_allowances_that_lack_arguments_fails() {
    let mut world = Memory::default();
    world.publish("counter", COUNTER);
    let mut machine = world.machine();
    for allowance in [
        "with-stx",
        "with-ft",
        "with-ft current-contract \"*\"",
        "with-nft current-contract",
        "with-staking",
        "with-pox 1",
    ] {
        let snippet = format!("(restrict-assets? tx-sender (({allowance})) 1)");
        let stop = machine.evaluate(&context(), &id("counter"), &snippet).unwrap_err();
        assert_eq!(stop.kind(), "IncorrectArgumentCount", "{allowance}");
    }
}

#[test]
fn what_a_cast_got_wrong_goes_into_no_other_contract() {
    let source = "(define-public (f (x (list 3 (buff 1)))) (ok (len x)))
        (define-public (t (x {a: int, b: uint})) (ok (get a x)))";
    let caller = "(define-public (f (x (list 3 (buff 1)))) (contract-call? .callee f x))
        (define-public (t (x {a: int, b: uint})) (contract-call? .callee t x))";
    let field = |name: &str, value| (ClarityName::new(name).unwrap(), value);
    let list = Value::list(vec![Value::list(Vec::new()).unwrap()]).unwrap();
    let tuple = Value::tuple(vec![field("a", Value::Int(1)), field("b", Value::Int(1))]).unwrap();
    for version in [1, 2] {
        let mut world = Memory::new(&Rules::EPOCH_3_0, Dialect::of_version(version).unwrap());
        world.publish("callee", source);
        world.dialect = Dialect::of_version(2).unwrap();
        world.publish("itself", source);
        world.publish("caller", caller);
        for (function, argument) in [("f", &list), ("t", &tuple)] {
            let mut call = |contract: &str| world.call(&id(contract), function, vec![argument.clone()]).0;
            assert_eq!(
                call("itself").unwrap().to_string(),
                "(ok 1)".replace('1', if function == "f" { "u1" } else { "1" })
            );
            let stop = call("caller").unwrap_err();
            assert_eq!(stop.kind(), "TypeValueError", "{function}: {stop}");
            // The error shows the value's own type: one entry, not three.
            assert!(function == "t" || stop.to_string().contains("ListTypeData { max_len: 1, "), "{stop}");
        }
    }
}

#[test]
fn words_of_definitions_are_free_names() {
    for version in [1, 2, 6] {
        let mut world = Memory::new(&Rules::EPOCH_4_0, Dialect::of_version(version).unwrap());
        world.publish(
            "words",
            "(define-constant define-map 1) (define-private (use-trait (impl-trait int)) (+ impl-trait define-map))
            (define-data-var define-trait int 3)
            (define-public (go) (let ((define-constant (use-trait (var-get define-trait)))) (ok define-constant)))",
        );
        assert_eq!(world.keep("words", "go", Vec::new()).to_string(), "(ok 4)");
        assert!(world.try_publish("taken", "(define-constant get 1)").is_err());
    }
}

#[test]
fn a_version_that_no_address_has_is_refused_before_the_hash_is_looked_at() {
    let mut world = Memory::new(&Rules::EPOCH_3_0, Dialect::of_version(2).unwrap());
    let publish = |version: &str| {
        format!(
            "(define-data-var hash (buff 20) 0x)
             (define-public (go) (ok (is-err (principal-construct? {version} (at-block 0x{} (var-get hash))))))",
            "00".repeat(32)
        )
    };
    for (version, outcome) in [("0x20", Ok("(ok true)")), ("0xff", Ok("(ok true)")), ("0x0a", Err("TypeValueError"))] {
        let (contract, _) = world.try_publish("made", &publish(version)).unwrap();
        world.contracts.insert(id("made"), contract);
        // The variable does not exist in the block before.
        let done = world.call(&id("made"), "go", Vec::new()).0;
        let done = done.as_ref().map(ToString::to_string).map_err(Stop::kind);
        assert_eq!(done.as_deref().map_err(|kind| *kind), outcome, "{version}");
    }
}

#[test]
fn an_account_of_no_network_in_a_buffer_stops_the_transaction_before_3_4() {
    let account = format!("0x0520{}", "00".repeat(20));
    let source = format!(
        "(define-public (account) (ok (from-consensus-buff? principal {account})))
         (define-public (number) (ok (from-consensus-buff? uint {account})))
         (define-public (some-number) (ok (from-consensus-buff? (optional uint) 0x0a{0})))
         (define-public (numbers) (ok (from-consensus-buff? (list 2 uint) 0x0b00000001{0})))
         (define-public (field) (ok (from-consensus-buff? {{a: uint}} 0x0c000000010161{0})))",
        &account[2..]
    );
    for (rules, outcome) in [
        (&Rules::EPOCH_3_0, Err(true)),
        (&Rules::EPOCH_3_3, Err(true)),
        (&Rules::EPOCH_3_4, Ok("(ok none)".to_owned())),
        (RULES, Ok("(ok none)".to_owned())),
    ] {
        let mut world = Memory::new(rules, Dialect::of_version(2).unwrap());
        world.publish("reader", &source);
        let mut call = |function: &str| {
            let done = world.call(&id("reader"), function, Vec::new()).0;
            done.map(|value| value.to_string()).map_err(|stop| stop.is_rejectable())
        };
        assert_eq!(call("account"), outcome, "{}", rules.epoch);
        for function in ["number", "some-number", "numbers", "field"] {
            assert_eq!(call(function).as_deref(), Ok("(ok none)"), "{}: {function}", rules.epoch);
        }
    }
}

#[test]
fn a_contract_knows_its_hash_while_it_is_deployed() {
    let mut world = Memory::default();
    let source = "(define-constant hash (contract-hash? current-contract))
        (define-read-only (same) (and (is-ok hash) (is-eq hash (contract-hash? current-contract))))";
    world.publish("known", source);
    assert_eq!(world.keep("known", "same", Vec::new()), Value::Bool(true));
}

#[test]
fn entries_of_a_list_have_the_fields_that_all_have() {
    let mut world = Memory::default();
    world.publish(
        "lists",
        "(define-private (made (x uint)) (if (is-eq x u1) {a: x} {a: x, b: true}))
         (define-public (written) (ok (element-at? (list {a: u1} {a: u2, b: true}) u1)))
         (define-public (mapped) (ok (element-at? (map made (list u1 u2)) u1)))
         (define-public (nested) (ok (list (some {a: u1}) none (some {a: u2, b: true}))))",
    );
    assert_eq!(world.keep("lists", "written", Vec::new()).to_string(), "(ok (some (tuple (a u2))))");
    assert_eq!(world.keep("lists", "mapped", Vec::new()).to_string(), "(ok (some (tuple (a u2))))");
    let nested = world.keep("lists", "nested", Vec::new()).to_string();
    assert_eq!(nested, "(ok ((some (tuple (a u1))) none (some (tuple (a u2)))))");
}

#[test]
fn a_function_with_two_parameters_of_a_name_fails_when_it_is_called() {
    let source = "(define-trait t ((f () (response bool bool))))
        (define-private (twice (x int) (x int)) x)
        (define-private (trait-and-number (x <t>) (x int)) x)
        (define-public (go) (ok (twice 1 2)))
        (define-public (other (x <t>)) (ok (trait-and-number x 2)))";
    let refused = "RuntimeCheck(NameAlreadyUsed(\"x\"))";
    // In Clarity 1 a parameter bound to a trait is no variable, so only one variable has the name.
    for (version, other) in [(1, "(ok 2)"), (6, refused)] {
        let mut world = Memory::new(RULES, Dialect::of_version(version).unwrap());
        world.publish("twice", source);
        let stop = world.call(&id("twice"), "go", Vec::new()).0.unwrap_err();
        assert_eq!(stop.to_string(), refused);
        let contract = Value::principal(crate::principal::Principal::Contract(id("twice")));
        let done = world.call(&id("twice"), "other", vec![contract]).0;
        assert_eq!(done.map_or_else(|stop| stop.to_string(), |value| value.to_string()), other);
    }
}
