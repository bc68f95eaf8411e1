//! An account's micro-STX: the free ones, and those locked until a height of the burn chain.

use crate::error::InternalError;

/// The micro-STX of an account or contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balance {
    /// Micro-STX that can be spent.
    pub amount: u128,
    /// Micro-STX that cannot be spent below the unlock height.
    pub locked: u128,
    /// The burn height at which the locked micro-STX become free.
    pub unlock_height: u64,
}

impl Balance {
    /// The balance at a burn height: locked micro-STX are free from the unlock height on.
    #[must_use]
    pub const fn at(self, burn_height: u64) -> Self {
        if self.locked > 0 && burn_height >= self.unlock_height {
            return Self { amount: self.amount.saturating_add(self.locked), locked: 0, unlock_height: 0 };
        }
        self
    }

    /// The text of the state.
    #[must_use]
    pub fn encode(&self) -> String {
        format!("{:032x}{:032x}{:016x}", self.amount, self.locked, self.unlock_height)
    }

    /// Reads the text of the state.
    ///
    /// # Errors
    /// The text is no balance.
    pub fn decode(text: &str) -> Result<Self, InternalError> {
        let parse = || {
            if text.len() != 80 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            let amount = u128::from_str_radix(&text[..32], 16).ok()?;
            let locked = u128::from_str_radix(&text[32..64], 16).ok()?;
            let unlock_height = u64::from_str_radix(&text[64..], 16).ok()?;
            Some(Self { amount, locked, unlock_height })
        };
        parse().ok_or_else(|| InternalError::State(format!("{text} is no balance")))
    }
}
