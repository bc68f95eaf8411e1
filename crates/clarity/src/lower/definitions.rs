//! The top level of a contract, in two passes: the first declares what is defined, the second lowers it.

use std::sync::Arc;

use hashbrown::HashSet;

use super::expression::Scope;
use super::last_use;
use super::lowering::{Lowering, number};
use super::program::{
    Asset, At, Definition, Function, MapTable, Method, Program, Token, TraitTable, Variable, Visibility,
};
use crate::dialect::Dialect;
use crate::keys;
use crate::keywords::Define;
use crate::names::ClarityName;
use crate::principal::{ContractId, TraitId};
use crate::syntax::{Node, NodeId, Tree, TypeReader};
use crate::types::Type;

/// Makes a program from a contract's sorted tree.
#[must_use]
pub(crate) fn lower(tree: &Tree, id: Arc<ContractId>, dialect: &'static Dialect) -> Program {
    let mut lowering = Lowering::new(tree, id, dialect);
    for at in tree.top() {
        lowering.declare(*at);
    }
    for at in tree.top() {
        let definition = lowering.define(*at);
        lowering.program.definitions.push(definition);
    }
    lowering.program
}

impl<'a> Lowering<'a> {
    /// A definition's form and its arguments.
    fn definition(&self, at: NodeId) -> Option<(Define, &'a [NodeId])> {
        let (head, rest) = self.tree.list(at)?.split_first()?;
        Some((Define::lookup(self.tree.atom(*head)?)?, rest))
    }

    fn name_at(&self, at: Option<&NodeId>) -> Option<ClarityName> {
        at.and_then(|at| self.tree.atom(*at)).cloned()
    }

