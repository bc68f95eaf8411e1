//! The engine on programs of all versions under all epochs' rules that know them: everything published, called, read or
//! evaluated gives a value or an error, always the same one, and leaves nothing when it fails.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;
use std::time::Instant;

use clarity::costs::{Cost, Step, Trace};
use clarity::engine::STACK_BYTES;
use clarity::value::Value;
use clarity::{Dialect, Rules};
use tests::programs::record::Verdict;
use tests::programs::{Engine, Program, garbled, generate, mutated, soup};
use tests::random::Rng;

use crate::seeds;

/// Counts of what ran in one version under one epoch's rules, and how it ended.
#[derive(Default)]
struct Tally {
    programs: u64,
    accepted: u64,
    calls: u64,
    succeeded: u64,
    /// Snippets that gave a value, and all snippets.
    evaluated: (u64, u64),
    /// Broken sources that were accepted anyway, and all broken sources.
    mutants: (u64, u64),
}

#[test]
fn whatever_runs_gives_a_value_or_an_error() {
    let run = || {
        let (first, count) = seeds(300);
        let begun = Instant::now();
        let mut tallies: BTreeMap<(u8, &str), Tally> = BTreeMap::new();
        for seed in first..first + count {
            let version = 1 + u8::try_from(seed % 6).unwrap();
            let mut rng = Rng::from_seed(!seed);
            let knowing: Vec<_> = Rules::ALL.iter().filter(|rules| rules.newest_version >= version).collect();
            let rules = *rng.pick(&knowing);
            let program = generate(seed, version);
            let tally = tallies.entry((version, rules.epoch)).or_default();
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| one(&mut rng, &program, rules, tally))) {
                println!("seed {seed}, Clarity {version}, epoch {}:", rules.epoch);
                for source in &program.contracts {
                    println!(";; {} in Clarity {}\n{}", source.name, source.version, source.text);
                }
                println!("{:?}\n{:?}", program.calls, program.snippets);
                resume_unwind(panic);
            }
        }
        report(first, count, begun, &tallies);
    };
    thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap().join().unwrap();
}

fn report(seed: u64, count: u64, begun: Instant, tallies: &BTreeMap<(u8, &str), Tally>) {
    let sum = |of: fn(&Tally) -> u64| tallies.values().map(of).sum::<u64>();
    println!(
        "on the engine: {count} programs from seed {seed} in {:.1?}: {} accepted, {} calls, {} succeeded, {} of {} snippets \
         evaluated, {} of {} broken sources accepted",
        begun.elapsed(),
        sum(|tally| tally.accepted),
        sum(|tally| tally.calls),
        sum(|tally| tally.succeeded),
        sum(|tally| tally.evaluated.0),
        sum(|tally| tally.evaluated.1),
        sum(|tally| tally.mutants.0),
        sum(|tally| tally.mutants.1),
    );
    for ((version, epoch), Tally { programs, accepted, calls, succeeded, .. }) in tallies {
        println!(
            "  Clarity {version} in {epoch}: {programs} programs, {accepted} accepted, {succeeded} of {calls} calls succeeded"
        );
    }
    let (programs, accepted) = (sum(|tally| tally.programs), sum(|tally| tally.accepted));
    assert!(programs < 100 || accepted * 5 > programs * 2, "{accepted} of {programs} programs were accepted");
}

/// A watcher whose only effect is that the meter takes its slow path.
struct Watcher;

