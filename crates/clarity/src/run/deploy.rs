//! Evaluates a contract's top level, once, in the order of dependencies.

use std::sync::Arc;

use super::machine::{Context, Frame, Machine};
use crate::analysis::Interface;
use crate::costs::{CostFn, units};
use crate::crypto::hash;
use crate::error::{CheckError, Stop};
use crate::keys;
use crate::lower::Program;
use crate::lower::program::{Definition, Function};
use crate::names::ClarityName;
use crate::principal::Principal;
use crate::state::{Contract, Datum, View};
use crate::types::Type;
use crate::value::Value;

impl Machine<'_> {
    /// Deploys a checked contract: writes the commitment to its source, then evaluates its top level.
    ///
    /// # Errors
    /// A definition or an expression fails.
    pub(crate) fn deploy(
        &mut self,
        context: &Context,
        interface: Arc<Interface>,
        program: Program,
        source: &str,
    ) -> Result<Arc<Contract>, Stop> {
        let size = units(source.len());
        self.meter.charge(CostFn::ContractStorage, size)?;
        self.meter.take(size)?;
        let height = self.world.block_height(View::Tip);
        let commitment = format!("{}{:08x}", hex::encode(hash::sha512_256(source.as_bytes())), height);
        self.write(keys::contract(&program.id), Datum::Text(commitment.into()));
        let sender = Value::principal(context.sender.clone());
        self.sponsor = context.sponsor.clone().map(Value::principal);
        let mut contract = Arc::new(Contract::new(source, interface, program, size));
        let mut constants = 0;
        let outcome = self.definitions(&contract, &sender, &mut constants);
        self.meter.give(constants);
        self.meter.give(size);
        outcome?;
        if let Some(contract) = Arc::get_mut(&mut contract) {
            contract.size = size.saturating_add(constants);
        }
        Ok(contract)
    }

    fn definitions(&mut self, contract: &Arc<Contract>, sender: &Value, constants: &mut u64) -> Result<(), Stop> {
        let entered = self.enter(&contract.program.id);
        let base = self.slots.len();
        let frame = Frame { contract, entered, base, level: 0, sender, caller: sender, read_only: false };
        let mut definitions = contract.program.definitions.iter();
        self.defined = Some(0);
        let outcome = definitions.try_for_each(|definition| self.define(&frame, definition, constants));
        self.defined = None;
        self.leave();
        outcome
    }

    fn define(&mut self, frame: &Frame<'_>, definition: &Definition, constants: &mut u64) -> Result<(), Stop> {
        let program = frame.program();
        match definition {
            Definition::Expression(at) => self.eval(frame, *at).map(|_| ()),
            Definition::Constant { index, value, taken } => {
                let name = &program.constants[*index as usize];
                free(name, *taken)?;
                let value = self.eval_copied(frame, *value)?;
                self.meter.charge(CostFn::BindName, 0)?;
                let size = u64::from(value.size());
                self.meter.take(size)?;
                *constants += size;
                // The constant is not set yet: `free` refuses a name that is defined twice.
                frame.contract.set_constant(*index as usize, value);
                Ok(())
            }
            Definition::Function { index, steps, taken } => {
                self.define_function(&program.functions[*index as usize], *steps, taken.as_ref())?;
                self.defined = Some(index + 1);
                Ok(())
            }
            Definition::Variable { index, steps, value, taken } => {
                let variable = &program.variables[*index as usize];
                free(&variable.name, *taken)?;
                self.parse_steps(*steps)?;
                let value = self.eval_copied(frame, *value)?;
                self.meter.charge(CostFn::CreateVar, u64::from(variable.of.size()))?;
                self.meter.take(u64::from(variable.of.type_size()))?;
                let size = u64::from(value.size());
                self.store_variable(frame, *index, value)?;
                Ok(self.meter.take(size)?)
            }
            Definition::Map { index, steps, taken } => {
                let map = &program.maps[*index as usize];
                free(&map.name, *taken)?;
                self.parse_steps(*steps)?;
                self.create(
                    CostFn::CreateMap,
                    u64::from(map.key.size()) + u64::from(map.value.size()),
                    &[&map.key, &map.value],
                )
            }
            Definition::Token { index, cap, taken } => self.define_token(frame, *index, *cap, *taken),
            Definition::Asset { index, steps, taken } => {
                let asset = &program.assets[*index as usize];
                free(&asset.name, *taken)?;
                self.parse_steps(*steps)?;
                self.create(CostFn::CreateNft, u64::from(asset.of.size()), &[&asset.of])
            }
            Definition::Trait { steps, name, taken } => {
                free(name, *taken)?;
                self.parse_steps(*steps)
            }
            Definition::Nothing => Ok(()),
        }
    }

    fn parse_steps(&mut self, steps: u32) -> Result<(), Stop> {
        for _ in 0..steps {
            self.meter.charge(CostFn::TypeParseStep, 0)?;
        }
        Ok(())
    }

    fn create(&mut self, cost: CostFn, size: u64, types: &[&Type]) -> Result<(), Stop> {
        self.meter.charge(cost, size)?;
        for of in types {
            self.meter.take(u64::from(of.type_size()))?;
        }
        Ok(())
    }

    fn define_function(&mut self, function: &Function, steps: u32, taken: Option<&ClarityName>) -> Result<(), Stop> {
        if let Some(name) = taken.filter(|name| **name == function.name) {
            return Err(CheckError::NameAlreadyUsed(name.to_string()).into());
        }
        self.parse_steps(steps)?;
        if let Some(name) = taken {
            return Err(CheckError::NameAlreadyUsed(name.to_string()).into());
        }
        Ok(self.meter.charge(CostFn::BindName, 0)?)
    }

    fn define_token(
        &mut self,
        frame: &Frame<'_>,
        index: u32,
        cap: Option<crate::lower::program::At>,
        taken: bool,
    ) -> Result<(), Stop> {
        let token = &frame.program().tokens[index as usize];
        free(&token.name, taken)?;
        let cap = match cap {
            // The cap is not copied, even if it is a constant.
            Some(at) => Some(self.eval(frame, at)?),
            None => None,
        };
        self.create(CostFn::CreateFt, 0, &[&Type::UInt])?;
        if let Some(cap) = cap {
            let Value::UInt(cap) = cap else { return Err(CheckError::TypeValue(Type::UInt, cap).into()) };
            let _ = frame.contract.caps[index as usize].set(cap);
        }
        self.write(Arc::clone(&token.supply_key), Datum::Number(0));
        Ok(())
    }

    /// The principal of the contract itself.
    pub(crate) fn own_principal(frame: &Frame<'_>) -> Value {
        Value::principal(Principal::Contract(frame.program().id.as_ref().clone()))
    }
}

fn free(name: &ClarityName, taken: bool) -> Result<(), Stop> {
    if taken { Err(CheckError::NameAlreadyUsed(name.to_string()).into()) } else { Ok(()) }
}
