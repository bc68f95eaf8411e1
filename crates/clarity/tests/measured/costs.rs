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
