//! Micro-STX: balances, transfers, burning.

use std::sync::Arc;

use super::super::assets::{AssetKey, Movement};
use super::super::events::{Event, EventBody};
use super::super::machine::{Frame, Machine, Outcome};
use super::data::writable;
use super::{Arguments, ruled_out, unexpected};
use crate::error::{CheckError, InternalError, RuntimeError, Stop};
use crate::keys;
use crate::names::ClarityName;
use crate::natives::Native;
use crate::principal::Principal;
use crate::state::{Balance, Datum};
use crate::types::Type;
use crate::value::Value;

/// Memory of a principal, and of a balance.
pub(super) const PRINCIPAL: u64 = 148;
const BALANCE: u64 = 40;

/// Error codes of functions that move, mint or burn.
pub(super) mod refusal {
    /// The balance is too low, or the token is another's; or minting or burning is refused (amount 0, token exists).
    pub(crate) const BALANCE: u128 = 1;
    /// Sender and recipient are the same.
    pub(crate) const SAME: u128 = 2;
    /// The amount is 0, or there is no such token.
    pub(crate) const NOTHING: u128 = 3;
    /// `tx-sender` is not the sender of the transfer.
    pub(crate) const NOT_SENDER: u128 = 4;
}

/// Burning has the same text.
const NO_TRANSFER: &str = "Bad transfer STX args";

pub(super) fn refuse(code: u128) -> Outcome {
    Value::error(Value::UInt(code)).map_err(Stop::from)
}

pub(super) fn done() -> Outcome {
    Value::okay(Value::Bool(true)).map_err(Stop::from)
}

/// A principal, whether or not it is bound to a trait.
pub(super) fn principal(value: Value) -> Result<Arc<Principal>, Stop> {
    match value {
        Value::Principal(principal) => Ok(principal),
        Value::Callable(callable) => Ok(Arc::new(Principal::Contract(callable.contract.clone()))),
        other => Err(unexpected(Type::Principal, other)),
    }
}

