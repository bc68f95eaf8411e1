//! Writes down what the published VM does, for the time when it is gone: a set of cases that `tests --test vectors` reads.

use std::io::Write as _;

use chainstate::test_support::on_a_large_stack;
use engine::Rules;
use engine::costs::Cost;
use serde_json::{Value as Json, json};
use tests::programs::record::{Record, Verdict};
use tests::programs::{Engine, Program};
use tests::random::Rng;

use crate::compared::program;
use crate::old_vm::OldVm;

/// From which seed on, and how many programs.
const SEEDS: std::ops::Range<u64> = 13_000_000..13_003_600;

#[test]
#[ignore = "writes the case file that the variable RECORD names"]
fn what_the_published_vm_does_is_written_down() {
    on_a_large_stack(|| {
        let path = std::env::var_os("RECORD").expect("RECORD names the file");
        let (vm, mut lines) = (OldVm::new(), Vec::new());
        for seed in SEEDS {
            let program = program(seed, &mut Rng::from_seed(!seed));
            let theirs = vm.run(&program, Cost::default());
            let ours = Engine::new(&Rules::EPOCH_3_0, Cost::default()).run(&program);
            // What is known to differ is not what the network does.
            if ours.iter().zip(&theirs).any(|(ours, theirs)| !ours.differences(theirs).is_empty()) {
                continue;
            }
            serde_json::to_writer(&mut lines, &scenario(seed, &program, &theirs)).unwrap();
            lines.write_all(b"\n").unwrap();
        }
        std::fs::write(path, zstd::encode_all(lines.as_slice(), 19).unwrap()).unwrap();
    });
}

fn scenario(seed: u64, program: &Program, records: &[Record]) -> Json {
    let deploys = program
        .contracts
        .iter()
        .map(|source| json!({"op": "deploy", "name": source.name, "version": source.version, "source": source.text}));
    let calls = program.calls.iter().map(|call| {
        let arguments: Vec<_> = call.arguments.iter().map(hex::encode).collect();
        json!({"op": "call", "contract": call.contract, "function": call.function, "args": arguments})
    });
    let steps: Vec<_> = deploys.chain(calls).zip(records).map(|(step, record)| told(step, record)).collect();
    json!({"id": format!("old-{seed}"), "epoch": Rules::EPOCH_3_0.epoch, "steps": steps})
}

/// A step with its outcome.
fn told(mut step: Json, record: &Record) -> Json {
    step["status"] = match record.verdict {
        Verdict::Success => "success",
        Verdict::Aborted => "abort_by_response",
        Verdict::Refused => "rejected",
    }
    .into();
    if record.verdict == Verdict::Refused {
        return step;
    }
    let Cost { runtime, read_count, read_length, write_count, write_length } = record.cost;
    step["result"] = record.result.clone().into();
    step["cost"] = json!({"runtime": runtime, "read_count": read_count, "read_length": read_length, "write_count": write_count, "write_length": write_length});
    step["events"] = record.events.clone().into();
    step["writes"] = record.writes.iter().map(|(key, text)| json!([key, text])).collect::<Vec<_>>().into();
    if record.burnt > 0 {
        step["stx_burned"] = record.burnt.to_string().into();
    }
    if let Some(interface) = &record.interface {
        step["abi"] = interface.clone();
    }
    step
}
