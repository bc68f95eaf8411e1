//! The checker: verdict, error with its texts and places, costs, memory, and the interface of accepted contracts; where
//! the cases have traces, also each charge and each change of memory in order.

use std::collections::HashMap;
use std::sync::Arc;

use clarity::analysis::{self, Contracts, Fault, Interface};
use clarity::costs::Meter;
use clarity::principal::ContractId;
use clarity::{Dialect, Rules, syntax};
use serde_json::{Value, json};

use super::files::cases;
use super::rows::Rows;
use super::syntax::{contract_of, cost_of, limit_of, spans_of};
use super::tally::{Case, Tally};

/// The contracts that a scenario has deployed.
#[derive(Default)]
struct Deployed(HashMap<ContractId, Arc<Interface>>);

impl Contracts for Deployed {
    fn interface(&self, contract: &ContractId) -> Option<Arc<Interface>> {
        self.0.get(contract).cloned()
    }
}

/// The first bytes of a text, cut as in the cases.
fn cut(text: &str) -> &str {
    super::rows::cut(text, 4000)
}

fn check_error(case: &mut Case, rules: &Rules, ours: &Fault, theirs: &Value) {
    case.check("class", &ours.error.class(), &theirs["class"].as_str().unwrap());
    case.check("kind", &ours.error.kind().as_str(), &theirs["kind"].as_str().unwrap());
    case.check("text", &cut(&ours.error.to_string()), &theirs["text"].as_str().unwrap());
    if let Some(debug) = theirs["debug"].as_str() {
        case.check("debug", &cut(&ours.error.debug()), &debug);
    }
    case.check("rejectable", &ours.error.is_rejectable(rules), &theirs["rejectable"].as_bool().unwrap());
    case.check("spans", &ours.spans.iter().map(ToString::to_string).collect(), &spans_of(&theirs["spans"]));
}

/// Checks one deployment; returns the interface if there is one.
fn check(case: &mut Case, rules: &Rules, deployed: &Deployed, step: &Value) -> Option<Interface> {
    let dialect = Dialect::of_version(u8::try_from(step["version"].as_u64().unwrap()).unwrap()).unwrap();
    let rows = Rows::default();
    let mut meter = Meter::new(rules.costs, limit_of(rules, step));
    if step["trace"].is_array() {
        meter = meter.watched_by(Box::new(rows.clone()));
    }
    let contract = contract_of(step);
    let tree = syntax::read(step["source"].as_str().unwrap(), &contract, rules, &mut meter).ok()?;
    let checked = analysis::check(&tree, &contract, dialect, rules, deployed, &mut meter);
    if step["trace"].is_array() {
        check_rows(case, &rows, &step["trace"]);
    }
    let kind = checked.as_ref().err().map(|fault| fault.error.kind());
    case.check(
        "refused",
        &kind.as_deref(),
        &match &step["phase"] {
            Value::String(phase) if phase == "analysis" => step["error"]["kind"].as_str(),
            _ => None,
        },
    );
    match checked {
        Err(fault) if step["phase"] == "analysis" => {
            case.check("cost", &meter.spent(), &cost_of(&step["cost"]));
            check_error(case, rules, &fault, &step["error"]);
            None
        }
        Err(_) => None,
        Ok(interface) => {
            if step["analysis_cost"].is_object() {
                case.check("cost", &meter.spent(), &cost_of(&step["analysis_cost"]));
                case.check("memory", &meter.memory(), &step["analysis_memory"].as_u64().unwrap());
            }
            case.check("stored", &interface.read_again().as_ref(), &Ok(&interface));
            if step["abi"].is_object() {
                case.check("interface", &interface.json(rules, usize::MAX), &Some(step["abi"].to_string()));
            }
            Some(interface)
        }
    }
}

/// Rows in the cases' form: a charge and a quote that is added at once become one.
fn joined(rows: &[Value]) -> Vec<Value> {
    let mut joined: Vec<Value> = Vec::with_capacity(rows.len());
    for row in rows {
        match joined.last_mut() {
            Some(last)
                if row[0] == "a" && last[0] == "q" && last.as_array().unwrap()[3..] == row.as_array().unwrap()[1..] =>
            {
                last[0] = json!("c");
            }
            _ => joined.push(row.clone()),
        }
    }
    joined
}

/// Compares rows up to the first that differs: ours and the reference's.
fn check_rows(case: &mut Case, ours: &Rows, theirs: &Value) {
    let ours = joined(&ours.lock());
    let theirs = theirs.as_array().unwrap();
    let end = theirs.iter().position(|row| row[1] == "contract_storage").unwrap_or(theirs.len());
    let theirs = &theirs[..end];
    let length = ours.len().max(theirs.len());
    let at = (0..length).find(|at| ours.get(*at) != theirs.get(*at)).unwrap_or(length);
    case.check("steps", &(at, ours.get(at)), &(at, theirs.get(at)));
}

/// Checks the deployments of a set of scenarios.
fn check_set(set: &'static str, floor: usize) {
    let mut tally = Tally::new(set);
    for scenario in cases(set) {
        let rules = Rules::of_epoch(scenario["epoch"].as_str().unwrap()).unwrap();
        let mut deployed = Deployed::default();
        for step in scenario["steps"].as_array().unwrap() {
            if step["op"] != "deploy" || step["rejected"] == "duplicate contract" || step["phase"] == "parse" {
                continue;
            }
            let mut case = Case::default();
            let interface = check(&mut case, rules, &deployed, step);
            tally.add(scenario["id"].as_str().unwrap(), case);
            if let (Some(interface), true) = (interface, step["status"] == "success") {
                deployed.0.insert(contract_of(step), Arc::new(interface));
            }
        }
    }
    tally.demand(floor);
}

#[test]
fn contracts_are_checked_as_the_reference_does() {
    check_set("clarity_analysis", 1000);
}

#[test]
fn contracts_that_run_are_checked_as_the_reference_does() {
    for set in ["clarity_exec", "clarity_random", "clarity_traces"] {
        check_set(set, 1000);
    }
}
