//! Cases that the vectors lack: the deepest texts on a small stack, and programs that nobody would write.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::{AnalysisError, Contracts, Fault, Interface, check, implements_trait, takes};
use crate::costs::{Cost, CostError, Meter};
use crate::natives::Native;
use crate::principal::{ContractId, Principal, TraitId};
use crate::syntax::{self, ParseError};
use crate::value::Value;
use crate::{Dialect, Rules};

/// Smaller than the stack of any thread of a node.
const STACK: usize = 1024 * 1024;

struct Deployed(HashMap<ContractId, Arc<Interface>>);

impl Contracts for Deployed {
    fn interface(&self, contract: &ContractId) -> Option<Arc<Interface>> {
        self.0.get(contract).cloned()
    }
}

#[test]
fn of_a_write_in_a_read_only_function_and_a_type_error_4_1_reports_the_second() {
    let write = "(define-data-var v uint u0) (define-read-only (f) (begin (var-set v u1) u1))";
    let both = format!("{write} (define-private (g) (+ 1 true))");
    let kind = |source: &str, rules: &Rules| checked(source, 6, rules).unwrap().unwrap_err().error.kind();
    for (rules, of_both) in [(&Rules::EPOCH_4_0, "WriteAttemptedInReadOnly"), (&Rules::EPOCH_4_1, "TypeError")] {
        assert_eq!(kind(write, rules), "WriteAttemptedInReadOnly", "{}", rules.epoch);
        assert_eq!(kind(&both, rules), of_both, "{}", rules.epoch);
    }
    // The pass that looks for writes is free; from 4.1 on the types are charged before it fails.
    let spent =
        |source: &str, rules: &Rules| checked_beside(&Deployed(HashMap::new()), "c", source, rules, Cost::MAX).1;
    let parsed = |source: &str, rules: &Rules| {
        let mut meter = Meter::new(rules.costs, Cost::MAX);
        syntax::read(source, &id("c"), rules, &mut meter).unwrap();
        meter.spent()
    };
    assert_eq!(spent(write, &Rules::EPOCH_4_0), parsed(write, &Rules::EPOCH_4_0));
    assert!(spent(write, &Rules::EPOCH_4_1).runtime > parsed(write, &Rules::EPOCH_4_1).runtime);
}

/// The deployed contracts, and how often one was asked for.
struct Counted(Deployed, std::cell::Cell<usize>);

impl Contracts for Counted {
    fn interface(&self, contract: &ContractId) -> Option<Arc<Interface>> {
        self.1.set(self.1.get() + 1);
        self.0.interface(contract)
    }
}

#[test]
fn a_trait_that_is_declared_many_times_is_checked_once() {
    let rules = &Rules::EPOCH_4_0;
    let with_trait = checked("(define-trait t ((f (uint) (response bool uint))))", 2, rules).unwrap().unwrap();
    let deployed = Counted(Deployed([(id("tr"), Arc::new(with_trait))].into()), std::cell::Cell::default());
    let of = |source: &str| {
        deployed.1.set(0);
        let mut meter = Meter::new(rules.costs, Cost::MAX);
        let tree = syntax::read(source, &id("c"), rules, &mut meter).unwrap();
        check(&tree, &id("c"), Dialect::of_version(2).unwrap(), rules, &deployed, &mut meter).unwrap();
        deployed.1.get()
    };
    let function = "(define-public (f (x uint)) (ok true))";
    let once = of(&format!("{function} (impl-trait .tr.t)"));
    assert_eq!(of(&format!("{function} {}", "(impl-trait .tr.t)".repeat(20_000))), once);
}

/// Checks a contract; returns the result and the cost.
fn checked_beside(
    deployed: &Deployed,
    name: &str,
    source: &str,
    rules: &Rules,
    limit: Cost,
) -> (Result<Interface, Box<Fault>>, Cost) {
    let mut meter = Meter::new(rules.costs, limit);
    let tree = syntax::read(source, &id(name), rules, &mut meter).unwrap();
    let checked = check(&tree, &id(name), Dialect::of_version(2).unwrap(), rules, deployed, &mut meter);
    (checked, meter.spent())
}

