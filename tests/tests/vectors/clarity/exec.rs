//! Scenarios of deployments, calls and transfers: each step's result, events, movements, writes, costs and memory and,
//! if a case has them, all single charges on the way.

use std::sync::Arc;

use clarity::costs::{Cost, Meter};
use clarity::engine::PublishError;
use clarity::error::Stop;
use clarity::principal::{ContractId, Principal};
use clarity::run::{Assets, Context, Event, Machine};
use clarity::state::Contract;
use clarity::value::Value;
use clarity::{Dialect, Rules};
use serde_json::{Value as Json, json};
use tests::engine_events::event_json;

use super::chain::Chain;
use super::files::cases;
use super::rows::Rows;
use super::syntax::{contract_of, cost_of, limit_of};
use super::tally::{Case, Tally};

/// Sender of steps that name none.
const DEPLOYER: &str = "ST2ZKRNXP4N5BTNQ2FMQ10EAXXTSFMVRFXVWD75Y6";

/// Result of a step.
struct Done {
    outcome: Result<Value, Stop>,
    spent: Cost,
    memory: u64,
    memory_peak: u64,
    events: Vec<Event>,
    assets: Assets,
    writes: Vec<(String, String)>,
    rows: Vec<Json>,
    /// Refusal by parser or checker: the stage and the message.
    refused: Option<(&'static str, String)>,
}

fn principal(text: &str) -> Principal {
    Principal::parse(text).unwrap_or_else(|| panic!("{text}"))
}

fn context(step: &Json) -> Context {
    Context {
        sender: principal(step["sender"].as_str().unwrap_or(DEPLOYER)),
        sponsor: step["sponsor"].as_str().map(principal),
    }
}

fn meter(rules: &Rules, step: &Json, rows: &Rows) -> Meter<'static> {
    let meter = Meter::new(rules.costs, limit_of(rules, step));
    if step["trace"].is_array() { meter.watched_by(Box::new(rows.clone())) } else { meter }
}

