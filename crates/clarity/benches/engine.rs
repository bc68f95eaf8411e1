//! How long does the engine take for the Clarity part of a transaction, with costs, compared with the network's own
//! implementation?
//!
//! Epoch 4.0, Clarity 6; a store in memory; contracts are kept decoded; writes become text. Without signatures, fees,
//! nonces, tries: `tests/benches/clarity` has those.
//!
//! `cargo bench -p clarity --bench engine`; with `-- --tiny` each row once, to see that it still runs; with `-- fold`
//! only rows with this in their name. A figure is the least of several runs' means, in microseconds of processor time,
//! as the reference's are: other load on the machine matters less.

#![allow(clippy::print_stdout, reason = "a benchmark's figures go to the terminal")]

use std::hint::black_box;
use std::time::Duration;

use clarity::principal::Principal;
use clarity::test_support::contracts::{COUNTER, LOOPS, PROXY, TOKEN, big, ten};
use clarity::test_support::{Memory, SENDER, id, numbers, sender};
use clarity::value::Value;
use rustix::time::{ClockId, clock_gettime};

/// A row: name, repetitions per run, microseconds of the network's own implementation (4.0.2, on a machine like the one
/// that these goals were set on), work.
type Row<'a> = (&'a str, usize, Option<f64>, Box<dyn Fn(&mut Memory) + 'a>);

fn main() {
    let tiny = std::env::args().any(|argument| argument == "--tiny");
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let mut memory = Memory::default();
    for (name, source) in
        [("counter", COUNTER), ("proxy", PROXY), ("loops", LOOPS), ("token", TOKEN), ("ten", &ten()), ("big", &big(27))]
    {
        memory.publish(name, source);
    }
    memory.keep("loops", "fills", vec![numbers(1000)]);
    memory.keep("token", "mint", vec![Value::UInt(1_000_000)]);
    println!("{:<40} {:>12} {:>12} {:>7}", "Clarity engine", "least us", "reference", "times");
    for (what, count, reference, work) in calls().into_iter().chain(deploys()) {
        if wanted.as_ref().is_some_and(|wanted| !what.contains(wanted.as_str())) {
            continue;
        }
        let (runs, count) = if tiny { (1, 1) } else { (7, count) };
        let least = (0..runs).map(|_| mean(&mut memory, count, &work)).fold(f64::INFINITY, f64::min);
        let (reference, times) = reference.map_or_else(Default::default, |reference| {
            (format!("{reference:.1}"), format!("{:.1}", reference / least))
        });
        println!("{what:<40} {least:>12.2} {reference:>12} {times:>7}");
    }
}

fn mean(memory: &mut Memory, count: usize, work: &dyn Fn(&mut Memory)) -> f64 {
    let begun = processor_time();
    for _ in 0..count {
        work(memory);
    }
    let spent = processor_time().saturating_sub(begun);
    spent.as_secs_f64() * 1e6 / f64::from(u32::try_from(count).expect("not so many"))
}

/// Processor time of this thread so far.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().expect("time does not run backwards")
}

fn calls<'a>() -> Vec<Row<'a>> {
    let recipient = Principal::parse(&format!("{SENDER}.pot")).expect("a principal");
    let transfer =
        move |memo: Value| vec![Value::UInt(1), Value::principal(sender()), Value::principal(recipient.clone()), memo];
    let memo = Value::some(Value::buffer(vec![7; 34])).expect("small");
    vec![
        call("counter call", 2000, 50.0, "counter", "inc", Vec::new()),
        call("counter in a 10 kB contract", 2000, 704.1, "big", "inc", Vec::new()),
        call("counter through another contract", 2000, 72.3, "proxy", "go", Vec::new()),
        call("ten map-set", 1000, 122.9, "ten", "ten", vec![Value::UInt(1)]),
        call("token transfer, no memo", 1000, 92.0, "token", "transfer", transfer(Value::NONE)),
        call("token transfer with memo", 1000, 100.5, "token", "transfer", transfer(memo)),
        call("fold of a user addition over 8192", 20, 37_200.0, "loops", "sum", vec![numbers(8192)]),
        call("fold of native + over 8192", 50, 9_487.2, "loops", "sum-native", vec![numbers(8192)]),
        call("fold of (+ a (* x u3)) over 8192", 20, 44_705.9, "loops", "mads", vec![numbers(8192)]),
        own("fold that appends to a list, 8192", 5, "loops", "grown", vec![numbers(8192)]),
        call("1000 map-get?", 50, 9_782.6, "loops", "looks", vec![numbers(1000)]),
        call("1000 sha256", 50, 4_583.3, "loops", "hashes", vec![numbers(1000)]),
    ]
}

fn call<'a>(
    what: &'a str,
    count: usize,
    reference: f64,
    contract: &'a str,
    function: &'a str,
    arguments: Vec<Value>,
) -> Row<'a> {
    let contract = id(contract);
    let work = move |memory: &mut Memory| {
        let (outcome, texts) = memory.call(&contract, function, arguments.clone());
        assert!(matches!(outcome, Ok(Value::Ok(_))), "{what}: {outcome:?}");
        black_box(texts);
    };
    (what, count, Some(reference), Box::new(work))
}

/// A row that the reference has no figure for.
fn own<'a>(what: &'a str, count: usize, contract: &'a str, function: &'a str, arguments: Vec<Value>) -> Row<'a> {
    let (what, count, _, work) = call(what, count, 0.0, contract, function, arguments);
    (what, count, None, work)
}

fn deploys<'a>() -> Vec<Row<'a>> {
    let deploy = |what: &'a str, count, reference, source: String| -> Row<'a> {
        let work = move |memory: &mut Memory| {
            let (contract, texts) = memory.try_publish("new", &source).expect("it is a contract");
            black_box((contract.encode().expect("it can be stored"), texts));
        };
        (what, count, reference, Box::new(work))
    };
    vec![
        deploy("deploy of a counter", 500, Some(159.7), COUNTER.to_owned()),
        deploy("deploy of 10 kB", 20, Some(8_571.4), big(27)),
        deploy("deploy of 100 kB", 2, None, big(270)),
    ]
}
