//! Counts where our results equal the reference's.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};

/// Number of differing cases that are shown; the variable `SHOWN` overrides it.
const SHOWN: usize = 20;

fn shown() -> usize {
    std::env::var("SHOWN").ok().and_then(|text| text.parse().ok()).unwrap_or(SHOWN)
}

/// Agreement in one set of cases.
pub(super) struct Tally {
    set: &'static str,
    cases: usize,
    agreed: usize,
    checks: BTreeMap<&'static str, (usize, usize)>,
    shown: String,
}

/// Comparisons of one case, by name.
#[derive(Default)]
pub(super) struct Case {
    checks: Vec<(&'static str, Option<String>)>,
}

impl Case {
    /// Compares our value with the reference's.
    pub(super) fn check<T: PartialEq + Debug>(&mut self, name: &'static str, ours: &T, theirs: &T) {
        let differs = (ours != theirs).then(|| format!("{name}\n     ours {ours:?}\n   theirs {theirs:?}"));
        self.checks.push((name, differs));
    }
}

impl Tally {
    pub(super) fn new(set: &'static str) -> Self {
        Self { set, cases: 0, agreed: 0, checks: BTreeMap::new(), shown: String::new() }
    }

    pub(super) fn add(&mut self, id: &str, case: Case) {
        self.cases += 1;
        let differs = case.checks.iter().any(|(_, difference)| difference.is_some());
        self.agreed += usize::from(!differs);
        let is_shown = differs && self.cases - self.agreed <= shown();
        for (name, difference) in case.checks {
            let count = self.checks.entry(name).or_default();
            count.0 += usize::from(difference.is_none());
            count.1 += 1;
            if let (true, Some(text)) = (is_shown, difference) {
                let _ = writeln!(self.shown, "{id} {text}");
            }
        }
    }

    /// Prints the counts; fails when fewer than `floor` of a thousand cases agree in everything.
    #[expect(clippy::print_stdout, reason = "the counts are what this test is for")]
    pub(super) fn demand(self, floor: usize) {
        println!("{}: {} of {} cases agree in everything", self.set, self.agreed, self.cases);
        for (name, (agree, all)) in &self.checks {
            println!("  {name}: {agree} of {all}");
        }
        print!("{}", self.shown);
        assert!(self.cases > 0, "{}: no case", self.set);
        assert!(
            self.agreed * 1000 >= floor * self.cases,
            "{}: {} of {} cases agree, less than {floor} of a thousand",
            self.set,
            self.agreed,
            self.cases
        );
    }
}
