//! A chain in memory, contracts to run on it, and helpers for errors, names and machines. For tests and benchmarks:
//! feature `test-support`; never part of a node.

#![allow(clippy::panic, reason = "a test that cannot go on says why")]

pub mod contracts;
mod errors;
mod names;
mod snippets;

use std::collections::HashMap;
use std::sync::Arc;

use crate::costs::Meter;
use crate::engine::PublishError;
use crate::error::InternalError;
use crate::principal::{ContractId, Principal};
use crate::run::{Context, Machine, Outcome};
use crate::state::{BlockFacts, Contract, PoxAddresses, View, World};
use crate::value::Value;
use crate::{Dialect, Rules};

/// The rules of the epoch in force.
pub const RULES: &Rules = &Rules::EPOCH_4_0;
/// The account that deploys and calls.
pub const SENDER: &str = "ST000000000000000000002AMW42H";

/// Id of an earlier block, whose state is the tip's.
pub const PAST: [u8; 32] = [0; 32];

/// A chain in memory.
#[derive(Debug)]
pub struct Memory {
    /// The rules of the chain.
    pub rules: &'static Rules,
    /// The version of the language in which contracts are published.
    pub dialect: &'static Dialect,
    /// The state: texts by key.
    pub texts: HashMap<String, String>,
    /// Whether the chain is the main network.
    pub is_mainnet: bool,
    /// How often the state was read.
    pub reads: usize,
    /// Published contracts.
    pub contracts: HashMap<ContractId, Arc<Contract>>,
}

impl Default for Memory {
    /// The newest version of the language under [`RULES`].
    fn default() -> Self {
        Self::new(RULES, Dialect::ALL[5])
    }
}

impl World for Memory {
    fn read(&mut self, _: View, key: &str) -> Result<Option<String>, InternalError> {
        self.reads += 1;
        Ok(self.texts.get(key).cloned())
    }
    fn contract(&mut self, _: View, id: &ContractId) -> Result<Option<Arc<Contract>>, InternalError> {
        Ok(self.contracts.get(id).cloned())
    }
    fn view_of(&mut self, block: &[u8; 32]) -> Result<Option<View>, InternalError> {
        Ok((*block == PAST).then_some(View::Block(0)))
    }
    fn is_mainnet(&self) -> bool {
        self.is_mainnet
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

/// A contract of the sender.
///
/// # Panics
/// If this is no name of a contract.
#[must_use]
pub fn id(name: &str) -> ContractId {
    ContractId::parse(&format!("{SENDER}.{name}")).expect("a name")
}

/// The account that deploys and calls.
///
/// # Panics
/// Never: it is one.
#[must_use]
pub fn sender() -> Principal {
    Principal::parse(SENDER).expect("a principal")
}

/// A transaction of the sender.
#[must_use]
pub fn context() -> Context {
    Context { sender: sender(), sponsor: None }
}

/// A list of this many numbers, from 0 on.
///
/// # Panics
/// If it is too long for a value.
#[must_use]
pub fn numbers(count: u128) -> Value {
    Value::list((0..count).map(Value::UInt).collect()).expect("a list")
}

/// Texts of what a transaction has written.
fn texts(machine: &mut Machine<'_>) -> Vec<(String, String)> {
    machine.journal.take().iter().map(|write| (write.key.to_string(), write.datum.text())).collect()
}

impl Memory {
    /// A chain without contracts, of a test network.
    #[must_use]
    pub fn new(rules: &'static Rules, dialect: &'static Dialect) -> Self {
        Self { rules, dialect, texts: HashMap::new(), is_mainnet: false, reads: 0, contracts: HashMap::new() }
    }

    /// A machine for one transaction, with the limits of a block.
    pub fn machine(&mut self) -> Machine<'_> {
        Machine::new(self.rules, Meter::new(self.rules.costs, self.rules.block_limit), self)
    }

    /// Publishes a contract and returns it with its writes; nothing is kept.
    ///
    /// # Errors
    /// The contract is refused.
    pub fn try_publish(&mut self, name: &str, source: &str) -> Result<Published, PublishError> {
        let dialect = self.dialect;
        let mut machine = self.machine();
        let contract = machine.publish(&context(), &id(name), dialect, source)?;
        Ok((contract, texts(&mut machine)))
    }

    /// Publishes a contract and keeps it, decoded from its stored form.
    ///
    /// # Panics
    /// If the contract is refused, or differs after decoding.
    pub fn publish(&mut self, name: &str, source: &str) {
        let (contract, texts) = self.try_publish(name, source).unwrap_or_else(|error| panic!("{name}: {error}"));
        self.texts.extend(texts);
        let stored = contract.encode().expect("it can be stored");
        let contract = Contract::decode(&stored, &id(name), self.rules).expect("it was stored a moment ago");
        assert_eq!(contract.encode().as_ref(), Ok(&stored), "{name} is stored as it was");
        self.contracts.insert(id(name), Arc::new(contract));
    }

    /// Calls a function; nothing is kept.
    pub fn call(&mut self, contract: &ContractId, function: &str, arguments: Vec<Value>) -> (Outcome, Texts) {
        let mut machine = self.machine();
        let outcome = machine.call(&context(), contract, function, arguments);
        let texts = texts(&mut machine);
        (outcome, texts)
    }

    /// Calls a function that must succeed, and keeps what it writes.
    ///
    /// # Panics
    /// If it fails.
    pub fn keep(&mut self, contract: &str, function: &str, arguments: Vec<Value>) -> Value {
        let (outcome, texts) = self.call(&id(contract), function, arguments);
        self.texts.extend(texts);
        outcome.unwrap_or_else(|stop| panic!("{function} of {contract}: {stop}"))
    }
}

/// Writes: keys and texts, in order.
pub type Texts = Vec<(String, String)>;
/// A contract, and what its deployment wrote.
pub type Published = (Arc<Contract>, Texts);
