//! The engine on a chain that holds nothing but what these tests publish.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::thread;

use super::*;
use crate::costs::{Cost, Interrupt, Meter};
use crate::error::CostError;
use crate::rules::Rules;
use crate::state::{BlockFacts, PoxAddresses};
use crate::value::{Principal, Value};

/// Texts by key, contracts by name.
#[derive(Default)]
struct Empty {
    texts: HashMap<String, String>,
    contracts: HashMap<ContractId, Arc<Contract>>,
}

impl World for Empty {
    fn read(&mut self, _: View, key: &str) -> Result<Option<String>, InternalError> {
        Ok(self.texts.get(key).cloned())
    }
    fn contract(&mut self, _: View, id: &ContractId) -> Result<Option<Arc<Contract>>, InternalError> {
        Ok(self.contracts.get(id).cloned())
    }
    fn view_of(&mut self, _: &[u8; 32]) -> Result<Option<View>, InternalError> {
        Ok(None)
    }
    fn is_mainnet(&self) -> bool {
        false
    }
    fn chain_id(&self) -> u32 {
        1
    }
    fn block_height(&self, _: View) -> u64 {
        1
    }
    fn burn_height(&self) -> u64 {
        1
    }
    fn tenure_height(&mut self, _: View) -> Result<u64, InternalError> {
        Ok(1)
    }
    fn first_block_of_tenure(&mut self, _: View, _: u64) -> Result<Option<u64>, InternalError> {
        Ok(None)
    }
    fn block(&mut self, _: View, _: u64) -> Result<Option<BlockFacts>, InternalError> {
        Ok(None)
    }
    fn burn_header_hash(&mut self, _: u64) -> Result<Option<[u8; 32]>, InternalError> {
        Ok(None)
    }
    fn pox_addresses(&mut self, _: u64) -> Result<Option<PoxAddresses>, InternalError> {
        Ok(None)
    }
}

const RULES: &Rules = &Rules::EPOCH_4_0;

fn id(name: &str) -> ContractId {
    ContractId::parse(&format!("ST000000000000000000002AMW42H.{name}")).unwrap()
}

fn context() -> Context {
    Context { sender: Principal::parse("ST000000000000000000002AMW42H").unwrap(), sponsor: None }
}

fn meter() -> Meter {
    Meter::new(RULES.costs, RULES.block_limit)
}

/// Publishes a contract and stores it as after a restart.
fn publish(world: &mut Empty, name: &str, source: &str) {
    let mut machine = Machine::new(RULES, meter(), world);
    let contract =
        machine.publish(&context(), &id(name), Dialect::ALL[5], source).unwrap_or_else(|error| panic!("{error}"));
    let writes: Vec<_> = machine.journal.take();
    world.texts.extend(writes.iter().map(|write| (write.key.to_string(), write.datum.text())));
    let stored = contract.encode();
    world.contracts.insert(id(name), Arc::new(Contract::decode(&stored, &id(name), RULES).unwrap()));
}

const COUNTER: &str = "(define-constant step (+ u1 u1))
    (define-constant steps (list {by: (list u1 u2)} {by: (list)}))
    (define-data-var n uint u0)
    (define-public (inc) (begin (var-set n (+ (var-get n) step)) (ok (var-get n))))
    (define-read-only (current) (var-get n))
    (define-private (hidden (x uint)) (* x step))";

#[test]
fn a_contract_is_called_after_a_restart() {
    let mut world = Empty::default();
    publish(&mut world, "counter", COUNTER);
    let mut machine = Machine::new(RULES, meter(), &mut world);
    assert_eq!(machine.call(&context(), &id("counter"), "inc", Vec::new()).unwrap().to_string(), "(ok u2)");
    assert_eq!(machine.journal.writes().len(), 1);
}