    fn signature(&self, at: Option<&NodeId>) -> &'a [NodeId] {
        at.and_then(|at| self.tree.list(*at)).unwrap_or_default()
    }

    /// The first pass: gives each definition an index. A name means its first definition.
    fn declare(&mut self, at: NodeId) {
        let Some((define, rest)) = self.definition(at) else { return };
        match define {
            Define::Constant => {
                let Some(name) = self.name_at(rest.first()) else { return };
                let index = number(self.program.constants.len());
                self.constant_names.entry(name.clone()).or_insert(index);
                self.program.constants.push(name);
            }
            Define::Private => self.declare_function(at, Visibility::Private, rest),
            Define::Public => self.declare_function(at, Visibility::Public, rest),
            Define::ReadOnly => self.declare_function(at, Visibility::ReadOnly, rest),
            Define::DataVar => {
                if let [name, of, _] = rest
                    && let Some(name) = self.tree.atom(*name).cloned()
                    && let Ok((of, _)) = self.type_at(*of)
                {
                    let index = number(self.program.variables.len());
                    let key = keys::variable(&self.program.id, &name);
                    self.variable_names.entry(name.clone()).or_insert(index);
                    self.program.variables.push(Variable { name, of, key });
                }
            }
            Define::Map => {
                if let [name, key, value] = rest
                    && let Some(name) = self.tree.atom(*name).cloned()
                    && let (Ok((key, _)), Ok((value, _))) = (self.type_at(*key), self.type_at(*value))
                {
                    let index = number(self.program.maps.len());
                    let prefix = keys::map_prefix(&self.program.id, &name);
                    self.map_names.entry(name.clone()).or_insert(index);
                    let stored = Type::optional(value.clone());
                    self.program.maps.push(MapTable { name, key, value, stored, prefix });
                }
            }
            Define::FungibleToken => self.declare_token(rest),
            Define::NonFungibleToken => self.declare_asset(rest),
            Define::Trait => self.declare_trait(rest),
            Define::ImplTrait => {
                if let Some(id) = rest.first().and_then(|at| self.trait_at(*at)) {
                    self.program.implements.push(id);
                }
            }
            Define::UseTrait => {}
        }
    }

    fn declare_token(&mut self, rest: &[NodeId]) {
        let Some(name) = self.name_at(rest.first()) else { return };
        let id = &self.program.id;
        let token = Token {
            supply_key: keys::token_supply(id, &name),
            balance_prefix: keys::token_balance_prefix(id, &name),
            identifier: format!("{id}::{name}").into(),
            name: name.clone(),
        };
        self.token_names.entry(name).or_insert(number(self.program.tokens.len()));
        self.program.tokens.push(token);
    }

    fn declare_asset(&mut self, rest: &[NodeId]) {
        let (Some(name), Some(Ok((of, _)))) = (self.name_at(rest.first()), rest.get(1).map(|at| self.type_at(*at)))
        else {
            return;
        };
        let id = &self.program.id;
        let asset = Asset {
            of,
            prefix: keys::asset_prefix(id, &name),
            identifier: format!("{id}::{name}").into(),
            name: name.clone(),
        };
        self.asset_names.entry(name).or_insert(number(self.program.assets.len()));
        self.program.assets.push(asset);
    }

    fn declare_function(&mut self, at: NodeId, visibility: Visibility, rest: &[NodeId]) {
        let Some((name, parameters)) = self.signature(rest.first()).split_first() else { return };
        let Some(name) = self.tree.atom(*name).cloned() else { return };
        let mut typed = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let [name, of] = self.tree.list(*parameter).unwrap_or_default() else { return };
            let (Some(name), Ok((of, _))) = (self.tree.atom(*name).cloned(), self.type_at(*of)) else { return };
            typed.push((name, of));
        }
        let index = number(self.program.functions.len());
        self.functions.insert(at, index);
        self.program.function_names.entry(name.clone()).or_insert(index);
        let repeated = self.repeated(&typed);
        self.program.functions.push(Function { name, visibility, parameters: typed, repeated, body: At(0) });
    }

    /// The first parameter with the name of an earlier one. In Clarity 1 parameters bound to traits are no variables
    /// and do not count.
    fn repeated(&self, parameters: &[(ClarityName, Type)]) -> Option<usize> {
        let traits_are_values = self.program.dialect.traits_are_values;
        let mut names = HashSet::with_capacity(parameters.len());
        parameters.iter().position(|(name, of)| {
            let is_variable = traits_are_values || !matches!(of, Type::Trait(_));
            is_variable && !names.insert(name)
        })
    }

    fn declare_trait(&mut self, rest: &[NodeId]) {
        let Some(name) = self.name_at(rest.first()) else { return };
        let mut table = TraitTable::new();
        for method in self.signature(rest.get(1)) {
            let [method, parameters, returns] = self.tree.list(*method).unwrap_or_default() else { continue };
            let (Some(method), Ok((returns, _))) = (self.tree.atom(*method).cloned(), self.type_at(*returns)) else {
                continue;
            };
            let parameters = self
                .tree
                .list(*parameters)
                .unwrap_or_default()
                .iter()
                .map(|of| self.type_at(*of).map(|of| of.0))
                .collect();
            let Ok(parameters) = parameters else { continue };
            table.insert(method, Method { parameters, returns });
        }
        self.program.traits.entry(name).or_insert(table);
    }

    fn steps(&self, at: Option<&NodeId>) -> u32 {
        let Some(at) = at else { return 0 };
        let mut reader = TypeReader::new(self.tree);
        let _ = reader.read(*at);
        reader.steps()
    }

    fn trait_at(&self, at: NodeId) -> Option<TraitId> {
        match self.tree.node(at) {
            Node::Field(id) => Some(id.clone()),
            Node::Trait(name) => name.trait_id.clone(),
            _ => None,
        }
    }

    /// Whether a name is reserved or defined already. Marks it as defined.
    fn taken(&mut self, name: &ClarityName) -> bool {
        let reserved = self.is_reserved(name);
        !self.defined.insert(name.clone()) || reserved
    }

    /// The second pass: lowers a definition.
    fn define(&mut self, at: NodeId) -> Definition {
        let Some((define, rest)) = self.definition(at) else { return Definition::Expression(self.top_level(at)) };
        let defined = match define {
            Define::Private | Define::Public | Define::ReadOnly => self.define_function(at, rest),
            Define::Constant => self.define_constant(rest),
            Define::DataVar => self.define_variable(rest),
            Define::Map => self.define_map(rest),
            Define::FungibleToken => self.define_token(rest),
            Define::NonFungibleToken => self.define_asset(rest),
            Define::Trait => self.define_trait(rest),
            Define::UseTrait | Define::ImplTrait => Some(Definition::Nothing),
        };
        defined.unwrap_or_else(|| Definition::Expression(self.malformed("BadDefinition")))
    }

    fn top_level(&mut self, at: NodeId) -> At {
        self.expression(at, &mut Scope::default())
    }

    fn define_function(&mut self, at: NodeId, rest: &[NodeId]) -> Option<Definition> {
        let [signature, body] = rest else { return None };
        let (name, parameters) = self.signature(Some(signature)).split_first()?;
        let name = self.tree.atom(*name)?.clone();
        let index = *self.functions.get(&at)?;
        let mut steps = 0;
        let mut scope = Scope::default();
        let mut taken = self.taken(&name).then(|| name.clone());
        for parameter in parameters {
            let [parameter, of] = self.tree.list(*parameter)? else { return None };
            steps += self.steps(Some(of));
            let parameter = self.tree.atom(*parameter)?.clone();
            // Checked here because the checker does not see the names of read-only functions.
            let is_defined = self.function(&parameter).is_some_and(|function| function < index);
            if taken.is_none() && (is_defined || self.is_reserved(&parameter)) {
                taken = Some(parameter.clone());
            }
            scope.bind(parameter);
            if !self.program.dialect.traits_are_values && matches!(self.tree.node(*of), Node::Trait(_)) {
                scope.is_trait();
            }
        }
        let begin = self.program.ops.len();
        self.choices.clear();
        let body = self.expression(*body, &mut scope);
        last_use::mark(&mut self.program.ops, begin, std::mem::take(&mut self.choices));
        self.program.functions[index as usize].body = body;
        Some(Definition::Function { index, steps, taken })
    }

    fn define_constant(&mut self, rest: &[NodeId]) -> Option<Definition> {
        let [name, value] = rest else { return None };
        let name = self.tree.atom(*name)?.clone();
        let index = self.constant(&name)?;
        let taken = self.taken(&name);
        Some(Definition::Constant { index, value: self.top_level(*value), taken })
    }

    fn define_variable(&mut self, rest: &[NodeId]) -> Option<Definition> {
        let [name, of, value] = rest else { return None };
        let name = self.tree.atom(*name)?.clone();
        let index = self.variable(&name)?;
        let taken = self.taken(&name);
        Some(Definition::Variable { index, steps: self.steps(Some(of)), value: self.top_level(*value), taken })
    }

    fn define_map(&mut self, rest: &[NodeId]) -> Option<Definition> {
        let [name, key, value] = rest else { return None };
        let name = self.tree.atom(*name)?.clone();
        let index = self.map(&name)?;
        let steps = self.steps(Some(key)) + self.steps(Some(value));
        Some(Definition::Map { index, steps, taken: self.taken(&name) })
    }

    fn define_token(&mut self, rest: &[NodeId]) -> Option<Definition> {
        let name = self.name_at(rest.first())?;
        let index = self.token(&name)?;
        let taken = self.taken(&name);
        let cap = rest.get(1).map(|cap| self.top_level(*cap));
        Some(Definition::Token { index, cap, taken })
    }

    fn define_asset(&mut self, rest: &[NodeId]) -> Option<Definition> {
        let name = self.name_at(rest.first())?;
        let index = self.asset(&name)?;
        Some(Definition::Asset { index, steps: self.steps(rest.get(1)), taken: self.taken(&name) })
    }

    fn define_trait(&mut self, rest: &[NodeId]) -> Option<Definition> {
        let name = self.name_at(rest.first())?;
        let mut steps = 0;
        for method in self.signature(rest.get(1)) {
            let [_, parameters, returns] = self.tree.list(*method).unwrap_or_default() else { continue };
            let parameters = self.tree.list(*parameters).unwrap_or_default();
            steps += parameters.iter().chain([returns]).map(|at| self.steps(Some(at))).sum::<u32>();
        }
        // If the checker accepts a trait with the name of another definition, the deployment fails here. An alias of
        // `use-trait` is no definition, and may have any name.
        let taken = self.taken(&name);
        Some(Definition::Trait { steps, name, taken })
    }
}
