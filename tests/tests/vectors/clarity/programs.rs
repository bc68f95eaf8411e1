//! Generated programs of Clarity 1 and 2 under the rules of epoch 3.0, compared with the results of the published VM
//! (`clarity-vm` 2.3.0, which the node used before it had its own engine) on the chain of `tests::programs::chain`.

use clarity::Rules;
use clarity::costs::Cost;
use serde_json::Value as Json;
use tests::programs::record::{Record, Verdict};
use tests::programs::{Call, Engine, Source};

use super::files::own_cases;
use super::syntax::cost_of;
use super::tally::{Case, Tally};

/// A step that the network's newer VM accepts in no block: at a block before its contract a variable is `none`, and
/// `as-max-len?` of that is an internal error (measured, see `crates/clarity/tests/measured`). In the published VM it
/// failed like any other.
const REFUSED_SINCE: &str = "old-13002710#8";

/// A program's contracts have no other names.
fn name(of: &Json) -> &'static str {
    ["base", "main"].into_iter().find(|name| *of == *name).unwrap()
}

fn run(engine: &mut Engine, step: &Json) -> Record {
    if step["op"] == "deploy" {
        let version = u8::try_from(step["version"].as_u64().unwrap()).unwrap();
        return engine.deploy(&Source {
            name: name(&step["name"]),
            version,
            text: step["source"].as_str().unwrap().to_owned(),
        });
    }
    let arguments = step["args"].as_array().unwrap().iter().map(|hex| hex::decode(hex.as_str().unwrap()).unwrap());
    engine.call(&Call {
        contract: name(&step["contract"]),
        function: step["function"].as_str().unwrap().to_owned(),
        arguments: arguments.collect(),
    })
}

fn expected(step: &Json) -> Record {
    let verdict = match step["status"].as_str().unwrap() {
        "success" => Verdict::Success,
        "abort_by_response" => Verdict::Aborted,
        "rejected" => return Record::refused(String::new()),
        other => panic!("{other}"),
    };
    let writes = step["writes"].as_array().unwrap().iter();
    let text = |text: &Json| text.as_str().unwrap().to_owned();
    Record {
        verdict,
        result: text(&step["result"]),
        events: step["events"].as_array().unwrap().clone(),
        cost: cost_of(&step["cost"]),
        writes: writes.map(|write| (text(&write[0]), text(&write[1]))).collect(),
        interface: step.get("abi").cloned(),
        burnt: step["stx_burned"].as_str().map_or(0, |sum| sum.parse().unwrap()),
        error: None,
    }
}

#[test]
fn programs_run_as_they_did_on_the_published_vm() {
    let mut tally = Tally::new("clarity_programs");
    for scenario in own_cases("clarity_programs") {
        let rules = Rules::of_epoch(scenario["epoch"].as_str().unwrap()).unwrap();
        let mut engine = Engine::new(rules, Cost::default());
        for (number, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
            let (ours, theirs) = (run(&mut engine, step), expected(step));
            let place = format!("{}#{number}", scenario["id"].as_str().unwrap());
            if place == REFUSED_SINCE {
                assert_eq!(ours.verdict, Verdict::Refused);
                continue;
            }
            let mut case = Case::default();
            case.check("verdict", &ours.verdict, &theirs.verdict);
            case.check("result", &ours.result, &theirs.result);
            case.check("events", &ours.events, &theirs.events);
            case.check("cost", &ours.cost, &theirs.cost);
            case.check("writes", &ours.writes, &theirs.writes);
            case.check("interface", &ours.interface, &theirs.interface);
            case.check("burnt", &ours.burnt, &theirs.burnt);
            tally.add(&place, case);
        }
    }
    tally.demand(1000);
}
