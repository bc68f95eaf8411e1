//! Principals: the owners of assets. An account is a version and a hash of 20 bytes, written in c32; a contract is an
//! account and a name.

pub mod c32;

use std::fmt;

use self::c32::AddressError;
use crate::names::{ClarityName, ContractName};

/// Versions of the main network's addresses.
const MAINNET: [u8; 2] = [22, 20];
/// Versions of the test network's addresses.
const TESTNET: [u8; 2] = [26, 21];

/// An account: of one key, or of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Standard {
    /// Below 32: one digit of c32, which says the network and whether there are several keys.
    version: u8,
    /// Hash of a key or of keys.
    pub hash: [u8; 20],
}

impl Standard {
    /// An account; `None` for a version that is not one digit of c32.
    #[must_use]
    pub fn new(version: u8, hash: [u8; 20]) -> Option<Self> {
        (version < 32).then_some(Self { version, hash })
    }

    /// The version: which network, one key or several.
    #[must_use]
    pub const fn version(&self) -> u8 {
        self.version
    }

    /// The account that a snippet without a sender runs as: version 1 and a hash of zeros.
    #[must_use]
    pub const fn transient() -> Self {
        Self { version: 1, hash: [0; 20] }
    }

    /// The account of one key of a network.
    #[must_use]
    pub const fn of_key_hash(mainnet: bool, hash: [u8; 20]) -> Self {
        Self { version: if mainnet { MAINNET[0] } else { TESTNET[0] }, hash }
    }

    /// The account of a script on a network: of several keys, or of one in a witness program.
    #[must_use]
    pub const fn of_script_hash(mainnet: bool, hash: [u8; 20]) -> Self {
        Self { version: if mainnet { MAINNET[1] } else { TESTNET[1] }, hash }
    }

    /// Whether its version is one of the main network's.
    #[must_use]
    pub fn is_mainnet(&self) -> bool {
        MAINNET.contains(&self.version)
    }

    /// Whether its version is one of this network's.
    #[must_use]
    pub fn is_of(&self, mainnet: bool) -> bool {
        if mainnet { self.is_mainnet() } else { TESTNET.contains(&self.version) }
    }

    /// Reads `S…` text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.starts_with('S').then(|| Self::read(text).ok()).flatten()
    }

    /// Reads a text, ignoring its first character. Lower case and letters that look like digits are accepted.
    ///
    /// # Errors
    /// The text is no account, and why.
    pub fn read(text: &str) -> Result<Self, AddressError> {
        let (version, payload) = c32::check_decode(text)?;
        let hash = payload.as_slice().try_into().map_err(|_| AddressError::Payload(payload.len()))?;
        Ok(Self { version, hash })
    }
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&c32::encode_account(self.version, &self.hash))
    }
}

/// A contract: who deployed it, and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContractId {
    /// The account that deployed it.
    pub issuer: Standard,
    /// Its name among that account's contracts.
    pub name: ContractName,
}

impl ContractId {
    /// Reads `S….name` text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (issuer, name) = text.split_once('.')?;
        Some(Self { issuer: Standard::parse(issuer)?, name: ContractName::new(name)? })
    }
}

impl fmt::Display for ContractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.issuer, self.name)
    }
}

/// A trait: the contract that defines it, and its name there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraitId {
    /// The contract that defines it.
    pub contract: ContractId,
    /// Its name in that contract.
    pub name: ClarityName,
}

impl fmt::Display for TraitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.contract, self.name)
    }
}

/// An account or a contract.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// An account: of one key, or of several.
    Standard(Standard),
    /// A contract, which owns assets as accounts do.
    Contract(ContractId),
}

impl Principal {
    /// Reads `S…` or `S….name` text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains('.') {
            ContractId::parse(text).map(Self::Contract)
        } else {
            Standard::parse(text).map(Self::Standard)
        }
    }

    /// The account, or the account that deployed the contract.
    #[must_use]
    pub const fn issuer(&self) -> &Standard {
        match self {
            Self::Standard(account) => account,
            Self::Contract(contract) => &contract.issuer,
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard(account) => account.fmt(f),
            Self::Contract(contract) => contract.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_addresses_are_read_and_written() {
        for text in [
            "ST2ZKRNXP4N5BTNQ2FMQ10EAXXTSFMVRFXVWD75Y6",
            "SP000000000000000000002Q6VF78",
            "ST000000000000000000002AMW42H",
        ] {
            let account = Standard::parse(text).unwrap();
            assert_eq!(account.to_string(), text);
        }
        assert!(Standard::parse("ST000000000000000000002AMW42J").is_none());
        assert!(Standard::parse("ST").is_none());
        assert_eq!(
            Principal::parse("ST000000000000000000002AMW42H.pox-4").map(|p| p.to_string()).as_deref(),
            Some("ST000000000000000000002AMW42H.pox-4")
        );
    }

    proptest::proptest! {
        #[test]
        fn every_account_survives_its_text(version in 0_u8..32, hash: [u8; 20], zeros in 0_usize..20) {
            let mut hash = hash;
            hash[..zeros].fill(0);
            let account = Standard::new(version, hash).unwrap();
            proptest::prop_assert_eq!(Standard::parse(&account.to_string()), Some(account));
        }
    }
}
