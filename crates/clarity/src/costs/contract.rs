//! A cost table as the source of a contract: one function per cost function, with the figures that are charged. The
//! network once computed costs by such contracts; today they only show the figures.

use std::fmt::Write as _;

use super::formula::{Figures, Formula, Length};
use super::{CostFn, CostTable};

impl CostTable {
    /// The table as a contract of Clarity 1. Functions that the table does not have are left out.
    #[must_use]
    pub fn contract(&self) -> String {
        let mut text = String::new();
        for function in CostFn::ALL {
            if let Some(tuple) = tuple(self.figures(*function)) {
                let _ = writeln!(text, "(define-read-only (cost_{} (n uint)) {tuple})", function.name());
            }
        }
        text
    }
}

/// The five dimensions as a tuple; `None` for a function that the table does not have.
fn tuple(figures: &Figures) -> Option<String> {
    let runtime = runtime(figures.runtime)?;
    let (mut counts, mut lengths) = ((0, 0), ("u0".to_owned(), "u0".to_owned()));
    if let Some(storage) = &figures.storage {
        counts = (storage.write_count, storage.read_count);
        lengths = (length(storage.write_length), length(storage.read_length));
    }
    Some(format!(
        "{{ runtime: {runtime}, write_length: {}, write_count: u{}, read_count: u{}, read_length: {} }}",
        lengths.0, counts.0, counts.1, lengths.1
    ))
}

fn length(of: Length) -> String {
    match of {
        Length::Fixed(bytes) => format!("u{bytes}"),
        Length::Input => "(+ n u1)".to_owned(),
    }
}

fn runtime(formula: Formula) -> Option<String> {
    let sum = |a: u64, of: &str, b: u64| match a {
        1 => format!("(+ {of} u{b})"),
        a => format!("(+ (* u{a} {of}) u{b})"),
    };
    Some(match formula {
        Formula::Flat(b) => format!("u{b}"),
        Formula::Line(a, b) => sum(a, "n", b),
        Formula::Log(a, b) => sum(a, "(log2 n)", b),
        Formula::NLog(a, b) => format!("(+ (* u{a} n (log2 n)) u{b})"),
        Formula::Shift(a, s, b) => sum(a, &format!("(/ n u{})", 1_u64 << s), b),
        Formula::Missing => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::costs::{Cost, CostFn, CostTable};
    use crate::test_support::{Memory, context, id};
    use crate::value::Value;
    use crate::{Dialect, Rules};

    fn shown(value: &Value) -> Cost {
        let Value::Tuple(tuple) = value else { panic!("{value}") };
        let figure = |name: &str| match tuple.get(name) {
            Some(Value::UInt(figure)) => u64::try_from(*figure).unwrap(),
            other => panic!("{name}: {other:?}"),
        };
        Cost {
            runtime: figure("runtime"),
            read_count: figure("read_count"),
            read_length: figure("read_length"),
            write_count: figure("write_count"),
            write_length: figure("write_length"),
        }
    }

    #[test]
    fn the_contracts_show_what_is_charged() {
        for table in [
            CostTable::COSTS,
            CostTable::COSTS_2,
            CostTable::COSTS_2_TESTNET,
            CostTable::COSTS_3,
            CostTable::COSTS_4,
            CostTable::COSTS_5,
        ] {
            let mut world = Memory::new(&Rules::EPOCH_3_0, Dialect::ALL[0]);
            world.publish("shown", &table.contract());
            let mut seen = 0;
            for function in CostFn::ALL {
                let name = format!("cost_{}", function.name());
                for n in [0, 1, 2, 3, 100, 4095, 1 << 20] {
                    let called =
                        world.machine().call(&context(), &id("shown"), &name, vec![Value::UInt(u128::from(n))]);
                    match (table.cost(*function, n), called) {
                        (Ok(cost), Ok(value)) => {
                            assert_eq!(shown(&value), cost, "{name} {n} in {}", table.name());
                            seen += 1;
                        }
                        (Err(_), Err(_)) => {}
                        other => panic!("{name} {n} in {}: {other:?}", table.name()),
                    }
                }
            }
            assert!(seen > 700, "{seen} in {}", table.name());
        }
    }
}
