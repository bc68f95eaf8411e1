//! Source text to a sorted syntax tree.
//!
//! | file | holds |
//! |---|---|
//! | `lex/mod.rs`, `lex/text.rs` | characters to tokens |
//! | `parse.rs` | tokens to a tree, shorthand written out, limits of depth |
//! | `sort.rs` | which definition needs which: the order in which they are evaluated |
//! | `traits.rs` | which trait `<name>` means |
//! | `types.rs` | the types in definitions |
//! | `errors.rs` | what can be wrong, in the network's words |
//!
//! Which error comes first and how deep a text may nest is consensus, so lexer and parser are written by hand.

mod errors;
mod lex;
mod parse;
mod sort;
mod traits;
pub(crate) mod tree;
mod types;

pub use errors::{LexError, Mark, ParseError, SyntaxError};
pub use tree::{Children, Node, NodeId, Span, TraitName, Tree};
pub(crate) use types::{TypeReader, TypeSyntax};

use crate::costs::{CostFn, Meter, units};
use crate::principal::ContractId;
use crate::rules::Rules;

/// Parses a contract's text and sorts its definitions. Charges by bytes before parsing, and by dependencies before
/// sorting.
///
/// # Errors
/// The text is no contract, or the meter stopped it.
pub fn read(
    source: &str,
    contract: &ContractId,
    rules: &Rules,
    meter: &mut Meter<'_>,
) -> Result<Tree, Box<SyntaxError>> {
    let charge = |meter: &mut Meter<'_>, function, n: usize| {
        meter.charge(function, units(n)).map_err(|error| Box::new(error.into()))
    };
    charge(meter, CostFn::AstParse, source.len())?;
    let mut tree = parse::parse(source, contract.issuer, rules.call_depth)?;
    let graph = sort::Graph::of(&tree);
    charge(meter, CostFn::AstCycleDetection, graph.edges())?;
    graph.sort(&mut tree)?;
    traits::resolve(&mut tree, contract)?;
    Ok(tree)
}

/// Parses the text of a deployed contract again, without charging: its deployment has paid.
///
/// # Errors
/// The text is no contract.
pub(crate) fn read_again(source: &str, contract: &ContractId, rules: &Rules) -> Result<Tree, Box<SyntaxError>> {
    let mut tree = parse::parse(source, contract.issuer, rules.call_depth)?;
    sort::Graph::of(&tree).sort(&mut tree)?;
    traits::resolve(&mut tree, contract)?;
    Ok(tree)
}
