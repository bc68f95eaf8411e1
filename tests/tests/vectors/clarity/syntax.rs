//! Source texts: verdict, error with its texts and place, costs, and the sorted tree of accepted texts.

use clarity::Rules;
use clarity::costs::{Cost, Meter};
use clarity::principal::ContractId;
use clarity::syntax::{self, Node, NodeId, ParseError, SyntaxError, Tree};
use serde_json::Value;

use super::files::cases;
use super::tally::{Case, Tally};

/// The contract to which the texts belong.
const CONTRACT: &str = "ST2ZKRNXP4N5BTNQ2FMQ10EAXXTSFMVRFXVWD75Y6.vector";

/// A node in the cases' form.
fn dump(tree: &Tree, id: NodeId) -> String {
    let text = match tree.node(id) {
        Node::Atom(name) => format!("A:{name}"),
        Node::Literal(value) => format!("L:{}", value.encode_hex()),
        Node::Field(id) => format!("F:{id}"),
        Node::Trait(name) => {
            let mark = if name.imported { "TI" } else { "TD" };
            format!("{mark}:{}={}", name.name, name.trait_id.as_ref().unwrap())
        }
        Node::List(_) => {
            let items: Vec<_> = tree.list(id).unwrap().iter().map(|item| dump(tree, *item)).collect();
            format!("({})", items.join(" "))
        }
    };
    format!("{text}@{}", tree.span(id))
}

/// A cost in a case.
pub(super) fn cost_of(value: &Value) -> Cost {
    let number = |name: &str| value[name].as_u64().unwrap();
    Cost {
        runtime: number("runtime"),
        read_count: number("read_count"),
        read_length: number("read_length"),
        write_count: number("write_count"),
        write_length: number("write_length"),
    }
}

/// A list of source places.
pub(super) fn spans_of(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|span| span.as_str().unwrap().to_owned()).collect()
}

/// Compares a text's error with the one in a case.
pub(super) fn check_error(case: &mut Case, rules: &Rules, ours: &SyntaxError, theirs: &Value) {
    case.check("class", &ours.error.class(), &theirs["class"].as_str().unwrap());
    case.check("kind", &ours.error.kind().as_str(), &theirs["kind"].as_str().unwrap());
    let cut = |text: String| text.chars().take(4000).collect::<String>();
    case.check("text", &cut(ours.error.to_string()).as_str(), &theirs["text"].as_str().unwrap());
    case.check("debug", &cut(ours.error.debug()).as_str(), &theirs["debug"].as_str().unwrap());
    let span = ours.span.filter(|_| matches!(ours.error, ParseError::TraitReferenceUnknown(_)));
    case.check("spans", &span.iter().map(ToString::to_string).collect(), &spans_of(&theirs["spans"]));
    case.check("rejectable", &ours.error.is_rejectable(rules), &theirs["rejectable"].as_bool().unwrap());
}

fn check(given: &Value) -> Case {
    let mut case = Case::default();
    let rules = Rules::of_epoch(given["epoch"].as_str().unwrap()).unwrap();
    let mut meter = Meter::new(rules.costs, rules.block_limit);
    let contract = ContractId::parse(CONTRACT).unwrap();
    let read = syntax::read(given["source"].as_str().unwrap(), &contract, rules, &mut meter);
    case.check("verdict", &if read.is_ok() { "ok" } else { "error" }, &given["verdict"].as_str().unwrap());
    case.check("cost", &meter.spent(), &cost_of(&given["cost"]));
    match read {
        Ok(tree) if given["verdict"] == "ok" => {
            let lines: Vec<_> = tree.top().iter().map(|id| dump(&tree, *id)).collect();
            case.check("tree", &lines.join("\n").as_str(), &given["tree"].as_str().unwrap());
        }
        Err(error) if given["verdict"] == "error" => {
            check_error(&mut case, rules, &error, &given["error"]);
            if given["diagnostic"].is_object() {
                let ours = error.span.iter().map(ToString::to_string).collect();
                case.check("place", &ours, &spans_of(&given["diagnostic"]["spans"]));
            }
        }
        _ => {}
    }
    case
}

#[test]
fn syntax_is_the_references() {
    let mut tally = Tally::new("clarity_syntax");
    for given in cases("clarity_syntax") {
        tally.add(given["id"].as_str().unwrap(), check(&given));
    }
    tally.demand(1000);
}

/// The parsing of a deployment: its costs, and its refusals.
fn check_deployment(rules: &Rules, step: &Value) -> Case {
    let mut case = Case::default();
    let mut meter = Meter::new(rules.costs, limit_of(rules, step));
    let contract = contract_of(step);
    let read = syntax::read(step["source"].as_str().unwrap(), &contract, rules, &mut meter);
    case.check("refused", &read.is_err(), &(step["phase"] == "parse"));
    match read {
        Ok(_) if step["parse_cost"].is_object() => case.check("cost", &meter.spent(), &cost_of(&step["parse_cost"])),
        Err(error) if step["phase"] == "parse" => {
            case.check("cost", &meter.spent(), &cost_of(&step["cost"]));
            check_error(&mut case, rules, &error, &step["error"]);
        }
        _ => {}
    }
    case
}

/// The contract that a deployment makes.
pub(super) fn contract_of(step: &Value) -> ContractId {
    let sender = step["sender"].as_str().unwrap_or(CONTRACT.split('.').next().unwrap());
    ContractId::parse(&format!("{sender}.{}", step["name"].as_str().unwrap())).unwrap()
}

/// Cost limit of a step.
pub(super) fn limit_of(rules: &Rules, step: &Value) -> Cost {
    let limit = &step["limit"];
    let or = |name: &str, default: u64| limit[name].as_u64().unwrap_or(default);
    let block = rules.block_limit;
    Cost {
        runtime: or("runtime", block.runtime),
        read_count: or("read_count", block.read_count),
        read_length: or("read_length", block.read_length),
        write_count: or("write_count", block.write_count),
        write_length: or("write_length", block.write_length),
    }
}

#[test]
fn deployments_are_parsed_as_the_reference_does() {
    for set in ["clarity_analysis", "clarity_exec", "clarity_random", "clarity_traces"] {
        let mut tally = Tally::new(set);
        for scenario in cases(set) {
            let rules = Rules::of_epoch(scenario["epoch"].as_str().unwrap()).unwrap();
            let steps = scenario["steps"].as_array().unwrap();
            for step in steps.iter().filter(|step| step["op"] == "deploy" && step["rejected"] != "duplicate contract") {
                tally.add(scenario["id"].as_str().unwrap(), check_deployment(rules, step));
            }
        }
        tally.demand(1000);
    }
}