/// Runs a step; if it succeeds, its writes become the chain's state.
fn run(
    chain: &mut Chain,
    rules: &'static Rules,
    meter: Meter<'_>,
    rows: &Rows,
    work: impl FnOnce(&mut Machine<'_>) -> Result<Value, Stop>,
) -> Done {
    let mut machine = Machine::new(rules, meter, chain);
    let outcome = work(&mut machine);
    let writes: Vec<_> =
        machine.journal.take().into_iter().map(|write| (write.key.to_string(), write.datum.text())).collect();
    let Machine { meter, events, movements, .. } = machine;
    let (spent, memory, memory_peak) = (meter.spent(), meter.memory(), meter.memory_peak());
    drop(meter);
    let kept = matches!(&outcome, Ok(value) if !matches!(value, Value::Err(_)));
    if kept {
        for (key, text) in &writes {
            chain.put(key, text.clone());
        }
    }
    let writes = if kept { writes } else { Vec::new() };
    let rows = std::mem::take(&mut *rows.lock());
    Done { outcome, spent, memory, memory_peak, events, assets: Assets::of(&movements), writes, rows, refused: None }
}

/// A deployment, from source to end.
fn deploy(chain: &mut Chain, rules: &'static Rules, step: &Json) -> Done {
    let id = contract_of(step);
    let dialect = Dialect::of_version(u8::try_from(step["version"].as_u64().unwrap()).unwrap()).unwrap();
    let rows = Rows::default();
    let meter = meter(rules, step, &rows);
    let mut contract = None;
    let mut refused = None;
    let mut done = run(chain, rules, meter, &rows, |machine| {
        match machine.publish(&context(step), &id, dialect, step["source"].as_str().unwrap()) {
            Ok(published) => contract = Some(published),
            Err(PublishError::Run(stop)) => return Err(stop),
            Err(error) => {
                let phase = if matches!(error, PublishError::Syntax(_)) { "parse" } else { "analysis" };
                refused = Some((phase, error.to_string()));
                return Ok(Value::error(Value::NONE).unwrap());
            }
        }
        Ok(Value::okay(Value::Bool(true)).unwrap())
    });
    done.refused = refused;
    if let Some(contract) = contract {
        // As after a restart, from the stored form.
        let stored = contract.encode().unwrap();
        let restored = Contract::decode(&stored, &id, rules).unwrap();
        assert_eq!(restored.encode().unwrap(), stored, "{id}");
        chain.deployed(Arc::new(restored), id);
    }
    done
}

fn call(chain: &mut Chain, rules: &'static Rules, step: &Json) -> Option<Done> {
    let name = step["contract"].as_str().unwrap();
    let id = if name.contains('.') { name.to_owned() } else { format!("{DEPLOYER}.{name}") };
    let id = ContractId::parse(&id).unwrap();
    let arguments = step["args"].as_array().unwrap().iter().map(|argument| {
        let bytes = hex::decode(argument.as_str().unwrap()).ok()?;
        Value::decode(&bytes).ok()
    });
    let arguments = arguments.collect::<Option<Vec<_>>>()?;
    let rows = Rows::default();
    let meter = meter(rules, step, &rows);
    Some(run(chain, rules, meter, &rows, |machine| {
        machine.call(&context(step), &id, step["function"].as_str().unwrap(), arguments)
    }))
}

fn transfer(chain: &mut Chain, rules: &'static Rules, step: &Json) -> Done {
    let rows = Rows::default();
    let meter = meter(rules, step, &rows);
    let amount =
        step["amount"].as_str().map_or_else(|| step["amount"].as_u64().unwrap().into(), |text| text.parse().unwrap());
    let memo = hex::decode(step["memo"].as_str().unwrap_or_default()).unwrap();
    let (from, to) = (principal(step["from"].as_str().unwrap()), principal(step["to"].as_str().unwrap()));
    run(chain, rules, meter, &rows, |machine| {
        machine.transfer(&from, &to, amount, memo)?;
        Ok(Value::okay(Value::Bool(true)).unwrap())
    })
}

/// Replaces a text that is too long by its hash.
fn folded(text: String) -> String {
    if text.chars().count() <= 4096 {
        return text;
    }
    format!("sha256:{}:{}", hex::encode(clarity::crypto::hash::sha256(text.as_bytes())), text.len())
}

fn assets(assets: &Assets) -> Json {
    let mut all = serde_json::Map::new();
    let sums = |map: &std::collections::BTreeMap<Principal, u128>| -> Json {
        map.iter()
            .map(|(owner, sum)| (owner.to_string(), json!(sum.to_string())))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    if !assets.stx.is_empty() {
        all.insert("stx".to_owned(), sums(&assets.stx));
    }
    if !assets.burns.is_empty() {
        all.insert("burns".to_owned(), sums(&assets.burns));
    }
    let nested = |(owner, map): (&Principal, Json)| (owner.to_string(), map);
    if !assets.tokens.is_empty() {
        let tokens = assets.tokens.iter().map(|(owner, map)| {
            let map: serde_json::Map<_, _> =
                map.iter().map(|(token, sum)| (token.to_string(), json!(sum.to_string()))).collect();
            nested((owner, map.into()))
        });
        all.insert("tokens".to_owned(), tokens.collect::<serde_json::Map<_, _>>().into());
    }
    if !assets.assets.is_empty() {
        let tokens = assets.assets.iter().map(|(owner, map)| {
            let map = map.iter().map(|(token, values)| {
                (token.to_string(), values.iter().map(|value| json!(value.to_string())).collect::<Vec<_>>().into())
            });
            nested((owner, map.collect::<serde_json::Map<String, Json>>().into()))
        });
        all.insert("assets".to_owned(), tokens.collect::<serde_json::Map<_, _>>().into());
    }
    all.into()
}

fn compare(case: &mut Case, step: &Json, done: &Done) {
    if done.refused.is_some() || step["phase"] == "parse" || step["phase"] == "analysis" {
        let (phase, text) = done.refused.clone().unwrap_or(("none", String::new()));
        case.check("phase", &phase, &step["phase"].as_str().unwrap());
        case.check("refusal", &super::rows::cut(&text, 4000), &step["error"]["text"].as_str().unwrap_or_default());
        case.check("cost", &done.spent, &cost_of(&step["cost"]));
        return;
    }
    let theirs = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
    let ours = match &done.outcome {
        Ok(Value::Err(_)) => "abort_by_response",
        Ok(_) => "success",
        Err(stop) if stop.is_rejectable() => "rejected",
        Err(_) => "abort_by_response",
    };
    case.check("status", &ours.to_owned(), &theirs("status"));
    if let Err(stop) = &done.outcome {
        case.check("class", &stop.class(), &step["error"]["class"].as_str().unwrap_or("none"));
        case.check("kind", &stop.kind(), &step["error"]["kind"].as_str().unwrap_or("none"));
        let text: String = stop.to_string().chars().take(4000).collect();
        case.check("text", &text.as_str(), &step["error"]["text"].as_str().unwrap_or("none"));
    } else {
        case.check("error", &"none", &step["error"]["text"].as_str().unwrap_or("none"));
    }
    if step["cost"].is_object() {
        case.check("cost", &done.spent, &cost_of(&step["cost"]));
    }
    for (name, ours) in [("memory_peak", done.memory_peak), ("memory_end", done.memory)] {
        if let Some(theirs) = step[name].as_u64() {
            case.check(name, &ours, &theirs);
        }
    }
    if let Some(trace) = step["trace"].as_array() {
        // Rows of parsing and checking have their own test.
        let evaluation = |rows: &[Json]| rows.iter().position(|row| row[1] == "contract_storage").unwrap_or(0);
        let theirs = &trace[evaluation(trace)..];
        let rows = &done.rows[evaluation(&done.rows)..];
        let at = rows.iter().zip(theirs).position(|(a, b)| a != b).unwrap_or(rows.len().min(theirs.len()));
        let around = |rows: &[Json]| {
            rows[at.saturating_sub(3).min(rows.len())..(at + 4).min(rows.len())]
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let same = at == rows.len() && at == theirs.len();
        let (ours, theirs) = if same { (String::new(), String::new()) } else { (around(rows), around(theirs)) };
        case.check("trace", &ours, &theirs);
    }
    compare_effects(case, step, done, ours);
}

fn compare_effects(case: &mut Case, step: &Json, done: &Done, status: &str) {
    if status == "rejected" || step["status"] == "rejected" {
        return;
    }
    if step["result"].is_string() {
        let value = done.outcome.as_ref().map_or_else(|_| Value::error(Value::NONE).unwrap(), Clone::clone);
        case.check("result", &folded(value.encode_hex()).as_str(), &step["result"].as_str().unwrap());
        if let Some(text) = step["result_repr"].as_str() {
            case.check("repr", &folded(value.to_string()).as_str(), &text);
        }
    }
    let kept = status == "success";
    if step["events"].is_array() {
        let ours: Vec<_> = if kept {
            done.events.iter().enumerate().map(|(index, event)| event_json(index, event, folded)).collect()
        } else {
            Vec::new()
        };
        case.check("events", &Json::from(ours).to_string(), &step["events"].to_string());
    }
    if step["writes"].is_array() {
        let ours: Vec<_> =
            done.writes.iter().map(|(key, text)| json!([folded(key.clone()), folded(text.clone())])).collect();
        case.check("writes", &Json::from(ours).to_string(), &step["writes"].to_string());
    }
    if kept {
        let theirs = if step["assets"].is_object() { step["assets"].clone() } else { json!({}) };
        case.check("assets", &assets(&done.assets).to_string(), &theirs.to_string());
    }
}

fn scenario(tally: &mut Tally, scenario: &Json) {
    let id = scenario["id"].as_str().unwrap();
    let rules = Rules::of_epoch(scenario["epoch"].as_str().unwrap()).unwrap();
    let mut chain = Chain::new(rules);
    let mut blocks = 0;
    for (number, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
        let mut case = Case::default();
        match step["op"].as_str().unwrap() {
            "block" => {
                chain.height += u64::from(blocks > 0);
                blocks += 1;
                for write in step["writes"].as_array().unwrap() {
                    chain.put(write[0].as_str().unwrap(), write[1].as_str().unwrap().to_owned());
                }
                continue;
            }
            // A contract with that name makes the transaction invalid before the engine sees it.
            "deploy" if step["rejected"] == "duplicate contract" => {
                case.check("exists", &chain.has(&contract_of(step)), &true)
            }
            "deploy" => compare(&mut case, step, &deploy(&mut chain, rules, step)),
            "call" => match call(&mut chain, rules, step) {
                Some(done) => compare(&mut case, step, &done),
                None => case.check("rejected", &"undecodable argument", &step["rejected"].as_str().unwrap_or_default()),
            },
            "transfer" => {
                let done = transfer(&mut chain, rules, step);
                compare(&mut case, step, &done);
            }
            other => panic!("{id}: {other}"),
        }
        tally.add(&format!("{id}#{number}"), case);
    }
}

fn set(name: &'static str) {
    let mut tally = Tally::new(name);
    for given in cases(name) {
        scenario(&mut tally, &given);
    }
    tally.demand(1000);
}

#[test]
fn scenarios_run_as_the_reference_runs_them() {
    set("clarity_exec");
}

#[test]
fn contracts_for_the_checker_run_as_the_reference_runs_them() {
    set("clarity_analysis");
}

#[test]
fn generated_programs_run_as_the_reference_runs_them() {
    set("clarity_random");
}

#[test]
fn traces_are_the_references() {
    set("clarity_traces");
}
