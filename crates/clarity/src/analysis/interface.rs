//! What a contract offers to others: functions, variables, maps, tokens, traits; and its JSON for the node's API.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::names::ClarityName;
use crate::principal::TraitId;
use crate::rules::Rules;
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

    /// The interface as the node's `/v2/contracts/interface` gives it.
    #[must_use]
    pub fn json(&self, rules: &Rules) -> Json {
        let groups = [("private", &self.private), ("public", &self.public), ("read_only", &self.read_only)];
        let functions = groups.into_iter().flat_map(|(access, functions)| {
            functions.iter().map(move |(name, function)| {
                let parameter =
                    |(name, of): &(ClarityName, Type)| json!({"name": name.as_str(), "type": type_json(of)});
                json!({
                    "name": name.as_str(),
                    "access": access,
                    "args": function.parameters.iter().map(parameter).collect::<Vec<_>>(),
                    "outputs": {"type": type_json(&function.result)},
                })
            })
        });
        let variable = |access: &'static str| move |(name, of): (&ClarityName, &Type)| json!({"name": name.as_str(), "type": type_json(of), "access": access});
        let constants = self.constants.iter().map(variable("constant"));
        let variables = constants.chain(self.variables.iter().map(variable("variable")));
        let map = |(name, (key, value)): (&ClarityName, &(Type, Type))| json!({"name": name.as_str(), "key": type_json(key), "value": type_json(value)});
        let asset = |(name, of): (&ClarityName, &Type)| json!({"name": name.as_str(), "type": type_json(of)});
        json!({
            "functions": functions.collect::<Vec<_>>(),
            "variables": variables.collect::<Vec<_>>(),
            "maps": self.maps.iter().map(map).collect::<Vec<_>>(),
            "fungible_tokens": self.tokens.iter().map(|name| json!({"name": name.as_str()})).collect::<Vec<_>>(),
            "non_fungible_tokens": self.assets.iter().map(asset).collect::<Vec<_>>(),
            "epoch": rules.interface_name,
            "clarity_version": format!("Clarity{}", self.version),
        })
    }
}

fn type_json(of: &Type) -> Json {
    match of {
        Type::NoType => json!("none"),
        Type::Int => json!("int128"),
        Type::UInt => json!("uint128"),
        Type::Bool => json!("bool"),
        Type::Principal | Type::Callable(_) | Type::Union(_) => json!("principal"),
        Type::Trait(_) => json!("trait_reference"),
        Type::Buffer(length) => json!({"buffer": {"length": length}}),
        Type::Ascii(length) => json!({"string-ascii": {"length": length}}),
        Type::Utf8(length) => json!({"string-utf8": {"length": length}}),
        Type::List(list) => json!({"list": {"type": type_json(list.entry()), "length": list.max_len()}}),
        Type::Optional(optional) => json!({"optional": type_json(optional.inner())}),
        Type::Response(response) => {
            json!({"response": {"ok": type_json(response.ok()), "error": type_json(response.err())}})
        }
        Type::Tuple(tuple) => {
            let field = |(name, of): &(ClarityName, Type)| json!({"name": name.as_str(), "type": type_json(of)});
            json!({"tuple": tuple.fields().iter().map(field).collect::<Vec<_>>()})
        }
    }
}
