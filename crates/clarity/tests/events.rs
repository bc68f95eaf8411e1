//! How many events a transaction may have: printed bytes are bounded, and of many events not all are held.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is test code")]

use clarity::run::{Event, MAX_HELD_EVENTS, Machine};
use clarity::test_support::{Memory, context, id, numbers};
use clarity::value::Value;

/// A function that prints 20 times for each number of a list, and fails if told so.
fn noisy() -> Memory {
    let mut memory = Memory::default();
    let prints = "(print false) ".repeat(20);
    let source = format!(
        "(define-private (noise (x uint) (a uint)) (begin {prints} a))
         (define-private (noisy (l (list 8192 uint))) (begin (fold noise l u0) (if (is-eq (len l) u0) (ok u0) (err u1))))
         (define-public (failing (l (list 8192 uint))) (noisy l))
         (define-public (loud (l (list 8192 uint))) (begin (fold noise l u0) (ok true)))
         (define-public (between (l (list 8192 uint)))
            (begin (print u1) (is-ok (contract-call? .inner failing l)) (print u2) (ok true)))"
    );
    let inner = source.lines().take(3).collect::<Vec<_>>().join("\n");
    memory.publish("inner", &inner);
    memory.publish("noisy", &source);
    memory
}

fn call(machine: &mut Machine<'_>, function: &str) {
    let outcome = machine.call(&context(), &id("noisy"), function, vec![numbers(8192)]);
    assert_eq!(outcome.unwrap().to_string(), "(ok true)");
}

#[test]
fn of_too_many_events_the_first_are_held() {
    let mut memory = noisy();
    let mut machine = memory.machine();
    call(&mut machine, "loud");
    const { assert!(20 * 8192 > MAX_HELD_EVENTS) };
    assert_eq!(machine.events.len(), MAX_HELD_EVENTS);
    // What comes later is not held in the place of what is not held either.
    let level = machine.begin();
    call(&mut machine, "loud");
    machine.roll_back(level);
    assert_eq!(machine.events.len(), MAX_HELD_EVENTS);
}

#[test]
fn events_that_are_rolled_back_leave_room_for_others() {
    let mut memory = noisy();
    let mut machine = memory.machine();
    call(&mut machine, "between");
    let said = machine.events.iter().map(|event| match event {
        Event::Print(_, value) => value.to_string(),
        Event::Asset(_) => "an asset".to_owned(),
    });
    assert_eq!(said.collect::<Vec<_>>(), ["u1", "u2"]);
}

#[test]
fn a_machine_without_events_holds_none_and_does_the_same() {
    let mut memory = noisy();
    let spent = {
        let mut machine = memory.machine();
        call(&mut machine, "between");
        machine.meter.spent()
    };
    let mut machine = memory.machine().without_events();
    call(&mut machine, "between");
    assert_eq!((machine.events.len(), machine.meter.spent()), (0, spent));
}

#[test]
fn a_transaction_prints_50_mebibytes_and_no_more() {
    let mut memory = Memory::default();
    let source = format!(
        "(define-constant a 0x{})
         (define-private (say (x uint) (b (buff 524288))) (begin (print b) b))
         (define-private (doubled) (let ((b (concat a a)) (c (concat b b)) (d (concat c c)) (e (concat d d))) (concat e e)))
         (define-public (go (l (list 8192 uint))) (begin (fold say l (doubled)) (ok true)))",
        "00".repeat(16 * 1024)
    );
    memory.publish("loud", &source);
    // A printed buffer of half a MiB has five bytes more: a prefix and its length.
    let mut said = |times: u128| {
        let outcome = memory.call(&id("loud"), "go", vec![numbers(times)]).0;
        outcome.map_err(|stop| (stop.kind().to_owned(), stop.is_rejectable()))
    };
    assert_eq!(said(99), Ok(Value::okay(Value::Bool(true)).unwrap()));
    assert_eq!(said(100), Err(("TooManyEvents".to_owned(), true)));
}
