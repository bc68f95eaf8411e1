//! Reading, parsing, calling and decoding anything returns a value or an error: nothing panics. A run has few cases;
//! `PROPTEST_CASES` sets more.

#![allow(clippy::panic, clippy::unwrap_used, reason = "this is test code")]

use clarity::Rules;
use clarity::names::ClarityName;
use clarity::principal::{Principal, Standard};
use clarity::state::Contract;
use clarity::test_support::{Memory, RULES, id};
use clarity::value::Value;
use proptest::prelude::*;

/// Contracts that are mutated and called; together they use most forms of the language.
const SEEDS: [&str; 4] = [
    "(define-fungible-token coin u1000000)
     (define-constant err-owner (err u4))
     (define-map notes principal {amount: uint, note: (string-ascii 20)})
     (define-public (transfer (amount uint) (from principal) (to principal) (memo (optional (buff 34))))
       (begin (asserts! (is-eq tx-sender from) err-owner) (try! (ft-transfer? coin amount from to))
         (map-set notes to {amount: amount, note: \"paid\"})
         (match memo m (begin (print m) true) true) (ok true)))
     (define-public (mint (amount uint)) (ft-mint? coin amount tx-sender))
     (define-read-only (note (who principal)) (get note (map-get? notes who)))",
    "(define-data-var sums (list 20 int) (list 1 2 3))
     (define-private (add (x int) (a int)) (+ (* x 2) a))
     (define-private (small (x int)) (< x 10))
     (define-public (go (l (list 10 int)) (by int))
       (let ((kept (filter small l)) (sum (fold add kept 0)) (all (concat kept (list sum))))
         (var-set sums (unwrap! (as-max-len? all u20) (err u1)))
         (ok {sum: (/ sum by), first: (element-at? all u0), pow: (pow 2 by), log: (log2 sum)})))
     (define-read-only (texts (n uint) (t (string-utf8 10)) (b (buff 32)))
       (ok (list (int-to-utf8 n) (unwrap-panic (as-max-len? (concat t u\"x\") u40)))))
     (define-read-only (bytes (b (buff 32)) (at uint))
       (list (some b) (slice? b u0 at) (replace-at? b at 0x00) (some (sha256 b)) (to-consensus-buff? b)))",
    "(define-trait callee ((inc () (response uint uint))))
     (define-non-fungible-token card {at: uint})
     (define-public (through (to <callee>)) (contract-call? to inc))
     (define-public (deal (at uint) (to principal))
       (if (is-some (nft-get-owner? card {at: at})) (nft-transfer? card {at: at} tx-sender to) (nft-mint? card {at: at} to)))
     (define-public (pay (amount uint) (to principal))
       (as-contract? ((with-stx amount) (with-nft current-contract \"card\" (list {at: amount})))
         (try! (stx-transfer? amount tx-sender to))))",
    "(define-read-only (read (b (buff 200))) (from-consensus-buff? {a: (optional uint), b: (list 3 (buff 5))} b))
     (define-read-only (keys (h (buff 32)) (s (buff 65)) (k (buff 33)))
       {recovered: (secp256k1-recover? h s), valid: (secp256k1-verify h s k), who: (principal-of? k)})
     (define-read-only (proof (l (buff 32)) (i uint) (p (list 14 (buff 32)))) (verify-merkle-proof l l i (+ i u1) p))
     (define-read-only (parts (p principal)) (match (principal-destruct? p) good (some good) bad (some bad)))",
];

/// Words that mutation puts into contracts, besides their own.
const WORDS: &[&str] = &[
    "(",
    ")",
    "{",
    "}",
    ",",
    ":",
    "u0",
    "-1",
    "340282366920938463463374607431768211455",
    "u340282366920938463463374607431768211455",
    "none",
    "(some u1)",
    "0x",
    "0x00",
    "\"\"",
    "u\"\\u{1F600}\"",
    "'ST000000000000000000002AMW42H",
    ".counter",
    "define-public",
    "let",
    "match",
    "fold",
    "map",
    "filter",
    "list",
    "tuple",
    "merge",
    "get",
    "append",
    "concat",
    "int",
    "(buff 1)",
    "<callee>",
    "begin",
];

fn few() -> ProptestConfig {
    let standard = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_some() { standard } else { ProptestConfig { cases: 24, ..standard } }
}

/// A text as its words, and what separates them.
fn words(source: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for character in source.chars() {
        if "(){} \n,:".contains(character) {
            words.push(character.to_string());
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    words
}

/// A contract with a few words replaced, doubled or removed.
fn mutated() -> impl Strategy<Value = String> {
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_u8..4);
    (0..SEEDS.len(), prop::collection::vec(change, 1..4)).prop_map(|(seed, changes)| {
        let mut words = words(SEEDS[seed]);
        for (place, other, kind) in changes {
            let at = place.index(words.len());
            match kind {
                0 => words[at] = WORDS[other.index(WORDS.len())].to_owned(),
                1 => words[at] = words[other.index(words.len())].clone(),
                2 => words.insert(at, words[at].clone()),
                _ => drop(words.remove(at)),
            }
            words.push(String::new());
        }
        words.concat()
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    let account =
        |(version, hash)| Value::principal(Principal::Standard(Standard::new(version, hash).expect("a version")));
    let leaf = prop_oneof![
        any::<i128>().prop_map(Value::Int),
        any::<u128>().prop_map(Value::UInt),
        (0_u128..40).prop_map(Value::UInt),
        (-5_i128..40).prop_map(Value::Int),
        any::<bool>().prop_map(Value::Bool),
        prop::collection::vec(any::<u8>(), 0..70).prop_map(Value::buffer),
        any::<String>().prop_map(|text| Value::utf8(&text)),
        (0_u8..32, any::<[u8; 20]>()).prop_map(account),
        Just(Value::principal(Principal::Contract(id("counter")))),
        Just(Value::principal(Principal::parse(clarity::test_support::SENDER).expect("a principal"))),
        Just(Value::NONE),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|value| Value::some(value).expect("small")),
            inner.clone().prop_map(|value| Value::error(value).expect("small")),
            (inner.clone(), 0_usize..5)
                .prop_map(|(value, count)| Value::list(vec![value; count]).expect("of one type")),
            inner.prop_map(|value| Value::tuple(vec![(ClarityName::new("a").expect("a name"), value)]).expect("small")),
        ]
    })
}

/// A chain with the seeds, and a counter that they may call.
fn chain() -> Memory {
    let mut memory = Memory::default();
    memory.publish("counter", "(define-public (inc) (ok u1))");
    for (at, source) in SEEDS.iter().enumerate() {
        memory.publish(&format!("seed-{at}"), source);
    }
    memory
}

/// Calls all functions of a contract with the same values, and encodes and decodes it.
fn use_all(memory: &mut Memory, name: &str, contract: &Contract, values: &[Value]) {
    for functions in [&contract.interface.public, &contract.interface.read_only] {
        for (function, of) in functions {
            for count in [of.parameters.len(), values.len()] {
                let arguments = values.iter().cycle().take(count).cloned().collect();
                let (outcome, _) = memory.call(&id(name), function, arguments);
                match outcome {
                    Ok(value) => drop((value.to_string(), value.encode())),
                    Err(stop) => drop((stop.kind().to_owned(), stop.to_string())),
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn any_text_is_a_contract_or_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,60}") {
        let mut memory = Memory::default();
        for source in [String::from_utf8_lossy(&bytes).into_owned(), text] {
            let _ = memory.try_publish("any", &source);
        }
    }

    #[test]
    fn mutated_contracts_are_refused_or_run(source in mutated(), values in prop::collection::vec(any_value(), 4)) {
        let mut memory = chain();
        if let Ok((contract, texts)) = memory.try_publish("mutated", &source) {
            memory.texts.extend(texts);
            let stored = Contract::decode(&contract.encode().unwrap(), &id("mutated"), RULES).expect("it was just stored");
            memory.contracts.insert(id("mutated"), std::sync::Arc::new(stored));
            use_all(&mut memory, "mutated", &contract, &values);
        }
    }

    #[test]
    fn any_arguments_give_a_value_or_an_error(values in prop::collection::vec(any_value(), 4)) {
        let mut memory = chain();
        for at in 0..SEEDS.len() {
            let name = format!("seed-{at}");
            let contract = std::sync::Arc::clone(&memory.contracts[&id(&name)]);
            use_all(&mut memory, &name, &contract, &values);
        }
    }

    #[test]
    fn damaged_contracts_are_refused_or_run(
        seed in 0..SEEDS.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        values in prop::collection::vec(any_value(), 4),
    ) {
        let mut memory = chain();
        let name = format!("seed-{seed}");
        let mut stored = memory.contracts[&id(&name)].encode().unwrap();
        for (place, byte) in damage {
            let at = place.index(stored.len());
            stored[at] = byte;
        }
        for rules in [RULES, &Rules::EPOCH_3_0] {
            if let Ok(contract) = Contract::decode(&stored, &id(&name), rules) {
                let contract = std::sync::Arc::new(contract);
                memory.contracts.insert(id(&name), std::sync::Arc::clone(&contract));
                use_all(&mut memory, &name, &contract, &values);
            }
        }
    }

    #[test]
    fn damaged_state_gives_an_error(seed in 0..SEEDS.len(), text in "([0-9a-f]{2}){0,20}|.{0,10}", values in prop::collection::vec(any_value(), 4)) {
        let mut memory = chain();
        memory.texts.values_mut().for_each(|stored| stored.clone_from(&text));
        let name = format!("seed-{seed}");
        let contract = std::sync::Arc::clone(&memory.contracts[&id(&name)]);
        use_all(&mut memory, &name, &contract, &values);
    }
}