impl Trace for Watcher {
    fn step(&mut self, _: &Step<'_>) {}
}

fn one(rng: &mut Rng, program: &Program, rules: &'static Rules, tally: &mut Tally) {
    tally.programs += 1;
    let mut engine = Engine::new(rules, Cost::default());
    let mut twin = Engine::new(rules, Cost::default()).watched_by(|| Box::new(Watcher));
    let mut accepted = true;
    for source in &program.contracts {
        let record = engine.deploy(source);
        assert_eq!(twin.deploy(source), record, "a watcher changes nothing");
        accepted &= record.verdict == Verdict::Success;
        if record.verdict != Verdict::Success && std::env::var_os("PROGRAMS_SHOW").is_some() {
            println!("Clarity {} in {}: {:?}\n{}", source.version, rules.epoch, record.error, source.text);
        }
    }
    tally.accepted += u64::from(accepted);
    twin.restart();
    for call in &program.calls {
        if rng.one_in(4) {
            let read = engine.call_read_only(call);
            assert_eq!(read.writes, [], "what must not write has written");
        }
        if rng.one_in(4) {
            within_a_budget(rng, &mut engine, call);
        }
        let record = engine.call(call);
        assert_eq!(twin.call(call), record, "a contract that was stored runs as it did");
        tally.calls += 1;
        tally.succeeded += u64::from(record.verdict == Verdict::Success);
        if outgrows_types(program, rules) {
            continue;
        }
        if let (None, Some(declared)) = (&record.error, engine.declared(call)) {
            let value = Value::decode(&hex::decode(&record.result).unwrap()).unwrap_or(Value::NONE);
            if record.verdict != Verdict::Refused {
                // The type of a side without a value is unknown, and a contract's name reads back as a principal.
                let of_contract =
                    ["Callable", "Union", "Trait"].iter().any(|part| format!("{declared:?}").contains(part));
                let admits = value.fits(&declared).unwrap_or(true);
                assert!(admits || of_contract, "{} gives {value}, not {declared:?}", call.function);
            }
        }
    }
    for snippet in &program.snippets {
        let snippet = if rng.one_in(4) { mutated(rng, snippet) } else { snippet.clone() };
        let record = engine.evaluate("main", &snippet);
        assert_eq!(record.writes, [], "what must not write has written");
        tally.evaluated.0 += u64::from(record.verdict == Verdict::Success);
        tally.evaluated.1 += 1;
    }
    if rng.one_in(2) {
        tally.mutants.0 += u64::from(broken(rng, program, rules));
        tally.mutants.1 += 1;
    }
}

/// Where the language allows values of other types than the checker says: a variable read in a block before its
/// contract is none; `fold` over an empty sequence gives its initial value, whatever its type; before 4.0, `map` may
/// give more entries than its shortest sequence has.
fn outgrows_types(program: &Program, rules: &Rules) -> bool {
    let mut words = vec!["at-block", "(fold "];
    if !rules.map_stops_at_shortest {
        words.push("(map ");
    }
    program.contracts.iter().any(|source| words.iter().any(|word| source.text.contains(word)))
}

/// A call with too small a budget stops when that is spent, and leaves nothing.
fn within_a_budget(rng: &mut Rng, engine: &mut Engine, call: &tests::programs::Call) {
    let limit = engine.ledger.rules.block_limit.runtime;
    let (whole, spent, _) = engine.call_within(call, limit);
    if spent.runtime == 0 {
        return;
    }
    let budget = rng.bits() % spent.runtime;
    let (outcome, spent, left) = engine.call_within(call, budget);
    let stop = outcome.expect_err("it takes more than it may");
    assert_eq!((stop.class(), left), ("cost", 0), "{whole:?}");
    assert!(spent.runtime > budget);
}

/// A broken variant of the program's source, in the version for which it was written or in another.
fn broken(rng: &mut Rng, program: &Program, rules: &'static Rules) -> bool {
    let mut engine = Engine::new(rules, Cost::default());
    let mut accepted = true;
    for source in &program.contracts {
        let text = match rng.below(4) {
            0 => source.text.clone(),
            1 if rng.one_in(4) => soup(rng),
            1 => garbled(rng, &source.text),
            _ => mutated(rng, &source.text),
        };
        let version = if rng.one_in(4) { 1 + rng.below(rules.newest_version.into()) } else { source.version.into() };
        let dialect = Dialect::of_version(u8::try_from(version).unwrap()).unwrap();
        let source = tests::programs::Source { name: source.name, version: dialect.version, text };
        accepted &= engine.deploy(&source).verdict == Verdict::Success;
    }
    for call in &program.calls {
        engine.call(call);
    }
    for snippet in &program.snippets {
        engine.evaluate("main", &garbled(rng, snippet));
    }
    accepted
}
