//! The "memory" side: a machine on a state in memory.

use std::time::Instant;

use clarity::Rules;
use clarity::dialect::Dialect;
use clarity::test_support::{Memory, id, sender};
use clarity::value::Value;
use tests::bench::Bench;
use tests::figures::Samples;

use crate::kinds::{self, Kind, Work};

/// The state with the contracts published and set up.
pub(crate) fn deployed() -> Memory {
    let mut memory = Memory::new(&Rules::EPOCH_3_0, Dialect::ALL[1]);
    for (name, source) in kinds::contracts() {
        memory.publish(name, &source);
    }
    for work in kinds::setup() {
        if let Work::Call { contract, function, arguments } = work {
            memory.keep(contract, function, arguments(&sender()));
        }
    }
    memory
}

/// Times `count` transactions of a kind, each on the state after setup. `None` for a kind without a part in the
/// language.
pub(crate) fn time(bench: &mut Bench, memory: &mut Memory, kind: &Kind, count: usize) -> Option<Samples> {
    let mut samples = Samples::default();
    for _ in 0..bench.size(3, 1) * count {
        let written = match &kind.work {
            Work::Transfer => return None,
            Work::Call { contract, function, arguments } => {
                let (contract, arguments) = (id(contract), arguments(&sender()));
                let begun = Instant::now();
                let (outcome, texts) = memory.call(&contract, function, arguments);
                samples.push_micros(begun.elapsed());
                assert!(matches!(outcome, Ok(Value::Ok(_))), "{}: {outcome:?}", kind.what);
                texts
            }
            Work::Deploy(source) => {
                let begun = Instant::now();
                let (contract, texts) = memory.try_publish("new", source).expect("a contract");
                let stored = contract.encode().expect("it can be stored");
                samples.push_micros(begun.elapsed());
                bench.digest(&stored);
                texts
            }
        };
        for (key, text) in written {
            bench.digest(key.as_bytes());
            bench.digest(text.as_bytes());
        }
    }
    Some(samples)
}