fn checked(source: &str, version: u8, rules: &Rules) -> Result<Result<Interface, Box<Fault>>, ParseError> {
    let contract = ContractId::parse("ST000000000000000000002AMW42H.tested").unwrap();
    let mut meter = Meter::new(rules.costs, rules.block_limit);
    let tree = syntax::read(source, &contract, rules, &mut meter).map_err(|fault| fault.error)?;
    let dialect = Dialect::of_version(version).unwrap();
    Ok(check(&tree, &contract, dialect, rules, &Deployed(HashMap::new()), &mut meter))
}

#[test]
fn the_deepest_texts_fit_on_a_small_stack() {
    // The beginning of each form, its middle, its end, and how many levels of the text it takes.
    let forms = [
        ("(+ 1 ", "1", ")", 1),
        ("(begin ", "1", ")", 1),
        ("(if true ", "1", " 1)", 1),
        ("(unwrap-panic (some ", "1", "))", 2),
        ("(let ((x", "1", ")) 1)", 3),
        ("(match (some 1) m (+ 1 2) ", "1", ")", 1),
        ("(default-to 1 (some ", "1", "))", 2),
        ("(unwrap-panic (restrict-assets? tx-sender () ", "1", "))", 2),
        ("(fold + (list 1) ", "1", ")", 1),
        ("(get a {a: ", "1", "})", 3),
    ];
    for (open, middle, close, levels) in forms {
        let times = (Rules::EPOCH_4_0.call_depth - 1) / levels;
        let opened: String =
            (0..times).map(|at| if open.contains("((x") { format!("{open}{at} ") } else { open.to_owned() }).collect();
        let source = format!("(define-private (f) {opened}{middle}{})", close.repeat(times));
        let thread = std::thread::Builder::new().stack_size(STACK);
        let run = thread.spawn(move || checked(&source, 6, &Rules::EPOCH_4_0).map(|result| result.map(drop)));
        assert_eq!(run.unwrap().join().unwrap(), Ok(Ok(())), "{open}");
    }
}

#[test]
fn a_text_of_a_mebibyte_is_checked() {
    let body = "(print u1) ".repeat(95_000);
    let source = format!("(define-public (f) (begin {body}(ok true)))");
    assert!(source.len() > 1_000_000);
    assert!(checked(&source, 6, &Rules::EPOCH_4_0).unwrap().is_ok());
}

#[test]
fn a_merge_that_is_too_large_fails_where_the_rules_say() {
    let source = |body: &str| format!("(define-private (f (x {{a: (buff 600000)}}) (y {{b: (buff 600000)}}))\n{body})");
    let place = |result: Result<Interface, Box<Fault>>| {
        result.map(drop).map_err(|fault| (fault.error, fault.spans[0].to_string()))
    };
    let merge = source("(merge x y)");
    assert_eq!(place(checked(&merge, 5, &Rules::EPOCH_3_4).unwrap()), Ok(()));
    assert_eq!(
        place(checked(&merge, 5, &Rules::EPOCH_4_0).unwrap()),
        Err((AnalysisError::ValueTooLarge, "2.1-2.11".to_owned()))
    );
    let used = source("(some (merge x y))");
    assert_eq!(
        place(checked(&used, 5, &Rules::EPOCH_3_4).unwrap()),
        Err((AnalysisError::ValueTooLarge, "2.1-2.18".to_owned()))
    );
    assert_eq!(
        place(checked(&used, 5, &Rules::EPOCH_4_0).unwrap()),
        Err((AnalysisError::ValueTooLarge, "2.7-2.17".to_owned()))
    );
    let stored = checked(&merge, 5, &Rules::EPOCH_3_4).unwrap().unwrap();
    assert_eq!(stored.read_again(), Ok(stored));
}

