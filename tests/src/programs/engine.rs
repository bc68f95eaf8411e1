//! Runs a program on the engine: publishes, calls, reads, evaluates.

use std::sync::Arc;

use super::chain::Ledger;
use super::record::{Record, Verdict};
use super::{Call, DEPLOYER, Program, Source};
use crate::engine_events::event_json;
use clarity::costs::{Cost, Meter, Trace};
use clarity::engine::PublishError;
use clarity::error::Stop;
use clarity::principal::{ContractId, Principal};
use clarity::run::{Assets, Context, Machine};
use clarity::state::{Contract, World};
use clarity::value::Value;
use clarity::{Dialect, Rules};

/// `(ok true)` and `(err none)`.
const DEPLOYED: &str = "0703";
const FAILED: &str = "0809";

/// A chain that runs programs, one transaction after another with one budget.
pub struct Engine {
    /// State of the chain.
    pub ledger: Ledger,
    /// Cost of the transactions so far.
    pub spent: Cost,
    limit: Cost,
    /// Makes a watcher for each transaction; `None` without watchers.
    watch: Option<Box<dyn Fn() -> Box<dyn Trace>>>,
}

/// Outcome of a transaction, and its record.
struct Done<T> {
    outcome: T,
    record: Record,
}

impl Engine {
    /// A chain whose block has already spent `spent`.
    #[must_use]
    pub fn new(rules: &'static Rules, spent: Cost) -> Self {
        Self { ledger: Ledger::new(rules), spent, limit: rules.block_limit, watch: None }
    }

    /// Adds a watcher to each transaction.
    #[must_use]
    pub fn watched_by(mut self, watch: impl Fn() -> Box<dyn Trace> + 'static) -> Self {
        self.watch = Some(Box::new(watch));
        self
    }

    /// Publishes the contracts of a program, then makes its calls.
    pub fn run(&mut self, program: &Program) -> Vec<Record> {
        let mut records: Vec<_> = program.contracts.iter().map(|source| self.deploy(source)).collect();
        records.extend(program.calls.iter().map(|call| self.call(call)));
        records
    }

    /// Publishes a contract in its own transaction.
    pub fn deploy(&mut self, source: &Source) -> Record {
        let (id, dialect) = (id(source.name), Dialect::of_version(source.version).unwrap());
        let rules = self.ledger.rules;
        let mut done = self.transaction(|machine| machine.publish(&context(), &id, dialect, &source.text));
        let rejectable = match &done.outcome {
            Ok(contract) => {
                done.record.result = DEPLOYED.to_owned();
                let text = contract.interface.json(rules, usize::MAX).unwrap();
                done.record.interface = Some(serde_json::from_str(&text).unwrap());
                None
            }
            Err(PublishError::Syntax(error)) => Some(error.error.is_rejectable(rules)),
            Err(PublishError::Analysis(fault)) => Some(fault.error.is_rejectable(rules)),
            Err(PublishError::Run(stop)) => Some(stop.is_rejectable()),
        };
        let error = done.outcome.as_ref().err().map(ToString::to_string);
        let record = self.close(done.record, rejectable, error);
        if let Ok(contract) = done.outcome {
            self.ledger.contracts.insert(id, contract);
        }
        record
    }

    /// Calls a function in its own transaction.
    pub fn call(&mut self, call: &Call) -> Record {
        let (contract, arguments) = (id(call.contract), arguments(call));
        let done = self.transaction(|machine| machine.call(&context(), &contract, &call.function, arguments));
        self.close_value(done)
    }

    /// Makes the same call from outside a block, where it must not write.
    pub fn call_read_only(&mut self, call: &Call) -> Record {
        let (contract, arguments) = (id(call.contract), arguments(call));
        self.aside(|machine| machine.call_read_only(&context(), &contract, &call.function, arguments))
    }

    /// Evaluates an expression in a contract.
    pub fn evaluate(&mut self, contract: &str, snippet: &str) -> Record {
        let contract = id(contract);
        self.aside(|machine| machine.evaluate(&context(), &contract, snippet))
    }

    /// Makes the call with at most `runtime`; keeps nothing.
    pub fn call_within(&mut self, call: &Call, runtime: u64) -> (Result<Value, Stop>, Cost, usize) {
        let (contract, arguments) = (id(call.contract), arguments(call));
        let rules = self.ledger.rules;
        let meter = Meter::new(rules.costs, Cost { runtime, ..rules.block_limit });
        let mut machine = Machine::new(rules, meter, &mut self.ledger);
        let outcome = machine.call(&context(), &contract, &call.function, arguments);
        let left = machine.journal.take().len() + machine.events.len() + machine.movements.len();
        (outcome, machine.meter.spent(), left)
    }

