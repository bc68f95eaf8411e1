//! The names that expressions see: of the contract so far, and of the function and its blocks.

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
    /// The names that it gives them.
    pub(super) trait_names: HashSet<ClarityName>,
    /// By its own name, not an alias, the last trait that was defined or imported. Clarity 1 finds a trait's methods so, whichever
    /// trait of that name is meant.
    pub(super) last_traits: HashMap<ClarityName, TraitId>,
}

impl Known {
    /// Whether the contract uses a name already. Names of read-only functions are not seen here.
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

/// The names that a function and its blocks have bound. A name may be bound to a trait and to a value: each use has its order of
/// looking for them.
#[derive(Debug, Default)]
pub(super) struct Scope {
    values: HashMap<ClarityName, Type>,
    /// Traits whose methods can be called.
    traits: HashMap<ClarityName, Type>,
    order: Vec<Bound>,
    /// Function, and blocks in it.
    pub(super) depth: u64,
}

/// What was bound, and what was bound to the name before.
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

    /// Binds a name, to a trait whose methods can be called or to a value. Of parameters of one name, the last one counts.
    pub(super) fn bind(&mut self, name: ClarityName, of: Type, is_callable: bool) {
        let names = if is_callable { &mut self.traits } else { &mut self.values };
        let before = names.insert(name.clone(), of);
        self.order.push(Bound { name, is_callable, before });
    }

    /// How many names are bound: what [`Scope::forget`] goes back to.
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
