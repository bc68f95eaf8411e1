//! The parts of definitions: how many there are, and which of them are names.

use super::errors::{AnalysisError, BindingFault, BindingForm, Fault};
use crate::keywords::Define;
use crate::names::ClarityName;
use crate::syntax::{NodeId, Tree};

/// What a top-level expression defines.
#[derive(Debug, Clone, Copy)]
pub(super) enum Definition<'t> {
    Constant { name: &'t ClarityName, value: NodeId },
    Function { access: Define, signature: &'t [NodeId], body: NodeId },
    Variable { name: &'t ClarityName, of: NodeId, value: NodeId },
    Map { name: &'t ClarityName, key: NodeId, value: NodeId },
    Token { name: &'t ClarityName, supply: Option<NodeId> },
    Asset { name: &'t ClarityName, of: NodeId },
    Trait { name: &'t ClarityName, methods: NodeId },
    UseTrait { alias: &'t ClarityName, used: NodeId },
    ImplTrait { implemented: NodeId },
}

/// The definition that a top-level expression is, if it is one.
pub(super) fn definition(tree: &Tree, id: NodeId) -> Result<Option<Definition<'_>>, Box<Fault>> {
    let Some((form, rest)) = form(tree, id) else { return Ok(None) };
    let name = |id: NodeId| tree.atom(id).ok_or(AnalysisError::ExpectedName);
    Ok(Some(match (form, rest) {
        (Define::Constant, &[n, value]) => Definition::Constant { name: name(n)?, value },
        (Define::Private | Define::Public | Define::ReadOnly, &[signature, body]) => {
            let signature = tree.list(signature).ok_or(AnalysisError::DefineFunctionBadSignature)?;
            Definition::Function { access: form, signature, body }
        }
        (Define::DataVar, &[n, of, value]) => Definition::Variable { name: name(n)?, of, value },
        (Define::Map, &[n, key, value]) => Definition::Map { name: name(n)?, key, value },
        (Define::FungibleToken, &[n]) => Definition::Token { name: name(n)?, supply: None },
        (Define::FungibleToken, &[n, supply]) => Definition::Token { name: name(n)?, supply: Some(supply) },
        (Define::NonFungibleToken, &[n, of]) => Definition::Asset { name: name(n)?, of },
        (Define::Trait, &[n, methods]) => Definition::Trait { name: name(n)?, methods },
        (Define::UseTrait, &[n, used]) => Definition::UseTrait { alias: name(n)?, used },
        (Define::ImplTrait, &[implemented]) => Definition::ImplTrait { implemented },
        (Define::DataVar | Define::Map, _) => return Err(AnalysisError::IncorrectArgumentCount(3, rest.len()).into()),
        (Define::FungibleToken, &[n, _, _, ..]) => {
            name(n)?;
            return Err(AnalysisError::IncorrectArgumentCount(1, rest.len()).into());
        }
        (Define::FungibleToken, []) => return Err(AnalysisError::RequiresAtLeastArguments(1, 0).into()),
        (Define::ImplTrait, _) => {
            return Err(AnalysisError::IncorrectArgumentCount(1, rest.len()).into());
        }
        _ => return Err(AnalysisError::IncorrectArgumentCount(2, rest.len()).into()),
    }))
}

fn form(tree: &Tree, id: NodeId) -> Option<(Define, &[NodeId])> {
    let (head, rest) = tree.list(id)?.split_first()?;
    Some((Define::lookup(tree.atom(*head)?)?, rest))
}

/// A name and the expression or type bound to it.
pub(super) fn binding(
    tree: &Tree,
    pair: NodeId,
    form: BindingForm,
    at: usize,
) -> Result<(&ClarityName, NodeId), Box<Fault>> {
    let [name, bound] = parts(tree, pair, form, at)?;
    let name = tree.atom(name).ok_or_else(|| unbound(tree, name, BindingFault::NotAtom(form, at)))?;
    Ok((name, bound))
}

/// The two parts of a binding.
pub(super) fn parts(tree: &Tree, pair: NodeId, form: BindingForm, at: usize) -> Result<[NodeId; 2], Box<Fault>> {
    let parts = tree.list(pair).ok_or_else(|| unbound(tree, pair, BindingFault::NotList(form, at)))?;
    parts.try_into().map_err(|_| unbound(tree, pair, BindingFault::InvalidLength(form, at)))
}

fn unbound(tree: &Tree, at: NodeId, fault: BindingFault) -> Box<Fault> {
    Fault::placed(AnalysisError::BadSyntaxBinding(fault), tree.span(at))
}

/// Fails unless there are exactly `N` arguments.
pub(super) fn count<const N: usize>(arguments: &[NodeId]) -> Result<[NodeId; N], AnalysisError> {
    arguments.try_into().map_err(|_| AnalysisError::IncorrectArgumentCount(N, arguments.len()))
}

/// The first `N` arguments; fails if there are fewer. Others are ignored.
pub(super) fn first<const N: usize>(arguments: &[NodeId]) -> Result<[NodeId; N], AnalysisError> {
    let first = arguments.first_chunk::<N>().copied();
    first.ok_or(AnalysisError::RequiresAtLeastArguments(N, arguments.len()))
}

/// Fails if there are fewer than `least` arguments.
pub(super) const fn at_least(least: usize, arguments: &[NodeId]) -> Result<(), AnalysisError> {
    if arguments.len() < least { Err(AnalysisError::RequiresAtLeastArguments(least, arguments.len())) } else { Ok(()) }
}
