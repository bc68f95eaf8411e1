//! The engine against the published VM: Clarity 1 and 2 under the rules of epoch 3.0, everything but error texts.

use std::collections::BTreeMap;
use std::time::Instant;

use chainstate::test_support::on_a_large_stack;
use engine::Rules;
use engine::costs::Cost;
use engine::types::Type;
use engine::value::Value;
use tests::programs::record::{Record, Verdict};
use tests::programs::{Call, Engine, Program, generate, mutated, soup};
use tests::random::Rng;

use crate::old_vm::OldVm;
use crate::seeds;

/// How many of the programs that differ are shown.
const SHOWN: usize = 5;

/// Where the published VM is known to differ: all of this must be so.
struct Known {
    /// A part of the engine's error, if it needs one.
    ours: &'static str,
    /// The other has no error, or one with one of these parts; ` .. ` is between parts of which it has all.
    theirs: &'static [&'static str],
    /// Only in these respects.
    differs: &'static [&'static str],
    /// Only calls with a tuple that lacks a field of the declared type.
    lacks_fields: bool,
    why: &'static str,
}

const COST: &[&str] = &["cost"];
const ALL: &[&str] = &["verdict", "result", "events", "cost", "writes", "interface", "burnt"];

const KNOWN: [Known; 4] = [
    Known {
        ours: "SequenceElementArityMismatch { expected: 1, found: 0 }",
        theirs: &["BadTypeConstruction"],
        differs: &["verdict", "result", "cost"],
        lacks_fields: false,
        why: "`replace-at?` by nothing: no block holds it, by the vectors in every epoch; the published VM has an ordinary failure",
    },
    Known {
        ours: "OptionalData { data: None }",
        theirs: &["Bad", "TypeValueError"],
        differs: COST,
        lacks_fields: false,
        why: "a variable, read in a block before its contract, is none, whatever its type: functions find that out at other places \
              than in the published VM, and no vector has the case",
    },
    Known {
        ours: "TypeValueError(SequenceType(ListType(ListTypeData { max_len: 0, entry_type: NoType }))",
        theirs: &["BadTypeConstruction .. special_at_block .. special_concat"],
        differs: COST,
        lacks_fields: false,
        why: "as before, where such a variable is joined with a sequence: the reference charges that before it looks at both",
    },
    Known {
        ours: "",
        theirs: &["", "CouldNotDetermineType", "ListTypesMustMatch", "NoSuchTupleField", "TypeValueError"],
        differs: ALL,
        lacks_fields: true,
        why: "until 4.0, Clarity 2 goes on with a tuple that lacks fields of its type, in the reference as in the published VM; the engine \
              refuses the argument",
    },
];

/// What was run, and what came of it.
#[derive(Default)]
struct Tally {
    programs: u64,
    accepted: u64,
    calls: u64,
    succeeded: u64,
    compared: u64,
    /// By what differs: the seeds.
    differences: BTreeMap<String, Vec<u64>>,
    /// By their place in [`KNOWN`]: how often.
    known: BTreeMap<usize, u64>,
}

#[test]
fn programs_run_as_on_the_published_vm() {
    on_a_large_stack(|| {
        let vm = OldVm::new();
        let (first, count) = seeds(40);
        let (begun, mut tally) = (Instant::now(), Tally::default());
        for seed in first..first + count {
            compare(&vm, seed, &mut tally);
        }
        tally.report(first, begun);
    });
}

impl Tally {
    fn report(&self, first: u64, begun: Instant) {
        let Self { programs, accepted, calls, succeeded, compared, differences, known } = self;
        println!(
            "beside the published VM: {programs} programs from seed {first} in {:.1?}; {accepted} accepted, {succeeded} of {calls} \
             calls succeeded; {compared} transactions compared, {} kinds of differences",
            begun.elapsed(),
            differences.len()
        );
        for (known, times) in known {
            println!("  known, {times} times: {}", KNOWN[*known].why);
        }
        for (kind, seeds) in differences {
            println!("  {kind}: {} times, seeds {:?}", seeds.len(), &seeds[..seeds.len().min(10)]);
        }
        // The generator is worth its time only while most of what it writes is accepted, and does something.
        assert!(*programs < 20 || accepted * 2 > *programs, "{accepted} of {programs} programs were accepted");
        assert!(*programs < 20 || succeeded * 4 > *calls, "{succeeded} of {calls} calls succeeded");
        assert!(differences.is_empty(), "the engines differ");
    }
}

/// The program of a seed, seldom with faults.
pub(crate) fn program(seed: u64, rng: &mut Rng) -> Program {
    let mut program = generate(seed, if seed.is_multiple_of(2) { 1 } else { 2 });
    let source = program.contracts.last_mut().unwrap();
    match rng.below(20) {
        0 | 1 => source.text = mutated(rng, &source.text),
        2 => source.text = soup(rng),
        _ => {}
    }
    program
}

