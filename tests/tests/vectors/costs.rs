//! `costs3.json`: the figures of `costs-3`, for each cost function and dimension a formula in the size of the input.

use clarity::costs::{CostFn, CostTable};
use serde_json::Value;

use crate::support::{load, number, text};

/// Sizes of an input: around powers of two, where the logarithms step.
const SIZES: [u64; 9] = [0, 1, 2, 3, 4, 1_023, 1_024, 1_025, 1 << 20];

/// The value of a formula; `None` when it takes the logarithm of zero.
fn value(formula: &Value, n: u64) -> Option<u64> {
    let log2 = || n.checked_ilog2().map(u64::from);
    let scaled = |by: u64| number(formula, "a") * by + number(formula, "b");
    match text(formula, "formula") {
        "constant" => Some(number(formula, "value")),
        "linear" => Some(scaled(n)),
        "logn" => log2().map(scaled),
        "nlogn" => log2().map(|log2| scaled(n * log2)),
        formula => panic!("formula {formula}"),
    }
}

#[test]
fn costs_3_has_the_figures_of_the_network() {
    let file = load("costs3.json");
    let functions = file["functions"].as_object().expect("functions");
    for (name, formulas) in functions {
        let ours = name.strip_prefix("cost_").unwrap_or(name);
        let Some(function) = CostFn::ALL.iter().find(|function| function.name() == ours) else {
            assert_eq!(name, "poison_microblock", "a cost function that the engine does not have");
            continue;
        };
        for n in SIZES {
            let dimension = |key| value(&formulas[key], n);
            let expected = dimension("runtime").map(|runtime| {
                let [read_count, read_length, write_count, write_length] =
                    ["read_count", "read_length", "write_count", "write_length"].map(|key| dimension(key).expect(key));
                (runtime, read_count, read_length, write_count, write_length)
            });
            let cost = CostTable::COSTS_3.cost(*function, n).ok();
            let found =
                cost.map(|cost| (cost.runtime, cost.read_count, cost.read_length, cost.write_count, cost.write_length));
            assert_eq!(found, expected, "{name} of {n}");
        }
    }
}
