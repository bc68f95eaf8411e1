//! Costs that depend on the types that values carry, and on whether a value is copied.

use clarity::test_support::{Memory, context, id};
use clarity::value::Value;

use super::{INT_5, memory};

/// Runtime cost of a call that succeeds.
fn runtime(memory: &mut Memory, function: &str, argument: &str) -> u64 {
    let argument = Value::decode(&hex::decode(argument).unwrap()).unwrap();
    let mut machine = memory.machine();
    machine.call(&context(), &id("c"), function, vec![argument]).unwrap();
    machine.meter.spent().runtime
}

/// The callee is charged by the size of the argument's content, not by that of its declared type.
#[test]
fn arguments_are_handed_over_as_narrow_as_their_content() {
    let (none, some) = ("0c00000001017409".to_owned(), format!("0c0000000101740a{}", INT_5.replacen("00", "01", 1)));
    for (epoch, version, less) in [("3.0", 1, 30), ("3.0", 2, 0), ("3.3", 1, 90), ("3.3", 4, 60)] {
        let mut memory = memory(epoch, version);
        memory.publish("g", "(define-public (g (x {t: (optional uint)})) (ok u1))");
        memory.publish("c", "(define-public (go (x {t: (optional uint)})) (contract-call? .g g x))");
        let spent = [&some, &none].map(|argument| runtime(&mut memory, "go", argument));
        assert_eq!(spent[0] - spent[1], less, "{epoch}, {version}");
    }
}

/// The caller gets the result with types as narrow as its content, not with those of the callee's variable.
#[test]
fn results_of_calls_are_as_narrow_as_their_content() {
    for (epoch, version) in [("3.0", 1), ("3.3", 4), ("3.4", 5), ("4.0", 6)] {
        let of_uses = |most: u32| {
            let mut memory = memory(epoch, version);
            let lists = format!("(define-data-var l (list {most} uint) (list u1))");
            memory.publish("g", &format!("{lists} (define-public (g) (if true (ok (var-get l)) (err u1)))"));
            let caller = |uses: &str| {
                format!(
                    "(define-public (go (x int)) (let ((l (unwrap-panic (contract-call? .g g)))) (ok (list {uses}))))"
                )
            };
            [caller("(some l)"), caller("(some l) (some l) (some l)")].map(|source| {
                memory.publish("c", &source);
                runtime(&mut memory, "go", INT_5)
            })
        };
        let (narrow, wide) = (of_uses(1), of_uses(100));
        assert_eq!(wide[1] - wide[0], narrow[1] - narrow[0], "{epoch}");
    }
}

/// The owner of `restrict-assets?` is evaluated before the form is charged by its allowances.
#[test]
fn an_owner_that_fails_costs_the_same_with_any_allowances() {
    for (epoch, version) in [("3.3", 4), ("3.4", 5), ("4.0", 6)] {
        let mut memory = memory(epoch, version);
        let form = |name: &str, owner: &str, allowed: usize| {
            let allowed = "(with-stx u1) ".repeat(allowed);
            format!("(define-public ({name}) (ok (print (restrict-assets? {owner} ({allowed}) u1))))")
        };
        let fails = "(unwrap-panic (if (is-eq u1 u1) none (some tx-sender)))";
        let forms = [form("a", fails, 0), form("b", fails, 9), form("c", "tx-sender", 0), form("d", "tx-sender", 9)];
        memory.publish("c", &forms.concat());
        let [none, some, none_done, some_done] = ["a", "b", "c", "d"].map(|function| {
            let mut machine = memory.machine();
            let outcome = machine.call(&context(), &id("c"), function, Vec::new());
            assert_eq!(outcome.is_ok(), function >= "c", "{epoch}: {function}");
            machine.meter.spent()
        });
        assert_eq!(none, some, "{epoch}");
        assert!(none_done.runtime < some_done.runtime, "{epoch}");
    }
}

/// From 3.4 on, a constant as the cap is not copied, and neither is the value of an expression.
#[test]
fn the_cap_of_a_token_is_not_copied() {
    let deployed = |epoch: &str, cap: &str| {
        let mut memory = memory(epoch, 1);
        let dialect = memory.dialect;
        let source = format!("(define-constant c u5) (define-fungible-token f {cap})");
        let mut machine = memory.machine();
        machine.publish(&context(), &id("c"), dialect, &source).unwrap();
        machine.meter.spent().runtime
    };
    assert_eq!(deployed("3.3", "c") - deployed("3.4", "c"), 33);
    assert_eq!(deployed("3.3", "u5"), deployed("3.4", "u5"));
}
