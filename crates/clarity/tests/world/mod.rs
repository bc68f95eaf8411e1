//! A chain that is nothing but two maps, for the tests and the benchmark of this crate.

#![allow(clippy::panic, clippy::unwrap_used, reason = "this is test code, in a benchmark too")]
#![allow(dead_code, missing_docs, unreachable_pub, reason = "each of its users needs a part of it")]

use std::collections::HashMap;
use std::sync::Arc;

use clarity::costs::Meter;
use clarity::engine::PublishError;
use clarity::error::InternalError;
use clarity::run::{Context, Machine, Outcome};
use clarity::state::{BlockFacts, Contract, PoxAddresses, View, World};
use clarity::value::{ContractId, Principal, Value};
use clarity::{Dialect, Rules};

/// The newest language under the rules of today.
pub const RULES: &Rules = &Rules::EPOCH_4_0;
/// Who deploys and calls.
pub const SENDER: &str = "ST000000000000000000002AMW42H";

/// Texts by key, contracts by name.
#[derive(Default)]
pub struct Memory {
    pub texts: HashMap<String, String>,
    pub contracts: HashMap<ContractId, Arc<Contract>>,
}

impl World for Memory {
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

pub fn id(name: &str) -> ContractId {
    ContractId::parse(&format!("{SENDER}.{name}")).expect("a name")
}

pub fn context() -> Context {
    Context { sender: Principal::parse(SENDER).expect("a principal"), sponsor: None }
}

/// One transaction's meter, with the limits of a block.
pub fn meter() -> Meter {
    Meter::new(RULES.costs, RULES.block_limit)
}

/// Texts of what a transaction has written.
fn texts(machine: &mut Machine<'_>) -> Vec<(String, String)> {
    machine.journal.take().iter().map(|write| (write.key.to_string(), write.datum.text())).collect()
}

impl Memory {
    /// Publishes a contract and gives it back with what it wrote; nothing is kept.
    pub fn try_publish(&mut self, name: &str, source: &str) -> Result<Published, PublishError> {
        let mut machine = Machine::new(RULES, meter(), self);
        let contract = machine.publish(&context(), &id(name), Dialect::ALL[5], source)?;
        Ok((contract, texts(&mut machine)))
    }

    /// Publishes a contract and keeps it, read again from the form in which it is stored.
    pub fn publish(&mut self, name: &str, source: &str) {
        let (contract, texts) = self.try_publish(name, source).unwrap_or_else(|error| panic!("{name}: {error}"));
        self.texts.extend(texts);
        let stored = contract.encode();
        let contract = Contract::decode(&stored, &id(name), RULES).expect("it was stored a moment ago");
        assert_eq!(contract.encode(), stored, "{name} is stored as it was");
        self.contracts.insert(id(name), Arc::new(contract));
    }

    /// Calls a function; nothing is kept.
    pub fn call(&mut self, contract: &ContractId, function: &str, arguments: Vec<Value>) -> (Outcome, Texts) {
        let mut machine = Machine::new(RULES, meter(), self);
        let outcome = machine.call(&context(), contract, function, arguments);
        let texts = texts(&mut machine);
        (outcome, texts)
    }

    /// Calls a function that must succeed, and keeps what it writes.
    pub fn keep(&mut self, contract: &str, function: &str, arguments: Vec<Value>) -> Value {
        let (outcome, texts) = self.call(&id(contract), function, arguments);
        self.texts.extend(texts);
        outcome.unwrap_or_else(|stop| panic!("{function} of {contract}: {stop}"))
    }
}

/// Keys and texts.
pub type Texts = Vec<(String, String)>;
/// A contract, and what its deployment wrote.
pub type Published = (Arc<Contract>, Texts);
