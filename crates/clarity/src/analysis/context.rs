//! The names that expressions see: of the contract so far, and of the function and its blocks.

use std::collections::HashMap;
use std::sync::Arc;

use super::interface::{Interface, Methods};
use super::signature::FunctionType;
use crate::names::ClarityName;
use crate::types::Type;
use crate::value::TraitId;

/// What the contract has defined so far.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) interface: Interface,
    /// Traits by the names that this contract gives them.
    pub(super) used_traits: HashMap<ClarityName, (TraitId, Arc<Methods>)>,
}

impl Known {
    /// Whether the contract uses a name already. Names of read-only functions are not seen here.
    pub(super) fn has(&self, name: &str) -> bool {
        let Interface { constants, variables, maps, tokens, assets, traits, private, public, .. } = &self.interface;
        constants.contains_key(name)
            || variables.contains_key(name)
            || maps.contains_key(name)
            || tokens.contains(name)
            || assets.contains_key(name)
            || private.contains_key(name)
            || public.contains_key(name)
            || traits.contains_key(name)
            || self.used_traits.contains_key(name)
    }

    pub(super) fn function(&self, name: &str) -> Option<&Arc<FunctionType>> {
        let Interface { private, public, read_only, .. } = &self.interface;
        private.get(name).or_else(|| public.get(name)).or_else(|| read_only.get(name))
    }
}

/// The names that a function and its blocks have bound.
#[derive(Debug, Default)]
pub(super) struct Scope {
    bound: Vec<Bound>,
    /// Function, and blocks in it.
    pub(super) depth: u64,
}

/// A name and what is bound to it.
#[derive(Debug)]
pub(super) struct Bound {
    name: ClarityName,
    pub(super) of: Type,
    /// It is a trait whose methods can be called.
    pub(super) is_callable: bool,
}

impl Scope {
    pub(super) fn get(&self, name: &str) -> Option<&Bound> {
        self.bound.iter().rev().find(|bound| bound.name.as_str() == name)
    }

    pub(super) fn bind(&mut self, name: ClarityName, of: Type, is_callable: bool) {
        self.bound.push(Bound { name, of, is_callable });
    }

    /// How many names are bound: what [`Scope::forget`] goes back to.
    pub(super) const fn len(&self) -> usize {
        self.bound.len()
    }

    pub(super) fn forget(&mut self, len: usize) {
        self.bound.truncate(len);
    }
}
