//! Natives that need more than their arguments' values: names of variables and fields, bindings, types, contracts.

use std::sync::{Arc, OnceLock};

use super::expression::Scope;
use super::last_use::Choice;
use super::lowering::Lowering;
use super::program::{At, Form, Target, TupleShape};
use crate::keywords::{BlockProperty, BurnProperty};
use crate::names::ClarityName;
use crate::natives::{Kind, Native};
use crate::principal::Principal;
use crate::syntax::NodeId;
use crate::value::Value;

impl Lowering<'_> {
    /// A special form; `None` if the arguments do not have its shape.
    pub(super) fn form(&mut self, native: Native, rest: &[NodeId], scope: &mut Scope) -> Option<Form> {
        match native {
            Native::If => {
                let condition = self.expression(rest[0], scope);
                let first = self.program.ops.len();
                let then = self.expression(rest[1], scope);
                let second = self.program.ops.len();
                let otherwise = self.expression(rest[2], scope);
                self.choice(first, second);
                Some(Form::Special(native, self.link(&[condition, then, otherwise])))
            }
            Native::Let => self.form_let(rest, scope),
            Native::Match => self.form_match(rest, scope),
            Native::Map => Some(Form::Map(self.callee(rest[0])?, self.expressions(&rest[1..], scope))),
            Native::Filter => Some(Form::Filter(self.callee(rest[0])?, self.expression(rest[1], scope))),
            Native::Fold => {
                let callee = self.callee(rest[0])?;
                let sequence = self.expression(rest[1], scope);
                Some(Form::Fold { callee, sequence, initial: self.expression(rest[2], scope) })
            }
            Native::AsMaxLen => {
                let Some(Value::UInt(limit)) = self.tree.literal(rest[1]) else {
                    return Some(Form::Special(native, self.expressions(rest, scope)));
                };
                Some(Form::AsMaxLen(self.expression(rest[0], scope), *limit))
            }
            Native::TupleCons => self.form_tuple(rest, scope),
            Native::TupleGet => Some(Form::Get(self.tree.atom(rest[0])?.clone(), self.expression(rest[1], scope))),
            Native::VarGet
            | Native::VarSet
            | Native::MapGet
            | Native::MapSet
            | Native::MapInsert
            | Native::MapDelete => self.form_data(native, rest, scope),
            Native::ContractCall => self.form_contract_call(rest, scope),
            Native::ContractOf => Some(Form::ContractOf(self.callable(rest[0], scope))),
            Native::GetBlockInfo | Native::GetStacksBlockInfo | Native::GetTenureInfo | Native::GetBurnBlockInfo => {
                self.form_block_info(native, rest, scope)
            }
            Native::FtGetBalance | Native::FtTransfer | Native::FtMint | Native::FtBurn => {
                let token = self.token(self.tree.atom(rest[0])?)?;
                Some(Form::Ft(native, token, self.expressions(&rest[1..], scope)))
            }
            Native::FtGetSupply => Some(Form::FtSupply(self.token(self.tree.atom(rest[0])?)?)),
            Native::NftGetOwner | Native::NftTransfer | Native::NftMint | Native::NftBurn => {
                let asset = self.asset(self.tree.atom(rest[0])?)?;
                Some(Form::Nft(native, asset, self.expressions(&rest[1..], scope)))
            }
            Native::FromConsensusBuff => {
                let (of, steps) = self.type_at(rest[0]).ok()?;
                Some(Form::FromConsensus { of, steps, bytes: self.expression(rest[1], scope) })
            }
            Native::RestrictAssets | Native::AsContractSafe => self.form_restrict(native, rest, scope),
            _ => Some(Form::Special(native, self.expressions(rest, scope))),
        }
    }

    fn form_let(&mut self, rest: &[NodeId], scope: &mut Scope) -> Option<Form> {
        let slot = scope.next();
        let list = self.tree.list(rest[0])?;
        let mut bindings = Vec::with_capacity(list.len());
        scope.depth += 1;
        for pair in list {
            let [name, value] = self.tree.list(*pair)? else { return None };
            let binding = self.binding(*name, scope)?;
            let value = self.expression(*value, scope);
            scope.bind(binding.name.clone());
            bindings.push((binding, value));
        }
        let body = self.expressions(&rest[1..], scope);
        scope.depth -= 1;
        scope.unbind(bindings.len());
        Some(Form::Let { bindings, slot, body })
    }

    fn form_match(&mut self, rest: &[NodeId], scope: &mut Scope) -> Option<Form> {
        let input = self.expression(rest[0], scope);
        let slot = scope.next();
        let some = self.binding(rest[1], scope)?;
        let first = self.program.ops.len();
        let then = self.branch(&some.name, rest[2], scope);
        let second = self.program.ops.len();
        if let [_, _, _, none] = rest {
            let none = self.expression(*none, scope);
            self.choice(first, second);
            return Some(Form::MatchOptional { input, some, slot, then, none });
        }
        let err = self.binding(rest[3], scope)?;
        let otherwise = self.branch(&err.name, rest[4], scope);
        self.choice(first, second);
        Some(Form::MatchResponse { input, ok: some, err, slot, then, otherwise })
    }

    /// Notes that only one of two branches is evaluated: the one that begins at `first`, or the one that begins at
    /// `second`.
    fn choice(&mut self, first: usize, second: usize) {
        let end = self.program.ops.len();
        self.choices.push(Choice { first, second, end });
    }

    fn branch(&mut self, name: &ClarityName, body: NodeId, scope: &mut Scope) -> At {
        scope.depth += 1;
        scope.bind(name.clone());
        let body = self.expression(body, scope);
        scope.unbind(1);
        scope.depth -= 1;
        body
    }

    fn form_tuple(&mut self, rest: &[NodeId], scope: &mut Scope) -> Option<Form> {
        let (mut names, mut values) = (Vec::with_capacity(rest.len()), Vec::with_capacity(rest.len()));
        for pair in rest {
            let [name, value] = self.tree.list(*pair)? else { return None };
            names.push(self.tree.atom(*name)?.clone());
            values.push(self.expression(*value, scope));
        }
        let mut order: Vec<u32> = (0..u32::try_from(names.len()).ok()?).collect();
        order.sort_by(|a, b| names[*a as usize].cmp(&names[*b as usize]));
        let shape = TupleShape { names, order, seen: Arc::new(OnceLock::new()) };
        Some(Form::Tuple { shape, values: self.link(&values) })
    }

    fn form_data(&mut self, native: Native, rest: &[NodeId], scope: &mut Scope) -> Option<Form> {
        let name = self.tree.atom(rest[0])?;
        Some(match native {
            Native::VarGet => Form::VarGet(self.variable(name)?),
            Native::VarSet => Form::VarSet(self.variable(name)?, self.expression(rest[1], scope)),
            Native::MapGet => Form::MapGet(self.map(name)?, self.expression(rest[1], scope)),
            Native::MapDelete => Form::MapDelete(self.map(name)?, self.expression(rest[1], scope)),
            _ => {
                let map = self.map(name)?;
                let key = self.expression(rest[1], scope);
                let value = self.expression(rest[2], scope);
                Form::MapWrite { map, key, value, insert: native == Native::MapInsert }
            }
        })
    }

    fn form_contract_call(&mut self, rest: &[NodeId], scope: &mut Scope) -> Option<Form> {
        let function = self.tree.atom(rest[1])?.clone();
        // The target is evaluated after the arguments.
        let arguments = self.arguments(&rest[2..], scope);
        let target = match self.tree.literal(rest[0]) {
            Some(Value::Principal(principal)) => match principal.as_ref() {
                Principal::Contract(contract) => Target::Literal(Arc::new(contract.clone())),
                Principal::Standard(_) => return None,
            },
            Some(_) => return None,
            None => Target::Dynamic(self.callable(rest[0], scope)),
        };
        Some(Form::ContractCall { target, function, arguments })
    }

    fn form_block_info(&mut self, native: Native, rest: &[NodeId], scope: &mut Scope) -> Option<Form> {
        let name = self.tree.atom(rest[0])?;
        let property = match native {
            Native::GetBurnBlockInfo => {
                let property = BurnProperty::lookup(name)?;
                return Some(Form::BurnInfo(property, self.expression(rest[1], scope)));
            }
            Native::GetBlockInfo => BlockProperty::of_block(name, self.version())?,
            Native::GetStacksBlockInfo => BlockProperty::of_stacks_block(name)?,
            _ => BlockProperty::of_tenure(name)?,
        };
        Some(Form::BlockInfo(native, property, self.expression(rest[1], scope)))
    }

    fn form_restrict(&mut self, native: Native, rest: &[NodeId], scope: &mut Scope) -> Option<Form> {
        let (owner, rest) = match native {
            Native::RestrictAssets => (Some(self.expression(rest[0], scope)), &rest[1..]),
            _ => (None, rest),
        };
        let mut allowances = Vec::new();
        for allowance in self.tree.list(rest[0])? {
            let (head, arguments) = self.tree.list(*allowance)?.split_first()?;
            let native = Native::lookup(self.tree.atom(*head)?, self.version())
                .filter(|native| native.kind() == Kind::Allowance)?;
            allowances.push((native, self.expressions(arguments, scope)));
        }
        Some(Form::Restrict { owner, allowances, body: self.expressions(&rest[1..], scope) })
    }
}
