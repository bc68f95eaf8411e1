//! Generated contracts (`tests::programs`): what the engines do with them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is test code")]

mod old_vm;

use chainstate::test_support::on_a_large_stack;
use old_vm::{OldVm, Outcome};
use tests::programs::generate;

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// The generator is worth its time only while most of what it writes is accepted, called, and does something.
#[test]
fn most_programs_are_accepted_and_their_calls_do_something() {
    on_a_large_stack(|| {
        let (seed, count) = (variable("PROGRAMS_SEED", 1), variable("PROGRAMS", 60));
        let vm = OldVm::new();
        let (mut accepted, mut calls, mut succeeded) = (0, 0, 0);
        for number in seed..seed + count {
            let program = generate(number, if number % 2 == 0 { 1 } else { 2 });
            let outcomes = vm.run(&program);
            if let Some(Outcome::Mined { error: Some(error), .. }) = outcomes.first()
                && std::env::var_os("PROGRAMS_SHOW").is_some()
            {
                println!("seed {number}: {error}\n{}", program.source);
            }
            accepted += u64::from(outcomes.first().is_some_and(Outcome::succeeded));
            calls += outcomes.len() as u64 - 1;
            succeeded += outcomes.iter().skip(1).filter(|outcome| outcome.succeeded()).count() as u64;
        }
        println!("programs from seed {seed}: {accepted} of {count} accepted, {succeeded} of {calls} calls succeeded");
        assert!(accepted * 2 > count, "{accepted} of {count} programs were accepted");
        assert!(succeeded * 4 > calls, "{succeeded} of {calls} calls succeeded");
    });
}
