//! Which trait `<name>` means: one that the contract defines or one that it imports. The order in the text does not matter.

use hashbrown::HashMap;

use super::errors::{ParseError, SyntaxError};
use super::sort::definition;
use super::tree::{Node, NodeId, Span, Tree};
use crate::keywords::Define;
use crate::names::ClarityName;
use crate::principal::{ContractId, TraitId};

/// Reads the forms about traits, and sets the trait of every `<name>`.
pub(super) fn resolve(tree: &mut Tree, contract: &ContractId) -> Result<(), Box<SyntaxError>> {
    let mut known = Known::new();
    for id in tree.top() {
        if let Some((name, meaning)) = introduced(tree, *id, contract)?
            && known.insert(name.clone(), meaning).is_some()
        {
            return Err(Box::new(ParseError::NameAlreadyUsed(name.to_string()).into()));
        }
    }
    for id in tree.top() {
        if let Some((name, span)) = unknown(tree, *id, &known) {
            let span = definition(tree, *id).is_some().then_some(span);
            return Err(Box::new(SyntaxError { error: ParseError::TraitReferenceUnknown(name), span }));
        }
    }
    for name in tree.trait_names() {
        if let Some((trait_id, imported)) = known.get(&name.name) {
            name.trait_id = Some(trait_id.clone());
            name.imported = *imported;
        }
    }
    Ok(())
}

type Known = HashMap<ClarityName, (TraitId, bool)>;
type Introduced = (ClarityName, (TraitId, bool));

fn introduced(tree: &Tree, id: NodeId, contract: &ContractId) -> Result<Option<Introduced>, ParseError> {
    let Some((form, rest)) = definition(tree, id) else { return Ok(None) };
    match (form, rest) {
        (Define::Trait, [name, methods]) if tree.parenthesized(*methods).is_some() => {
            let name = tree.atom(*name).ok_or(ParseError::DefineTraitBadSignature)?;
            Ok(Some((name.clone(), (TraitId { contract: contract.clone(), name: name.clone() }, false))))
        }
        (Define::Trait, _) => Err(ParseError::DefineTraitBadSignature),
        (Define::UseTrait, [name, used]) => match (tree.atom(*name), tree.node(*used)) {
            (Some(name), Node::Field(trait_id)) => Ok(Some((name.clone(), (trait_id.clone(), true)))),
            _ => Err(ParseError::ImportTraitBadSignature),
        },
        (Define::UseTrait, _) => Err(ParseError::ImportTraitBadSignature),
        (Define::ImplTrait, [implemented]) if matches!(tree.node(*implemented), Node::Field(_)) => Ok(None),
        (Define::ImplTrait, _) => Err(ParseError::ImplTraitBadSignature),
        (Define::Private | Define::Public | Define::ReadOnly, _) => Ok(None),
        _ if rest.iter().any(|id| holds_trait(tree, *id)) => Err(ParseError::TraitReferenceNotAllowed),
        _ => Ok(None),
    }
}

/// The first undeclared `<name>` in an expression, and its place. The error shows the place only inside a definition.
fn unknown(tree: &Tree, id: NodeId, known: &Known) -> Option<(ClarityName, Span)> {
    match tree.node(id) {
        Node::Trait(name) if !known.contains_key(&name.name) => Some((name.name.clone(), tree.span(id))),
        Node::List(_) => tree.list(id)?.iter().find_map(|item| unknown(tree, *item, known)),
        _ => None,
    }
}

fn holds_trait(tree: &Tree, id: NodeId) -> bool {
    match tree.node(id) {
        Node::Trait(_) => true,
        Node::List(_) => tree.list(id).unwrap_or_default().iter().any(|item| holds_trait(tree, *item)),
        _ => false,
    }
}
