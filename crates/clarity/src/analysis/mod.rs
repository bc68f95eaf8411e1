//! Checks a contract before it is stored: types, writes in read-only functions, traits; and returns its interface.
//!
//! The tree is visited once, and every visit, comparison of types and look-up is charged in the network's order: a
//! deployment that runs out of budget, or fails, must stop at the same step on every node. Two properties of a type
//! matter: what it admits, and its size, by which most steps are charged.
//!
//! | file | holds |
//! |---|---|
//! | `checker.rs` | the state of a check |
//! | `contract.rs` | definitions, one after the other |
//! | `expression.rs` | names, literals, applications; arguments that are expected to have a type |
//! | `signature.rs` | what a function takes and returns |
//! | `natives/` | the native functions, by group |
//! | `traits.rs` | `define-trait`, `use-trait`, `impl-trait`, contracts and traits as arguments |
//! | `arguments.rs` | whether a function takes the arguments of a transaction, and whether a contract implements a trait |
//! | `read_only.rs` | the pass that looks for writes |
//! | `definitions.rs` | the parts of definitions |
//! | `context.rs` | the names in scope |
//! | `interface.rs`, `interface_json.rs`, `stored.rs` | what a contract offers, as JSON, and as it is stored |
//! | `errors.rs` | what can be wrong, in the network's words |

mod arguments;
mod checker;
mod context;
mod contract;
mod definitions;
mod errors;
mod expression;
mod interface;
mod interface_json;
mod natives;
mod read_only;
mod signature;
pub(crate) mod stored;
#[cfg(test)]
mod tests;
mod traits;

use std::sync::Arc;

pub use arguments::{Misfit, implements_trait, takes};
pub use errors::{Alternatives, AnalysisError, BindingFault, BindingForm, Fault, Shown, ShownTuple};
pub use interface::{FunctionType, Interface, Method, Methods};
pub use stored::StoredError;

use crate::costs::Meter;
use crate::dialect::Dialect;
use crate::principal::ContractId;
use crate::rules::Rules;
use crate::syntax::Tree;

/// The deployed contracts.
pub trait Contracts {
    /// The interface of a contract.
    fn interface(&self, contract: &ContractId) -> Option<Arc<Interface>>;
}

/// Checks a contract's sorted tree and returns its interface.
///
/// # Errors
/// The contract has a fault, or the meter stopped the check.
pub fn check(
    tree: &Tree,
    contract: &ContractId,
    dialect: &'static Dialect,
    rules: &Rules,
    contracts: &dyn Contracts,
    meter: &mut Meter<'_>,
) -> Result<Interface, Box<Fault>> {
    if !rules.checks_types_first {
        read_only::check(tree, dialect, contracts)?;
    }
    let interface = checker::Checker::new(tree, contract, dialect, rules, contracts, meter).check()?;
    if rules.checks_types_first {
        read_only::check(tree, dialect, contracts)?;
    }
    Ok(interface)
}