impl Machine<'_> {
    pub(super) fn stx(&mut self, frame: &Frame<'_>, native: Native, arguments: &Arguments<'_>) -> Outcome {
        if let Some(cost) = native.cost() {
            self.meter.charge(cost, 0)?;
        }
        match native {
            Native::StxGetBalance => {
                let owner = principal(self.argument(frame, arguments, 0)?)?;
                Ok(Value::UInt(self.balance(&owner)?.amount))
            }
            Native::StxAccount => {
                let owner = principal(self.argument(frame, arguments, 0)?)?;
                self.stx_account(&owner)
            }
            Native::StxBurn => self.stx_burn(frame, arguments),
            _ => self.stx_transfer(frame, native, arguments),
        }
    }

    /// The balance of an account or contract at the current burn height: micro-STX past their unlock height are free.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn balance(&mut self, owner: &Principal) -> Result<Balance, Stop> {
        let key = keys::balance(owner);
        let balance = match self.written(&key) {
            Some(Datum::Balance(balance)) => *balance,
            _ => match self.read(&key)? {
                Some(text) => Balance::decode(&text)?,
                None => Balance::default(),
            },
        };
        Ok(balance.at(self.world.burn_height()))
    }

    fn stx_account(&mut self, owner: &Principal) -> Outcome {
        let balance = self.balance(owner)?;
        let name = |text| {
            ClarityName::new(text).ok_or_else(|| -> Stop { CheckError::Unreachable("a name".to_owned()).into() })
        };
        Value::tuple(vec![
            (name("locked")?, Value::UInt(balance.locked)),
            (name("unlock-height")?, Value::UInt(balance.unlock_height.into())),
            (name("unlocked")?, Value::UInt(balance.amount)),
        ])
        .map_err(Stop::from)
    }

    fn stx_transfer(&mut self, frame: &Frame<'_>, native: Native, arguments: &Arguments<'_>) -> Outcome {
        writable(frame)?;
        let amount = self.argument(frame, arguments, 0)?;
        let from = principal(self.argument(frame, arguments, 1)?);
        let to = principal(self.argument(frame, arguments, 2)?);
        let memo = match native {
            Native::StxTransferMemo => self.argument(frame, arguments, 3)?,
            _ => Value::buffer(Vec::new()),
        };
        let (Value::UInt(amount), Ok(from), Ok(to), Value::Buffer(memo)) = (amount, from, to, memo) else {
            return Err(ruled_out(NO_TRANSFER));
        };
        let memo = Arc::unwrap_or_clone(memo);
        if amount == 0 {
            return refuse(refusal::NOTHING);
        }
        if from == to {
            return refuse(refusal::SAME);
        }
        if principal(frame.sender.clone())? != from {
            return refuse(refusal::NOT_SENDER);
        }
        for bytes in [PRINCIPAL, PRINCIPAL, BALANCE, BALANCE] {
            self.meter.take(bytes)?;
        }
        if self.move_stx(&from, &to, amount, memo)? { done() } else { refuse(refusal::BALANCE) }
    }

    /// Moves micro-STX; returns `false` if the balance is too low.
    fn move_stx(&mut self, from: &Principal, to: &Principal, amount: u128, memo: Vec<u8>) -> Result<bool, Stop> {
        let mut source = self.balance(from)?;
        let mut target = self.balance(to)?;
        let Some(left) = source.amount.checked_sub(amount) else { return Ok(false) };
        source.amount = left;
        target.amount = target.amount.checked_add(amount).ok_or(RuntimeError::ArithmeticOverflow)?;
        self.write(keys::balance(to), Datum::Balance(target));
        self.write(keys::balance(from), Datum::Balance(source));
        self.movements.push(Movement { owner: from.clone(), what: AssetKey::Stx(amount) });
        let (sender, recipient) = (Arc::new(from.clone()), Arc::new(to.clone()));
        self.say(Event::Asset(EventBody::StxTransfer { sender, recipient, amount, memo }))?;
        Ok(true)
    }

    /// A transfer that is a transaction of its own. Nothing is charged.
    ///
    /// # Errors
    /// The balance is too low, or nothing would move.
    pub fn transfer(&mut self, from: &Principal, to: &Principal, amount: u128, memo: Vec<u8>) -> Result<(), Stop> {
        if amount == 0 || from == to {
            return Err(InternalError::InsufficientBalance.into());
        }
        for bytes in [PRINCIPAL, PRINCIPAL, BALANCE, BALANCE] {
            self.meter.take(bytes)?;
        }
        if self.move_stx(from, to, amount, memo)? { Ok(()) } else { Err(InternalError::InsufficientBalance.into()) }
    }

    fn stx_burn(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>) -> Outcome {
        writable(frame)?;
        let amount = self.argument(frame, arguments, 0)?;
        let from = principal(self.argument(frame, arguments, 1)?);
        let (Value::UInt(amount), Ok(from)) = (amount, from) else { return Err(ruled_out(NO_TRANSFER)) };
        if amount == 0 {
            return refuse(refusal::NOTHING);
        }
        if principal(frame.sender.clone())? != from {
            return refuse(refusal::NOT_SENDER);
        }
        for bytes in [PRINCIPAL, BALANCE] {
            self.meter.take(bytes)?;
        }
        let mut balance = self.balance(&from)?;
        let Some(left) = balance.amount.checked_sub(amount) else { return refuse(refusal::BALANCE) };
        balance.amount = left;
        self.write(keys::balance(&from), Datum::Balance(balance));
        let supply = self.liquid_supply()?.checked_sub(amount).ok_or(RuntimeError::ArithmeticUnderflow)?;
        self.write(keys::LIQUID_SUPPLY.into(), Datum::Value(Value::UInt(supply)));
        self.movements.push(Movement { owner: from.as_ref().clone(), what: AssetKey::StxBurn(amount) });
        self.say(Event::Asset(EventBody::StxBurn { sender: from, amount }))?;
        done()
    }
}