#[test]
fn what_reads_does_not_write() {
    let mut world = Empty::default();
    publish(&mut world, "counter", COUNTER);
    let mut machine = Machine::new(RULES, meter(), &mut world);
    let read =
        |machine: &mut Machine<'_>, name: &str| machine.call_read_only(&context(), &id("counter"), name, Vec::new());
    assert_eq!(read(&mut machine, "current").unwrap(), Value::UInt(0));
    assert_eq!(read(&mut machine, "inc").unwrap_err().kind(), "WriteAttemptedInReadOnly");
    assert_eq!(machine.journal.writes().len(), 0);
}

#[test]
fn a_snippet_is_evaluated_in_its_contract() {
    let mut world = Empty::default();
    publish(&mut world, "counter", COUNTER);
    let mut machine = Machine::new(RULES, meter(), &mut world);
    let mut evaluate = |text: &str| machine.evaluate(&context(), &id("counter"), text);
    assert_eq!(evaluate("(hidden (+ (current) u5))").unwrap(), Value::UInt(10));
    // The second entry has a type of its own, before and after what is stored.
    assert_eq!(evaluate("(get by (unwrap-panic (element-at steps u1)))").unwrap().size(), 6);
    assert_eq!(evaluate("(var-set n u1)").unwrap_err().kind(), "WriteAttemptedInReadOnly");
    assert!(evaluate("(").is_err());
    assert!(evaluate("(no-such u1)").is_err());
    assert!(evaluate("").is_err());
}

#[test]
fn damaged_storage_is_refused() {
    let mut world = Empty::default();
    publish(&mut world, "counter", COUNTER);
    let stored = world.contracts[&id("counter")].encode();
    for end in 0..stored.len() {
        assert!(Contract::decode(&stored[..end], &id("counter"), RULES).is_err(), "{end}");
    }
}

#[test]
fn the_deepest_program_fits_the_stack() {
    // Everything at once: nested bindings, choices, folds and natives around calls, as deep as the language lets them, on the
    // stack that a thread has by default.
    let nest = |inner: &str, depth: usize| {
        (0..depth).fold(inner.to_owned(), |body, level| match level % 4 {
            0 => format!("(let ((v{level} {body})) v{level})"),
            1 => format!("(if true {body} u0)"),
            2 => format!("(unwrap-panic (some {body}))"),
            _ => format!("(begin {body})"),
        })
    };
    let source = format!(
        "(define-private (deepest (x uint) (a uint)) {})
         (define-public (go) (ok (fold deepest (list u1) u0)))",
        nest("(+ x a)", 60)
    );
    let run = move || {
        let mut world = Empty::default();
        publish(&mut world, "deep", &source);
        let mut machine = Machine::new(RULES, meter(), &mut world);
        assert_eq!(machine.call(&context(), &id("deep"), "go", Vec::new()).unwrap().to_string(), "(ok u1)");
    };
    thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn an_execution_can_be_stopped_from_outside() {
    let mut world = Empty::default();
    let source = "(define-private (f (x uint) (a uint)) (+ x a))
        (define-public (go (l (list 1000 uint))) (ok (fold f l u0)))";
    publish(&mut world, "loop", source);
    let stop = Arc::new(AtomicBool::new(true));
    let meter = meter().interrupted_by(Interrupt { deadline: None, stop: Some(stop) });
    let mut machine = Machine::new(RULES, meter, &mut world);
    let list = Value::list(vec![Value::UInt(1); 1000]).unwrap();
    let stopped = machine.call(&context(), &id("loop"), "go", vec![list]).unwrap_err();
    assert!(matches!(&stopped, Stop::Check(error) if matches!(**error, CheckError::Cost(CostError::Interrupted))));
    assert!(stopped.is_rejectable());
}

#[test]
fn a_failure_stops_where_the_budget_ends() {
    let mut world = Empty::default();
    publish(&mut world, "counter", COUNTER);
    let limit = Cost { runtime: 400, ..RULES.block_limit };
    let mut machine = Machine::new(RULES, Meter::new(RULES.costs, limit), &mut world);
    let stopped = machine.call(&context(), &id("counter"), "inc", Vec::new()).unwrap_err();
    assert_eq!(stopped.class(), "cost");
    assert!(machine.meter.spent().runtime > 400);
    assert_eq!(machine.journal.writes().len(), 0);
}
