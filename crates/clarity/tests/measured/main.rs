//! The reference's behaviour where no conformance case covers it: measured on its VM in clarinet's SDK 3.21 (epochs 3.0
//! to 3.4, and those parts of Clarity 6 that do not depend on the later rules of 4.0).

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is test code")]

mod allowances;
mod costs;
mod definitions;
mod traits;
mod tuples;
mod unchecked;

use clarity::test_support::{Memory, id};
use clarity::value::Value;
use clarity::{Dialect, Rules};

fn memory(epoch: &str, version: u8) -> Memory {
    let rules = Rules::ALL.iter().find(|rules| rules.epoch == epoch).unwrap();
    Memory::new(rules, Dialect::ALL.iter().find(|dialect| dialect.version == version).unwrap())
}

/// The value of a call, or the error's name.
fn call(memory: &mut Memory, function: &str, arguments: &[&str]) -> String {
    let arguments = arguments.iter().map(|hex| Value::decode(&hex::decode(hex).unwrap()).unwrap()).collect();
    match memory.call(&id("c"), function, arguments).0 {
        Ok(value) => value.to_string(),
        Err(stop) => stop.kind().to_owned(),
    }
}

/// The result of a public function with this body and without arguments.
fn body(epoch: &str, version: u8, before: &str, body: &str) -> String {
    let mut memory = memory(epoch, version);
    memory.publish("c", &format!("{before} (define-public (go) (ok {body}))"));
    call(&mut memory, "go", &[])
}

const INT_0: &str = "0000000000000000000000000000000000";
const INT_5: &str = "0000000000000000000000000000000005";
