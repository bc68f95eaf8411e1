//! `size_rules`: the largest transaction that decodes and the smallest that does not, built from each rule's
//! description.

use stacks_types::transaction::StacksTransaction;

use crate::support::{list, load, number, text};

/// Version, chain id, and the standard auth of a P2PKH origin with a dummy signature.
fn start() -> Vec<u8> {
    let mut out = vec![0x80, 0x80, 0, 0, 0, 0x04, 0x00];
    out.extend([7; 20]);
    out.extend([0; 16]);
    out.push(0);
    out.extend([1; 65]);
    out
}

fn count(out: &mut Vec<u8>, count: usize) {
    out.extend(u32::try_from(count).expect("u32").to_be_bytes());
}

/// Modes without post-conditions.
fn no_conditions(out: &mut Vec<u8>) {
    out.extend([3, 2, 0, 0, 0, 0]);
}

fn token_transfer(out: &mut Vec<u8>) {
    out.push(0);
    out.extend([0x05, 26]);
    out.extend([9; 20]);
    out.extend([0; 8]);
    out.extend([0; 34]);
}

/// A contract call up to its arguments. The lengths of the names follow from the measured transaction lengths.
fn call() -> Vec<u8> {
    let mut out = start();
    no_conditions(&mut out);
    out.extend([2, 26]);
    out.extend([9; 20]);
    out.extend([1, b'c', 1, b'f']);
    out
}

fn contract_source(size: usize) -> Vec<u8> {
    let mut out = start();
    no_conditions(&mut out);
    out.extend([1, 1, b'c']);
    count(&mut out, size);
    out.resize(out.len() + size, b' ');
    out
}

fn arguments(number: usize, argument: &[u8]) -> Vec<u8> {
    let mut out = call();
    count(&mut out, number);
    out.extend(argument.repeat(number));
    out
}

fn one_argument(prefix: &[u8], number: usize, element: u8) -> Vec<u8> {
    let mut out = call();
    count(&mut out, 1);
    out.extend(prefix);
    count(&mut out, number);
    out.resize(out.len() + number, element);
    out
}

fn post_conditions(number: usize) -> Vec<u8> {
    let mut out = start();
    out.extend([3, 2]);
    count(&mut out, number);
    out.extend([0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1].repeat(number));
    token_transfer(&mut out);
    out
}

fn signature_fields(number: usize) -> Vec<u8> {
    let mut out = vec![0x80, 0x80, 0, 0, 0, 0x04, 0x05];
    out.extend([7; 20]);
    out.extend([0; 16]);
    count(&mut out, number);
    let field: Vec<u8> = std::iter::once(2).chain([1; 65]).collect();
    out.extend(field.repeat(number));
    out.extend([0, 1]);
    no_conditions(&mut out);
    token_transfer(&mut out);
    out
}

/// The transaction for a rule, with its item repeated `number` times.
fn build(what: &str, number: usize) -> Vec<u8> {
    match what {
        what if what.starts_with("contract source bytes") => contract_source(number),
        what if what.starts_with("contract call arguments, each the one-byte value 03") => arguments(number, &[3]),
        what if what.starts_with("contract call arguments, each the value 00") => arguments(number, &[0; 17]),
        what if what.starts_with("post-conditions") => post_conditions(number),
        what if what.starts_with("signature fields") => signature_fields(number),
        what if what.starts_with("elements 03 in one list argument") => one_argument(&[0x0b], number, 3),
        what if what.starts_with("bytes in one buffer inside a some") => one_argument(&[0x0a, 0x02], number, 0),
        what if what.starts_with("bytes in one buffer argument") => one_argument(&[0x02], number, 0),
        unknown => panic!("no builder for the rule: {unknown}"),
    }
}

#[test]
fn the_measured_limits_hold_to_the_last_item() {
    for rule in list(&load("transactions.json"), "size_rules") {
        let what = text(rule, "what");
        let max = usize::try_from(number(rule, "max_count")).expect("usize");
        let largest = build(what, max);
        // Shows that this is the measured transaction, including its names.
        assert_eq!(largest.len() as u64, number(rule, "transaction_length_at_max"), "{what}");
        let decoded = StacksTransaction::decode(&largest).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(decoded.encode() == largest, "{what}: bytes change");
        assert!(StacksTransaction::decode(&build(what, max + 1)).is_err(), "{what}: one more decodes");
    }
}
