//! Fungible and non-fungible tokens of contracts.

use std::sync::Arc;

use super::super::assets::{AssetKey, Movement};
use super::super::events::{Event, EventBody};
use super::super::machine::{Frame, Machine, Outcome};
use super::data::{of_type, writable};
use super::ruled_out;
use super::stx::{PRINCIPAL, done, principal, refusal, refuse};
use crate::costs::CostFn;
use crate::error::{InternalError, RuntimeError, Stop};
use crate::keys;
use crate::lower::program::{Asset, At, Many, Token};
use crate::natives::Native;
use crate::principal::Principal;
use crate::state::Datum;
use crate::types::Type;
use crate::value::Value;

/// Memory of a number of tokens.
const AMOUNT: u64 = 16;

impl Machine<'_> {
    /// A number of tokens under a key.
    fn number(&mut self, key: &str) -> Result<u128, Stop> {
        if let Some(Datum::Number(number)) = self.written(key) {
            return Ok(*number);
        }
        Ok(self.stored_number(key)?.unwrap_or(0))
    }

    fn stored_number(&mut self, key: &str) -> Result<Option<u128>, Stop> {
        let Some(text) = self.read(key)? else { return Ok(None) };
        let number = text.parse().map_err(|_| InternalError::State(format!("{key} holds no number")))?;
        Ok(Some(number))
    }

    fn take_all(&mut self, sizes: &[u64]) -> Result<(), Stop> {
        for bytes in sizes {
            self.meter.take(*bytes)?;
        }
        Ok(())
    }

    pub(super) fn ft_supply(&mut self, frame: &Frame<'_>, index: u32) -> Outcome {
        self.meter.charge(CostFn::FtGetSupply, 0)?;
        let key = &frame.program().tokens[index as usize].supply_key;
        if let Some(Datum::Number(supply)) = self.written(key) {
            return Ok(Value::UInt(*supply));
        }
        // Written when the contract is deployed. An earlier block (`at-block`) has none, and a transaction that asks
        // for it there may not be in a block.
        let supply = self.stored_number(key)?;
        Ok(Value::UInt(supply.ok_or_else(|| InternalError::State(format!("{key} is not there")))?))
    }

    pub(super) fn ft(&mut self, frame: &Frame<'_>, native: Native, index: u32, arguments: Many) -> Outcome {
        if native != Native::FtGetBalance {
            writable(frame)?;
        }
        if let Some(cost) = native.cost() {
            self.meter.charge(cost, 0)?;
        }
        let token = &frame.program().tokens[index as usize];
        let arguments = frame.program().many(arguments);
        match native {
            Native::FtGetBalance => {
                let owner = principal(self.eval(frame, arguments[0])?)?;
                Ok(Value::UInt(self.number(&keys::token_balance(&token.balance_prefix, &owner))?))
            }
            Native::FtTransfer => self.ft_transfer(frame, token, arguments),
            Native::FtMint => self.ft_mint(frame, token, index, arguments),
            _ => self.ft_burn(frame, token, arguments),
        }
    }

    fn ft_transfer(&mut self, frame: &Frame<'_>, token: &Token, arguments: &[At]) -> Outcome {
        let amount = self.eval(frame, arguments[0])?;
        let from = principal(self.eval(frame, arguments[1])?);
        let to = principal(self.eval(frame, arguments[2])?);
        let (Value::UInt(amount), Ok(from), Ok(to)) = (amount, from, to) else {
            return Err(ruled_out("Bad transfer FT args"));
        };
        if amount == 0 {
            return refuse(refusal::NOTHING);
        }
        if from == to {
            return refuse(refusal::SAME);
        }
        let (source, target) =
            (keys::token_balance(&token.balance_prefix, &from), keys::token_balance(&token.balance_prefix, &to));
        let Some(left) = self.number(&source)?.checked_sub(amount) else { return refuse(refusal::BALANCE) };
        let sum = self.number(&target)?.checked_add(amount).ok_or(RuntimeError::ArithmeticOverflow)?;
        self.take_all(&[PRINCIPAL, PRINCIPAL, AMOUNT, AMOUNT])?;
        self.write(source, Datum::Number(left));
        self.write(target, Datum::Number(sum));
        self.moved(&from, AssetKey::Token(Arc::clone(&token.identifier), amount));
        let asset = Arc::clone(&token.identifier);
        self.say(Event::Asset(EventBody::FtTransfer { asset, sender: from, recipient: to, amount }))?;
        done()
    }

    fn moved(&mut self, owner: &Principal, what: AssetKey) {
        self.movements.push(Movement { owner: owner.clone(), what });
    }

    fn ft_mint(&mut self, frame: &Frame<'_>, token: &Token, index: u32, arguments: &[At]) -> Outcome {
        let amount = self.eval(frame, arguments[0])?;
        let to = principal(self.eval(frame, arguments[1])?);
        let (Value::UInt(amount), Ok(to)) = (amount, to) else { return Err(ruled_out("Bad mint FT args")) };
        if amount == 0 {
            return refuse(refusal::BALANCE);
        }
        let supply = self.number(&token.supply_key)?.checked_add(amount).ok_or(RuntimeError::ArithmeticOverflow)?;
        if let Some(cap) = frame.contract.caps[index as usize].get()
            && supply > *cap
        {
            return Err(RuntimeError::SupplyOverflow(supply, *cap).into());
        }
        let target = keys::token_balance(&token.balance_prefix, &to);
        let sum = self.number(&target)?.checked_add(amount).ok_or(RuntimeError::ArithmeticOverflow)?;
        self.write(Arc::clone(&token.supply_key), Datum::Number(supply));
        self.take_all(&[PRINCIPAL, AMOUNT])?;
        self.write(target, Datum::Number(sum));
        let asset = Arc::clone(&token.identifier);
        self.say(Event::Asset(EventBody::FtMint { asset, recipient: to, amount }))?;
        done()
    }

    fn ft_burn(&mut self, frame: &Frame<'_>, token: &Token, arguments: &[At]) -> Outcome {
        let amount = self.eval(frame, arguments[0])?;
        let from = principal(self.eval(frame, arguments[1])?);
        let (Value::UInt(amount), Ok(from)) = (amount, from) else { return Err(ruled_out("Bad burn FT args")) };
        if amount == 0 {
            return refuse(refusal::BALANCE);
        }
        let source = keys::token_balance(&token.balance_prefix, &from);
        let Some(left) = self.number(&source)?.checked_sub(amount) else { return refuse(refusal::BALANCE) };
        let total = self.number(&token.supply_key)?;
        let supply = total.checked_sub(amount).ok_or(RuntimeError::SupplyUnderflow(total, amount))?;
        self.write(Arc::clone(&token.supply_key), Datum::Number(supply));
        self.take_all(&[PRINCIPAL, AMOUNT])?;
        self.write(source, Datum::Number(left));
        self.moved(&from, AssetKey::Token(Arc::clone(&token.identifier), amount));
        let asset = Arc::clone(&token.identifier);
        self.say(Event::Asset(EventBody::FtBurn { asset, sender: from, amount }))?;
        done()
    }

    pub(super) fn nft(&mut self, frame: &Frame<'_>, native: Native, index: u32, arguments: Many) -> Outcome {
        if native != Native::NftGetOwner {
            writable(frame)?;
        }
        let asset = &frame.program().assets[index as usize];
        let arguments = frame.program().many(arguments);
        match native {
            Native::NftGetOwner => {
                let value = self.eval(frame, arguments[0])?;
                self.meter.charge(CostFn::NftOwner, value.serialized_size())?;
                of_type(&asset.of, &value)?;
                match self.with_entry_key(&asset.prefix, &value, Self::owner)? {
                    Some(owner) => Value::some(Value::Principal(owner)).map_err(Stop::from),
                    None => Ok(Value::NONE),
                }
            }
            Native::NftMint => self.nft_mint(frame, asset, arguments),
            Native::NftTransfer => self.nft_transfer(frame, asset, arguments),
            _ => self.nft_burn(frame, asset, arguments),
        }
    }

    /// The owner of a token.
    fn owner(&mut self, key: &str) -> Result<Option<Arc<Principal>>, Stop> {
        let stored = Type::optional(Type::Principal)?;
        match self.stored_value(key, &stored)? {
            Some((Value::Optional(Some(owner)), _)) => principal(owner.as_ref().clone()).map(Some),
            _ => Ok(None),
        }
    }

    fn set_owner(&mut self, asset: &Asset, token: &Value, owner: Option<Arc<Principal>>) -> Result<(), Stop> {
        let owner = match owner {
            Some(owner) => Value::some(Value::Principal(owner))?,
            None => Value::NONE,
        };
        self.with_entry_key(&asset.prefix, token, |machine, key| machine.write(key.into(), Datum::Value(owner)));
        Ok(())
    }

    fn nft_mint(&mut self, frame: &Frame<'_>, asset: &Asset, arguments: &[At]) -> Outcome {
        let value = self.eval(frame, arguments[0])?;
        let to = principal(self.eval(frame, arguments[1])?)?;
        let bytes = value.serialized_size();
        self.meter.charge(CostFn::NftMint, bytes)?;
        of_type(&asset.of, &value)?;
        if self.with_entry_key(&asset.prefix, &value, Self::owner)?.is_some() {
            return refuse(refusal::BALANCE);
        }
        self.take_all(&[PRINCIPAL, bytes])?;
        self.set_owner(asset, &value, Some(Arc::clone(&to)))?;
        self.copy(frame, arguments[0], &value)?;
        let identifier = Arc::clone(&asset.identifier);
        self.say(Event::Asset(EventBody::NftMint { asset: identifier, recipient: to, value }))?;
        done()
    }

    fn nft_transfer(&mut self, frame: &Frame<'_>, asset: &Asset, arguments: &[At]) -> Outcome {
        let value = self.eval(frame, arguments[0])?;
        let from = principal(self.eval(frame, arguments[1])?);
        let to = principal(self.eval(frame, arguments[2])?);
        let (Ok(from), Ok(to)) = (from, to) else { return Err(ruled_out("Bad transfer NFT args")) };
        let bytes = value.serialized_size();
        self.meter.charge(CostFn::NftTransfer, bytes)?;
        of_type(&asset.of, &value)?;
        if from == to {
            return refuse(refusal::SAME);
        }
        match self.with_entry_key(&asset.prefix, &value, Self::owner)? {
            None => return refuse(refusal::NOTHING),
            Some(owner) if owner != from => return refuse(refusal::BALANCE),
            Some(_) => {}
        }
        self.take_all(&[PRINCIPAL, bytes])?;
        self.copy(frame, arguments[0], &value)?;
        self.set_owner(asset, &value, Some(Arc::clone(&to)))?;
        self.moved(&from, AssetKey::Asset(Arc::clone(&asset.identifier), value.clone()));
        let identifier = Arc::clone(&asset.identifier);
        self.say(Event::Asset(EventBody::NftTransfer { asset: identifier, sender: from, recipient: to, value }))?;
        done()
    }

    fn nft_burn(&mut self, frame: &Frame<'_>, asset: &Asset, arguments: &[At]) -> Outcome {
        self.meter.charge(CostFn::NftBurn, 0)?;
        let value = self.eval(frame, arguments[0])?;
        let from = principal(self.eval(frame, arguments[1])?)?;
        let bytes = value.serialized_size();
        self.meter.charge(CostFn::NftBurn, bytes)?;
        of_type(&asset.of, &value)?;
        match self.with_entry_key(&asset.prefix, &value, Self::owner)? {
            None => return refuse(refusal::NOTHING),
            Some(owner) if owner != from => return refuse(refusal::BALANCE),
            Some(_) => {}
        }
        self.take_all(&[PRINCIPAL, bytes])?;
        self.copy(frame, arguments[0], &value)?;
        self.set_owner(asset, &value, None)?;
        self.moved(&from, AssetKey::Asset(Arc::clone(&asset.identifier), value.clone()));
        let identifier = Arc::clone(&asset.identifier);
        self.say(Event::Asset(EventBody::NftBurn { asset: identifier, sender: from, value }))?;
        done()
    }
}