    /// Runs something and keeps nothing of it.
    fn aside(&mut self, work: impl FnOnce(&mut Machine<'_>) -> Result<Value, Stop>) -> Record {
        let (spent, written) = (self.spent, self.ledger.written.clone());
        let mut done = self.transaction(work);
        // A snippet's prints are dropped, whether or not it fails.
        done.record.events.clear();
        let record = self.close_value(done);
        (self.spent, self.ledger.written) = (spent, written);
        record
    }

    fn transaction<T>(&mut self, work: impl FnOnce(&mut Machine<'_>) -> T) -> Done<T> {
        let rules = self.ledger.rules;
        let mut meter = Meter::new(rules.costs, self.limit);
        if let Some(watch) = &self.watch {
            meter = meter.watched_by(watch());
        }
        meter.set_spent(self.spent);
        let mut machine = Machine::new(rules, meter, &mut self.ledger);
        let outcome = work(&mut machine);
        let writes =
            machine.journal.take().into_iter().map(|write| (write.key.to_string(), write.datum.text())).collect();
        let events = machine.events.iter().enumerate().map(|(index, event)| event_json(index, event, |text| text));
        let record = Record {
            verdict: Verdict::Success,
            result: String::new(),
            events: events.collect(),
            cost: less(machine.meter.spent(), self.spent),
            writes,
            interface: None,
            burnt: Assets::of(&machine.movements).burns.values().sum(),
            error: None,
        };
        assert!(machine.meter.memory() <= machine.meter.memory_peak());
        Done { outcome, record }
    }

    fn close_value(&mut self, done: Done<Result<Value, Stop>>) -> Record {
        let mut record = done.record;
        match done.outcome {
            Ok(value) => {
                record.result = value.encode_hex();
                let decoded = Value::decode(&hex::decode(&record.result).unwrap()).unwrap();
                assert_eq!(decoded, value, "a result is read back as it was");
                self.close(record, matches!(value, Value::Err(_)).then_some(false), None)
            }
            Err(stop) => self.close(record, Some(stop.is_rejectable()), Some(stop.to_string())),
        }
    }

    /// Keeps the writes of a success. A failure must have left none.
    fn close(&mut self, mut record: Record, rejectable: Option<bool>, error: Option<String>) -> Record {
        record.error = error;
        match rejectable {
            None => self.ledger.written.extend(record.writes.iter().cloned()),
            Some(rejectable) => {
                assert!(record.writes.is_empty() && record.events.is_empty() && record.burnt == 0, "{record:?}");
                if rejectable {
                    return Record::refused(record.error.unwrap_or_default());
                }
                record.verdict = Verdict::Aborted;
                if record.result.is_empty() {
                    record.result = FAILED.to_owned();
                }
            }
        }
        self.spent = self.spent.plus(record.cost);
        record
    }

    /// Replaces the contracts by those that a restart would read.
    pub fn restart(&mut self) {
        let rules = self.ledger.rules;
        for (id, contract) in &mut self.ledger.contracts {
            let stored = contract.encode().unwrap();
            let restored = Contract::decode(&stored, id, rules).unwrap();
            assert!(restored.encode().as_ref() == Ok(&stored), "{id} is stored as it was");
            *contract = Arc::new(restored);
        }
    }

    /// The result type that the contract declares for a function.
    pub fn declared(&mut self, call: &Call) -> Option<clarity::types::Type> {
        let contract = self.ledger.contract(clarity::state::View::Tip, &id(call.contract)).unwrap()?;
        contract.interface.callable(&call.function).map(|function| function.result.clone())
    }
}

fn less(cost: Cost, before: Cost) -> Cost {
    Cost {
        runtime: cost.runtime - before.runtime,
        read_count: cost.read_count - before.read_count,
        read_length: cost.read_length - before.read_length,
        write_count: cost.write_count - before.write_count,
        write_length: cost.write_length - before.write_length,
    }
}

fn context() -> Context {
    Context { sender: Principal::parse(DEPLOYER).unwrap(), sponsor: None }
}

fn id(name: &str) -> ContractId {
    ContractId::parse(&format!("{DEPLOYER}.{name}")).unwrap()
}

fn arguments(call: &Call) -> Vec<Value> {
    call.arguments.iter().map(|bytes| Value::decode(bytes).unwrap()).collect()
}
