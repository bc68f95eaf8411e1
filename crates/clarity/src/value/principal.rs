//! Principals: who owns things. An account or a contract, written in c32: twenty bytes of a hash behind a version.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::names::{ClarityName, ContractName, MAX_CONTRACT_NAME};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Versions of the main network's addresses.
const MAINNET: [u8; 2] = [22, 20];
/// Versions of the test network's addresses.
const TESTNET: [u8; 2] = [26, 21];
/// The longest text that is looked at: 41 characters are enough for 24 bytes, more are leading zeros.
const MAX_TEXT: usize = 128;

/// An account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Standard {
    /// Below 32.
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

    /// The account that a snippet without a sender runs as: version 1 of no hash.
    #[must_use]
    pub const fn transient() -> Self {
        Self { version: 1, hash: [0; 20] }
    }

    /// The account of one key of a network.
    #[must_use]
    pub const fn of_key_hash(mainnet: bool, hash: [u8; 20]) -> Self {
        Self { version: if mainnet { MAINNET[0] } else { TESTNET[0] }, hash }
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
        let rest = text.strip_prefix('S')?;
        let mut digits = rest.bytes();
        if text.len() > MAX_TEXT {
            return None;
        }
        let version = digit(digits.next()?)?;
        let payload = decode(digits)?;
        let (hash, checksum) = payload.split_at_checked(payload.len().checked_sub(4)?)?;
        let hash: [u8; 20] = hash.try_into().ok()?;
        (checksum == self::checksum(version, &hash)).then_some(Self { version, hash })
    }
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut payload = [0; 24];
        payload[..20].copy_from_slice(&self.hash);
        payload[20..].copy_from_slice(&checksum(self.version, &self.hash));
        write!(f, "S{}{}", char::from(ALPHABET[usize::from(self.version & 31)]), encode(&payload))
    }
}

fn checksum(version: u8, hash: &[u8; 20]) -> [u8; 4] {
    let once = Sha256::new().chain_update([version]).chain_update(hash).finalize();
    let twice = Sha256::digest(once);
    [twice[0], twice[1], twice[2], twice[3]]
}

/// One digit; letters that look like digits are those digits.
fn digit(character: u8) -> Option<u8> {
    let upper = match character.to_ascii_uppercase() {
        b'O' => b'0',
        b'L' | b'I' => b'1',
        other => other,
    };
    ALPHABET.iter().position(|c| *c == upper).and_then(|at| u8::try_from(at).ok())
}

/// Base 32 from the right, without leading zeros but one for each leading zero byte.
fn encode(bytes: &[u8]) -> String {
    let mut digits = Vec::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut carry, mut bits) = (0_u16, 0_u8);
    for byte in bytes.iter().rev() {
        carry |= u16::from(*byte) << bits;
        bits += 8;
        while bits >= 5 {
            digits.push(ALPHABET[usize::from(carry & 31)]);
            carry >>= 5;
            bits -= 5;
        }
    }
    if bits > 0 {
        digits.push(ALPHABET[usize::from(carry & 31)]);
    }
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    digits.extend(bytes.iter().take_while(|byte| **byte == 0).map(|_| b'0'));
    digits.iter().rev().map(|c| char::from(*c)).collect()
}

fn decode(digits: impl DoubleEndedIterator<Item = u8> + Clone) -> Option<Vec<u8>> {
    let zeros = digits.clone().take_while(|c| digit(*c) == Some(0)).count();
    let mut bytes = Vec::with_capacity(24);
    let (mut carry, mut bits) = (0_u16, 0_u8);
    for character in digits.rev() {
        carry |= u16::from(digit(character)?) << bits;
        bits += 5;
        if bits >= 8 {
            bytes.push(u8::try_from(carry & 0xff).ok()?);
            carry >>= 8;
            bits -= 8;
        }
    }
    if carry > 0 {
        bytes.push(u8::try_from(carry & 0xff).ok()?);
    }
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes.resize(bytes.len() + zeros, 0);
    bytes.reverse();
    Some(bytes)
}

/// A contract: who deployed it, and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContractId {
    /// Who deployed it.
    pub issuer: Standard,
    /// Its name.
    pub name: ContractName,
}

impl ContractId {
    /// Reads `S….name` text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (issuer, name) = text.split_once('.')?;
        let name = ContractName::new(name).filter(|name| name.len() <= MAX_CONTRACT_NAME)?;
        Some(Self { issuer: Standard::parse(issuer)?, name })
    }

    /// The place where snippets are evaluated that belong to no contract.
    #[must_use]
    pub fn transient() -> Option<Self> {
        ContractName::new("__transient").map(|name| Self { issuer: Standard::transient(), name })
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
    /// Its name there.
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
    /// An account.
    Standard(Standard),
    /// A contract.
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