fn atom() -> impl Strategy<Value = String> {
    let words = [
        "1",
        "u1",
        "0x00",
        "\"a\"",
        "u\"a\"",
        "x",
        "y",
        "f",
        "t",
        "<t>",
        ".other",
        ".other.t",
        "tx-sender",
        "none",
        "true",
        "{}",
        "()",
        "int",
        "uint",
        "(list 3 int)",
        "(response int uint)",
        "define-private",
        "define-public",
        "define-trait",
        "define-map",
        "define-data-var",
        "define-constant",
        "use-trait",
        "impl-trait",
        "u999999999999",
        "-1",
        "tuple",
        "a",
    ];
    prop_oneof![
        prop::sample::select(words.to_vec()).prop_map(str::to_owned),
        prop::sample::select(Native::ALL.to_vec()).prop_map(|native| native.name().to_owned()),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    atom().prop_recursive(6, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("({})", items.join(" "))),
            (prop::sample::select(Native::ALL.to_vec()), prop::collection::vec(inner.clone(), 0..5))
                .prop_map(|(native, items)| format!("({} {})", native.name(), items.join(" "))),
            inner.clone().prop_map(|item| format!("{{a: {item}}}")),
            inner.prop_map(|item| format!("(define-public (f (x int) (y (list 3 int))) {item})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_program_panics(parts in prop::collection::vec(expression(), 1..5), version in 1_u8..=6, epoch in 0..7_usize) {
        let _ = checked(&parts.join("\n"), version, Rules::ALL[epoch]);
    }

    #[test]
    fn no_text_panics(text in "[ -~\\n]{0,200}", other: String) {
        let _ = checked(&text, 6, &Rules::EPOCH_4_0);
        let _ = checked(&other, 6, &Rules::EPOCH_4_0);
    }
}

fn id(name: &str) -> ContractId {
    ContractId::parse(&format!("ST000000000000000000002AMW42H.{name}")).unwrap()
}

/// The contract `tested` with this source, one that implements its trait `token`, and others that do not.
fn deployed(tested: &str) -> Deployed {
    let interface = |source: &str| Arc::new(checked(source, 2, &Rules::EPOCH_3_0).unwrap().unwrap());
    let good = "(define-public (send (amount uint) (to principal)) (ok (> amount u0)))";
    Deployed(HashMap::from([
        (id("tested"), interface(tested)),
        (id("good"), interface(good)),
        (id("bad"), interface(&good.replace("to principal", "to bool"))),
        (id("private"), interface(&good.replace("public", "private"))),
    ]))
}

#[test]
fn a_function_takes_arguments_of_its_types_and_contracts_that_have_what_a_trait_asks_for() {
    let deployed = deployed(
        "(define-trait token ((send (uint principal) (response bool uint))))
        (define-public (pay (with <token>) (amount uint)) (contract-call? with send amount tx-sender))",
    );
    let pay = Arc::clone(&deployed.0[&id("tested")].public["pay"]);
    let contract = |name: &str| Value::principal(Principal::Contract(id(name)));
    let fault =
        |arguments: &[Value]| takes(&pay, arguments, &deployed).map_err(|misfit| misfit.fault.error.to_string()).err();
    assert_eq!(fault(&[contract("good"), Value::UInt(1)]), None);
    for (arguments, text) in [
        (vec![contract("good")], "expecting 2 arguments, got 1"),
        (vec![contract("good"), Value::Int(1)], "expecting expression of type 'uint', found 'int'"),
        (
            vec![contract("bad"), Value::UInt(1)],
            "invalid signature for method 'send' regarding trait's specification <token>",
        ),
        (
            vec![contract("private"), Value::UInt(1)],
            "invalid signature for method 'send' regarding trait's specification <token>",
        ),
        (vec![contract("none"), Value::UInt(1)], "use of unresolved contract 'ST000000000000000000002AMW42H.none'"),
    ] {
        assert_eq!(fault(&arguments).as_deref(), Some(text));
    }
    let issuer = Value::principal(Principal::Standard(id("good").issuer));
    assert!(fault(&[issuer, Value::UInt(1)]).is_some(), "an account is no contract");

    let wanted = |name: &str| TraitId { contract: id("tested"), name: crate::names::ClarityName::new(name).unwrap() };
    let implements = |contract: &str, name: &str| implements_trait(&id(contract), &wanted(name), &deployed);
    assert_eq!(implements("good", "token"), Some(true));
    assert_eq!(implements("bad", "token"), Some(false));
    assert_eq!((implements("good", "other"), implements("none", "token")), (None, None));
}

#[test]
fn a_contract_may_stand_for_a_trait_inside_of_an_argument() {
    let deployed = deployed(
        "(define-trait token ((send (uint principal) (response bool uint))))
         (define-public (maybe (with (optional <token>))) (ok with))
         (define-public (many (with (list 2 <token>))) (ok (len with)))
         (define-public (named (with {token: <token>, amount: uint})) (ok (get amount with)))
         (define-public (either (with (response <token> uint))) (ok with))",
    );
    let contract = |name: &str| Value::principal(Principal::Contract(id(name)));
    let fault = |function: &str, argument: Value| {
        let function = &deployed.0[&id("tested")].public[function];
        takes(function, &[argument], &deployed).map_err(|misfit| misfit.fault.error.to_string()).err()
    };
    let name = |text: &str| crate::names::ClarityName::new(text).unwrap();
    let holding = |contract: Value| {
        let named = vec![(name("amount"), Value::UInt(1)), (name("token"), contract.clone())];
        [
            ("maybe", Value::some(contract.clone()).unwrap()),
            ("many", Value::list(vec![contract.clone(), contract.clone()]).unwrap()),
            ("named", Value::tuple(named).unwrap()),
            ("either", Value::okay(contract).unwrap()),
        ]
    };
    for (function, argument) in holding(contract("good")) {
        assert_eq!(fault(function, argument), None, "{function}");
    }
    for (function, argument) in holding(contract("bad")) {
        let text = fault(function, argument);
        assert!(text.as_ref().is_some_and(|text| text.contains("invalid signature")), "{function}: {text:?}");
    }
    for (function, argument) in holding(Value::UInt(1)) {
        assert!(fault(function, argument).is_some(), "{function}");
    }
    assert_eq!(fault("maybe", Value::NONE), None);
    let three = Value::list(vec![contract("good"), contract("good"), contract("good")]).unwrap();
    assert!(fault("many", three).is_some(), "one too many");
}

#[test]
fn a_budget_that_ends_inside_a_trait_check_is_an_incompatible_trait_before_4_0() {
    let other = "(define-trait inner ((f () (response bool bool))))
        (define-trait outer ((g (<inner>) (response bool bool))))";
    let rules = &Rules::EPOCH_3_0;
    let (other, _) = checked_beside(&Deployed(HashMap::new()), "other", other, rules, rules.block_limit);
    let deployed = Deployed(HashMap::from([(id("other"), Arc::new(other.unwrap()))]));
    // `inner` is looked up only while `outer` and `mine` are compared.
    let source = "(use-trait outer .other.outer)
        (define-trait own ((f () (response bool bool))))
        (define-trait mine ((g (<own>) (response bool bool))))
        (define-private (takes-outer (x <outer>)) true)
        (define-private (takes-mine (x <mine>)) (takes-outer x))";
    for (rules, masked) in [(&Rules::EPOCH_3_0, true), (&Rules::EPOCH_3_4, true), (&Rules::EPOCH_4_0, false)] {
        let (whole, spent) = checked_beside(&deployed, "tested", source, rules, rules.block_limit);
        assert_eq!(whole.map(drop), Ok(()));
        let limits = (0..spent.read_length).map(|read_length| Cost { read_length, ..rules.block_limit });
        let errors: Vec<_> = limits
            .map(|limit| checked_beside(&deployed, "tested", source, rules, limit).0.unwrap_err().error)
            .collect();
        let incompatible = |error: &AnalysisError| matches!(error, AnalysisError::IncompatibleTrait(..));
        assert_eq!(errors.iter().any(incompatible), masked, "{}", rules.epoch);
        let over = |error: &AnalysisError| matches!(error, AnalysisError::Cost(CostError::Balance { .. }));
        assert!(errors.iter().all(|error| over(error) || incompatible(error)));
        assert!(errors.iter().any(over), "outside of the comparison it is what it is");
    }
}
