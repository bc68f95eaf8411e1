//! What a chain does with accounts outside of programs: nonces, fees, rewards, opening balances. Nothing here is charged.

use super::machine::Machine;
use crate::error::{InternalError, RuntimeError, Stop};
use crate::keys;
use crate::principal::Principal;
use crate::state::Datum;
use crate::value::Value;

impl Machine<'_> {
    /// The nonce of an account's next transaction.
    ///
    /// # Errors
    /// The state cannot be read, or the key holds no number.
    pub fn nonce(&mut self, owner: &Principal) -> Result<u64, Stop> {
        let key = keys::nonce(owner);
        if let Some(Datum::Number(nonce)) = self.written(&key) {
            return u64::try_from(*nonce).map_err(|_| InternalError::State(format!("{key} is too large")).into());
        }
        match self.read(&key)? {
            Some(text) => text.parse().map_err(|_| InternalError::State(format!("{text} is no nonce")).into()),
            None => Ok(0),
        }
    }

    /// Sets the nonce of an account's next transaction.
    pub fn set_nonce(&mut self, owner: &Principal, nonce: u64) {
        self.write(keys::nonce(owner), Datum::Number(nonce.into()));
    }

    /// Debits micro-STX without crediting anybody. A debit of 0 still writes the balance. Returns the balance if it is
    /// too low.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn debit(&mut self, owner: &Principal, amount: u128) -> Result<Result<(), u128>, Stop> {
        let mut balance = self.balance(owner)?;
        let Some(left) = balance.amount.checked_sub(amount) else { return Ok(Err(balance.amount)) };
        balance.amount = left;
        self.write(keys::balance(owner), Datum::Balance(balance));
        Ok(Ok(()))
    }

    /// Credits micro-STX without debiting anybody.
    ///
    /// # Errors
    /// The state cannot be read; more than an account can hold.
    pub fn credit(&mut self, owner: &Principal, amount: u128) -> Result<(), Stop> {
        let mut balance = self.balance(owner)?;
        balance.amount = balance.amount.checked_add(amount).ok_or(RuntimeError::ArithmeticOverflow)?;
        self.write(keys::balance(owner), Datum::Balance(balance));
        Ok(())
    }

    /// Adds to the liquid supply.
    ///
    /// # Errors
    /// The state cannot be read; more than can be counted.
    pub fn grow_supply(&mut self, amount: u128) -> Result<(), Stop> {
        let supply = self.liquid_supply()?.checked_add(amount).ok_or(RuntimeError::ArithmeticOverflow)?;
        self.write(keys::LIQUID_SUPPLY.into(), Datum::Value(Value::UInt(supply)));
        Ok(())
    }

    /// Writes one of the chain's own texts in the state, such as the height of the tenure.
    pub fn put_text(&mut self, key: &str, text: &str) {
        self.write(key.into(), Datum::Text(text.into()));
    }
}

#[cfg(test)]
mod tests {
    use crate::costs::{Cost, CostTable, Meter};
    use crate::keys;
    use crate::principal::Principal;
    use crate::run::Machine;
    use crate::state::Write;
    use crate::test_support::{Memory, RULES, SENDER};

    fn texts(machine: &mut Machine<'_>) -> Vec<(String, String)> {
        let pair = |write: Write| (write.key.to_string(), write.datum.text());
        machine.journal.take().into_iter().map(pair).collect()
    }

    #[test]
    fn accounts_change_in_the_order_of_the_calls() {
        let owner = Principal::parse(SENDER).unwrap();
        let mut memory = Memory::default();
        let mut machine = Machine::new(RULES, Meter::new(CostTable::COSTS_5, Cost::MAX), &mut memory);
        machine.credit(&owner, 10).unwrap();
        assert_eq!(machine.debit(&owner, 11).unwrap(), Err(10), "what there is instead, and nothing is written");
        assert_eq!(machine.debit(&owner, 4).unwrap(), Ok(()));
        assert_eq!(machine.nonce(&owner).unwrap(), 0);
        machine.set_nonce(&owner, 7);
        assert_eq!(machine.nonce(&owner).unwrap(), 7);
        machine.grow_supply(3).unwrap();
        machine.grow_supply(4).unwrap();
        assert!(machine.credit(&owner, u128::MAX).is_err());
        let balance = |amount: u128| (keys::balance(&owner).to_string(), format!("{amount:032x}{:048x}", 0));
        let supply = |amount: u128| (keys::LIQUID_SUPPLY.to_owned(), format!("01{amount:032x}"));
        let nonce = (keys::nonce(&owner).to_string(), "7".to_owned());
        assert_eq!(texts(&mut machine), [balance(10), balance(6), nonce, supply(3), supply(7)]);
        assert_eq!(machine.meter.spent(), Cost::default());
    }
}
