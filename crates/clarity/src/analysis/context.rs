//! The names in scope: of the contract so far, and of the function and its blocks.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::interface::{FunctionType, Interface, Methods};
use crate::names::ClarityName;
use crate::principal::TraitId;
use crate::types::Type;

/// What the contract has defined so far.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) interface: Interface,
    /// Traits that this contract defines or imports.
    pub(super) traits: HashMap<TraitId, Arc<Methods>>,
    /// The contract's own names for traits.
    pub(super) trait_names: HashSet<ClarityName>,
    /// For each name of a trait (not alias), the last one defined or imported. Clarity 1 takes a trait's methods from
    /// here, whichever trait of that name is meant.
    pub(super) last_traits: HashMap<ClarityName, TraitId>,
}

impl Known {
    /// Whether the contract uses a name already. Names of read-only functions do not count.
    pub(super) fn has(&self, name: &str) -> bool {
        let Interface { constants, variables, maps, tokens, assets, private, public, .. } = &self.interface;
        constants.contains_key(name)
            || variables.contains_key(name)
            || maps.contains_key(name)
            || tokens.contains(name)
            || assets.contains_key(name)
            || private.contains_key(name)
            || public.contains_key(name)
            || self.trait_names.contains(name)
    }

    pub(super) fn function(&self, name: &str) -> Option<&Arc<FunctionType>> {
        let Interface { private, public, read_only, .. } = &self.interface;
        private.get(name).or_else(|| public.get(name)).or_else(|| read_only.get(name))
    }
}

/// The names that a function and its blocks have bound. A name may be bound to both a trait and a value; which of them
/// is looked up first depends on the use.
#[derive(Debug, Default)]
pub(super) struct Scope {
    values: HashMap<ClarityName, Type>,
    /// Traits whose methods can be called.
    traits: HashMap<ClarityName, Type>,
    order: Vec<Bound>,
    /// Depth of blocks, the function included.
    pub(super) depth: u64,
}

/// A binding, and what the name was bound to before.
#[derive(Debug)]
struct Bound {
    name: ClarityName,
    is_callable: bool,
    before: Option<Type>,
}

impl Scope {
    /// The type of the value that is bound to the name.
    pub(super) fn value(&self, name: &str) -> Option<&Type> {
        self.values.get(name)
    }

    /// The trait that is bound to the name.
    pub(super) fn callable(&self, name: &str) -> Option<&Type> {
        self.traits.get(name)
    }

    /// Binds a name to a value, or to a trait whose methods can be called. If parameters share a name, the last one
    /// counts.
    pub(super) fn bind(&mut self, name: ClarityName, of: Type, is_callable: bool) {
        let names = if is_callable { &mut self.traits } else { &mut self.values };
        let before = names.insert(name.clone(), of);
        self.order.push(Bound { name, is_callable, before });
    }

    /// How many names are bound; [`Scope::forget`] goes back to this count.
    pub(super) const fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn forget(&mut self, len: usize) {
        for Bound { name, is_callable, before } in self.order.drain(len..).rev() {
            let names = if is_callable { &mut self.traits } else { &mut self.values };
            match before {
                Some(before) => names.insert(name, before),
                None => names.remove(&name),
            };
        }
    }
}
