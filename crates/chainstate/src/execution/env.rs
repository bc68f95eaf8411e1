//! What every execution on one chain needs.

use marf::Marf;
use rusqlite::Connection;

use super::contract_cache::ContractCache;
use super::facts::ChainFacts;
use crate::params::ChainParams;

/// What every execution on one chain needs. The connection must see the same commits as the index.
#[derive(Clone, Copy)]
pub struct BlockEnv<'a> {
    /// The chain's parameters.
    pub params: &'a ChainParams,
    /// The state index.
    pub marf: &'a Marf,
    /// Holds table `contracts`.
    pub side: &'a Connection,
    /// Contracts that were called before.
    pub contracts: &'a ContractCache,
    /// Facts about blocks and burn blocks.
    pub facts: &'a dyn ChainFacts,
}
