//! Kinds of transactions that both sides execute.

use clarity::principal::Principal;
use clarity::test_support::contracts::{self, COUNTER, LOOPS, PROXY, TOKEN};
use clarity::test_support::{SENDER, numbers};
use clarity::value::Value;

/// Number of books that make 10 kB of source.
const BOOKS: usize = 27;

/// A kind of transaction.
pub(crate) struct Kind {
    pub(crate) what: String,
    /// How many are in one block; `tiny` of them with `--tiny`.
    pub(crate) count: usize,
    pub(crate) tiny: usize,
    pub(crate) work: Work,
}

/// What a transaction does.
pub(crate) enum Work {
    /// It moves micro-STX, without a part in the language.
    Transfer,
    /// It calls a function; the arguments are made for the caller.
    Call { contract: &'static str, function: &'static str, arguments: fn(&Principal) -> Vec<Value> },
    /// It publishes a contract.
    Deploy(String),
}

/// The contracts that are called.
pub(crate) fn contracts() -> [(&'static str, String); 6] {
    [
        ("counter", COUNTER.to_owned()),
        ("proxy", PROXY.to_owned()),
        ("ten", contracts::ten()),
        ("loops", LOOPS.to_owned()),
        ("token", TOKEN.to_owned()),
        ("big", contracts::big(BOOKS)),
    ]
}

/// Calls before the measurement: entries to look up, tokens to transfer.
pub(crate) fn setup() -> [Work; 2] {
    [call("loops", "fills", |_| vec![numbers(1000)]), call("token", "mint", |_| vec![Value::UInt(1_000_000)])]
}

fn call(contract: &'static str, function: &'static str, arguments: fn(&Principal) -> Vec<Value>) -> Work {
    Work::Call { contract, function, arguments }
}

fn transfer(from: &Principal) -> Vec<Value> {
    let to = Principal::parse(&format!("{SENDER}.pot")).expect("a contract");
    vec![Value::UInt(1), Value::principal(from.clone()), Value::principal(to), Value::NONE]
}

/// A contract of 0.3 kB: two copies of a counter.
fn two_counters() -> String {
    let other = COUNTER.replace("(inc)", "(more)").replace("(current)", "(other)").replace(" n", " m");
    COUNTER.to_owned() + &other
}

pub(crate) fn all() -> Vec<Kind> {
    let light = |what: &str, work| Kind { what: what.to_owned(), count: 1_000, tiny: 20, work };
    let heavy = |what: &str, work| Kind { what: what.to_owned(), count: 5, tiny: 1, work };
    let deploy = |count, source: String| {
        let kilobytes = f64::from(u32::try_from(source.len()).expect("a small contract")) / 1000.0;
        Kind { what: format!("deploy of {kilobytes:.1} kB"), count, tiny: 1, work: Work::Deploy(source) }
    };
    vec![
        light("transfer of STX", Work::Transfer),
        light("call of a counter", call("counter", "inc", |_| Vec::new())),
        light("call of a counter in 10 kB", call("big", "inc", |_| Vec::new())),
        light("the counter through a contract", call("proxy", "go", |_| Vec::new())),
        light("call that writes ten entries", call("ten", "ten", |_| vec![Value::UInt(1)])),
        light("transfer of a token", call("token", "transfer", transfer)),
        heavy("fold of a function over 8192", call("loops", "sum", |_| vec![numbers(8192)])),
        heavy("fold of + over 8192", call("loops", "sum-native", |_| vec![numbers(8192)])),
        heavy("1000 map-get?", call("loops", "looks", |_| vec![numbers(1000)])),
        heavy("1000 sha256", call("loops", "hashes", |_| vec![numbers(1000)])),
        deploy(500, two_counters()),
        deploy(50, contracts::big(BOOKS)),
        deploy(5, contracts::big(BOOKS * 10)),
    ]
}
