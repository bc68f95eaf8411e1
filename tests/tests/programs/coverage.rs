//! Checks that the generator writes all of the language, and that its programs run all of it: every function, keyword,
//! definition, allowance and block property of every version.
//!
//! A function counts as run when its cost is charged in a program without another function of the same cost. An
//! allowance counts as run when its form is charged for one and no other allowance is written. Keywords without a cost
//! are evaluated alone.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread;

use clarity::Rules;
use clarity::costs::{Cost, CostFn, Step, Trace};
use clarity::engine::STACK_BYTES;
use clarity::keywords::{BlockProperty, BurnProperty, Keyword};
use clarity::natives::{Kind, Native};
use tests::programs::record::Verdict;
use tests::programs::{DEFINITIONS, Engine, Program, generate};

use crate::seeds;

const KEYWORDS: [&str; 16] = [
    "tx-sender",
    "contract-caller",
    "block-height",
    "burn-block-height",
    "none",
    "true",
    "false",
    "stx-liquid-supply",
    "is-in-regtest",
    "tx-sponsor?",
    "is-in-mainnet",
    "chain-id",
    "stacks-block-height",
    "tenure-height",
    "stacks-block-time",
    "current-contract",
];

const PROPERTIES: [&str; 10] = [
    "time",
    "vrf-seed",
    "header-hash",
    "id-header-hash",
    "burnchain-header-hash",
    "miner-address",
    "miner-spend-winner",
    "miner-spend-total",
    "block-reward",
    "pox-addrs",
];

/// Cost functions that were charged, with their input: 0, 1, or 2 for anything larger.
#[derive(Clone, Default)]
struct Charged(Arc<Mutex<BTreeSet<(&'static str, u64)>>>);

impl Trace for Charged {
    fn step(&mut self, step: &Step<'_>) {
        if let Step::Charge(function, n, _) = step {
            self.0.lock().unwrap().insert((function.name(), (*n).min(2)));
        }
    }
}

impl Charged {
    fn any(&self, function: CostFn) -> bool {
        (0..3).any(|n| self.with(function, n))
    }

    fn with(&self, function: CostFn, n: u64) -> bool {
        self.0.lock().unwrap().contains(&(function.name(), n))
    }
}

/// Words that were written, and those that were run.
#[derive(Default)]
struct Seen {
    written: BTreeSet<String>,
    run: BTreeSet<String>,
}

/// Programs that must be enough; mostly far fewer are.
const ENOUGH: u64 = 4000;

#[test]
fn all_of_the_language_is_written_and_run() {
    let run = || {
        let (seed, _) = seeds(0);
        for version in 1..=6 {
            let (all, mut seen, mut count) = (words(version), Seen::default(), 0);
            while count < ENOUGH && !seen.missing(&all).is_empty() {
                for _ in 0..100 {
                    one(&generate(seed + count, version), &mut seen);
                    count += 1;
                }
            }
            println!("all {} words of Clarity {version} in {count} programs from seed {seed}", all.len());
            assert_eq!(seen.missing(&all), [""; 0], "of Clarity {version}, in {count} programs from seed {seed}");
        }
    };
    thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap().join().unwrap();
}

impl Seen {
    /// Words that were not written or not run. Block properties need only be written: their functions are run.
    fn missing(&self, all: &BTreeSet<String>) -> Vec<String> {
        let is_seen = |word: &&String| {
            self.written.contains(*word) && (self.run.contains(*word) || PROPERTIES.contains(&word.as_str()))
        };
        all.iter().filter(|word| !is_seen(word)).cloned().collect()
    }
}

/// Every word of a version.
fn words(version: u8) -> BTreeSet<String> {
    let natives = Native::ALL.iter().filter(|native| native.is_in(version)).map(|native| native.name());
    let properties = PROPERTIES.into_iter().filter(|name| {
        let of_block = version <= 2 && BlockProperty::of_block(name, version).is_some();
        let of_tenure = version >= 3
            && (BlockProperty::of_tenure(name).is_some() || BlockProperty::of_stacks_block(name).is_some());
        of_block || of_tenure || (version >= 2 && BurnProperty::lookup(name).is_some())
    });
    natives.chain(keywords(version)).chain(DEFINITIONS).chain(properties).map(str::to_owned).collect()
}

fn keywords(version: u8) -> impl Iterator<Item = &'static str> {
    KEYWORDS.into_iter().filter(move |name| Keyword::lookup(name, version).is_some())
}

/// The words of a text; braces count as `tuple`.
fn written_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| c.is_whitespace() || "(){},:".contains(c));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn one(program: &Program, seen: &mut Seen) {
    let version = program.contracts.last().unwrap().version;
    let rules = Rules::ALL.iter().find(|rules| rules.newest_version >= version).unwrap();
    let charged = Charged::default();
    let watcher = charged.clone();
    let mut engine = Engine::new(rules, Cost::default()).watched_by(move || Box::new(watcher.clone()));
    let mut written = BTreeSet::new();
    for source in &program.contracts {
        let words = written_in(&source.text);
        if engine.deploy(source).verdict == Verdict::Success {
            seen.run.extend(words.iter().filter(|word| word.contains("define-") || word.ends_with("-trait")).cloned());
        }
        // A contract in an older version shows nothing about the newer one.
        if source.version == version {
            seen.written.extend(words.iter().cloned());
        }
        written.extend(words);
    }
    for call in &program.calls {
        engine.call(call);
    }
    let natives: Vec<_> = Native::ALL.iter().filter(|native| written.contains(native.name())).collect();
    let only = |of: &dyn Fn(&Native) -> bool| {
        let mut of_it = natives.iter().filter(|native| of(native));
        of_it.next().filter(|_| of_it.next().is_none()).map(|native| native.name().to_owned())
    };
    for native in &natives {
        if let Some(cost) = native.cost().filter(|cost| !seen.run.contains(native.name()) && charged.any(*cost)) {
            seen.run.extend(only(&|other| other.cost() == Some(cost)));
        }
    }
    let forms = [CostFn::RestrictAssets, CostFn::AsContractSafe];
    if forms.iter().any(|form| charged.with(*form, 1) || charged.with(*form, 2)) {
        seen.run.extend(only(&|native| native.kind() == Kind::Allowance));
    }
    for keyword in keywords(version).filter(|keyword| !seen.run.contains(*keyword)).collect::<Vec<_>>() {
        let record = engine.evaluate("main", keyword);
        if record.verdict == Verdict::Success {
            seen.run.insert(keyword.to_owned());
        }
    }
}