fn compare(vm: &OldVm, seed: u64, tally: &mut Tally) {
    let mut rng = Rng::from_seed(!seed);
    let program = program(seed, &mut rng);
    let limit = Rules::EPOCH_3_0.block_limit;
    let spent = if rng.one_in(8) {
        // A block that is nearly full.
        Cost { runtime: limit.runtime - u64::try_from(rng.below(1_000_000)).unwrap(), ..Cost::default() }
    } else {
        Cost::default()
    };
    let theirs = vm.run(&program, spent);
    let mut engine = Engine::new(&Rules::EPOCH_3_0, spent);
    let ours = engine.run(&program);
    assert_eq!(ours.len(), theirs.len());
    let deployments = program.contracts.len();
    tally.programs += 1;
    tally.accepted += u64::from(theirs[..deployments].iter().all(|record| record.verdict == Verdict::Success));
    tally.calls += (theirs.len() - deployments) as u64;
    tally.succeeded += succeeded(&theirs[deployments..]);
    for (number, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        tally.compared += 1;
        let differences = ours.differences(theirs);
        if differences.is_empty() {
            continue;
        }
        let call = number.checked_sub(deployments).map(|at| &program.calls[at]);
        let lacks_fields = call.is_some_and(|call| call_lacks_fields(&engine, call));
        let is_known =
            |known: &Known| (!known.lacks_fields || lacks_fields) && is_known(known, ours, theirs, &differences);
        if let Some(known) = KNOWN.iter().position(is_known) {
            if std::env::var_os("PROGRAMS_SHOW").is_some() {
                println!("{}:", KNOWN[known].why);
                show(seed, &program, number, ours, theirs);
            }
            *tally.known.entry(known).or_default() += 1;
            break;
        }
        if tally.differences.values().map(Vec::len).sum::<usize>() < SHOWN {
            show(seed, &program, number, ours, theirs);
        }
        tally.differences.entry(differences.join(", ")).or_default().push(seed);
        // What follows may differ for this reason only.
        break;
    }
}

/// Whether an argument of a call lacks fields of a tuple that its type has.
fn call_lacks_fields(engine: &Engine, call: &Call) -> bool {
    let mut contracts = engine.ledger.contracts.iter();
    let contract = contracts.find(|(id, _)| id.name.as_str() == call.contract).map(|(_, contract)| contract);
    let function = contract.and_then(|contract| contract.interface.callable(&call.function));
    function.is_some_and(|function| {
        let arguments = call.arguments.iter().map(|bytes| Value::decode(bytes).unwrap());
        function.parameters.iter().zip(arguments).any(|((_, of), argument)| lacks(of, &argument))
    })
}

fn lacks(of: &Type, value: &Value) -> bool {
    match (of, value) {
        (Type::Tuple(of), Value::Tuple(tuple)) => {
            of.fields().iter().any(|(name, field)| tuple.get(name).is_none_or(|value| lacks(field, value)))
        }
        (Type::List(of), Value::List(list)) => list.items().iter().any(|item| lacks(of.entry(), item)),
        (Type::Optional(of), Value::Optional(Some(inner))) => lacks(of.inner(), inner),
        (Type::Response(of), Value::Ok(inner)) => lacks(of.ok(), inner),
        (Type::Response(of), Value::Err(inner)) => lacks(of.err(), inner),
        _ => false,
    }
}

fn is_known(known: &Known, ours: &Record, theirs: &Record, differences: &[&str]) -> bool {
    let theirs = theirs.error.as_deref().unwrap_or_default();
    let is_theirs = |parts: &&str| match *parts {
        "" => theirs.is_empty(),
        parts => parts.split(" .. ").all(|part| theirs.contains(part)),
    };
    (known.ours.is_empty() || ours.error.as_ref().is_some_and(|error| error.contains(known.ours)))
        && known.theirs.iter().any(is_theirs)
        && differences.iter().all(|difference| known.differs.contains(difference))
}

fn succeeded(calls: &[Record]) -> u64 {
    calls.iter().filter(|record| record.verdict == Verdict::Success).count() as u64
}

fn show(seed: u64, program: &Program, number: usize, ours: &Record, theirs: &Record) {
    println!("seed {seed}, transaction {number}:\n  ours   {ours:?}\n  theirs {theirs:?}");
    for source in &program.contracts {
        println!(";; {} in Clarity {}\n{}", source.name, source.version, source.text);
    }
    if let Some(call) = number.checked_sub(program.contracts.len()).map(|at| &program.calls[at]) {
        let arguments: Vec<_> = call.arguments.iter().map(hex::encode).collect();
        println!("call of {} of {} with {arguments:?}", call.function, call.contract);
    }
}
