//! What a contract offers to others: functions, variables, maps, tokens, traits.
//!
//! # Not here
//! Its JSON for the node's API: `interface_json`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::names::ClarityName;
use crate::principal::TraitId;
use crate::types::Type;

/// Type of a function that a contract defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionType {
    /// Names and types of the parameters, in order.
    pub parameters: Vec<(ClarityName, Type)>,
    /// The type of the result.
    pub result: Type,
}

impl FunctionType {
    /// Size of the type, by which binding and fetching the function are charged.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.parameters.iter().map(|(_, of)| u64::from(of.type_size())).sum::<u64>()
            + u64::from(self.result.type_size())
    }
}

/// A method of a trait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// Types of the parameters.
    pub parameters: Vec<Type>,
    /// The type of the result, always a response.
    pub result: Type,
}

/// The methods of a trait.
pub type Methods = BTreeMap<ClarityName, Method>;

/// What a contract offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// The version of the language that the contract is written in.
    pub version: u8,
    /// Constants and their types.
    pub constants: BTreeMap<ClarityName, Type>,
    /// Variables and their types.
    pub variables: BTreeMap<ClarityName, Type>,
    /// Maps, with the types of keys and values.
    pub maps: BTreeMap<ClarityName, (Type, Type)>,
    /// Functions that only the contract itself can call.
    pub private: BTreeMap<ClarityName, Arc<FunctionType>>,
    /// Functions that transactions and other contracts can call; they return a response.
    pub public: BTreeMap<ClarityName, Arc<FunctionType>>,
    /// Functions that anybody can call and that do not write.
    pub read_only: BTreeMap<ClarityName, Arc<FunctionType>>,
    /// Names of its fungible tokens.
    pub tokens: BTreeSet<ClarityName>,
    /// Non-fungible tokens and the types of their identifiers.
    pub assets: BTreeMap<ClarityName, Type>,
    /// Traits that it defines.
    pub traits: BTreeMap<ClarityName, Arc<Methods>>,
    /// Traits that the contract declares to implement.
    pub implemented: BTreeSet<TraitId>,
}

impl Interface {
    /// A function that others can call, by `contract-call?`.
    #[must_use]
    pub fn callable(&self, name: &str) -> Option<&Arc<FunctionType>> {
        self.public.get(name).or_else(|| self.read_only.get(name))
    }
}
