//! Account hashes and c32 addresses (docs/CONSENSUS.md#keys-and-addresses).
//!
//! # Not here
//! Which account a transaction belongs to: `transaction::auth`.

use clarity::vm::types::{PrincipalData, StandardPrincipalData};

use crate::hashing::{hash160, sha256, sha256_ripemd160};
use crate::ids::Hash160;
use crate::keys::{KeyEncoding, PublicKey};
use crate::limits::{
    ADDRESS_VERSION_MAINNET_MULTISIG, ADDRESS_VERSION_MAINNET_SINGLESIG, ADDRESS_VERSION_TESTNET_MULTISIG,
    ADDRESS_VERSION_TESTNET_SINGLESIG,
};

const C32_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Versions are one c32 digit.
pub const MAX_ADDRESS_VERSION: u8 = 31;
/// Longest text that is looked at: 1 + 1 digits and the c32 of 24 bytes is 41; the rest is slack for leading zeros.
const MAX_ADDRESS_CHARACTERS: usize = 128;

/// Why text is not an address, or an account cannot be named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Too few or far too many characters.
    #[error("an address of {0} characters")]
    Length(usize),
    /// A character is not a c32 digit.
    #[error("character {position} is not a c32 digit")]
    Digit {
        /// Its position, from 0.
        position: usize,
    },
    /// The checksum does not match.
    #[error("checksum does not match")]
    Checksum,
    /// The payload is not 20 bytes.
    #[error("payload has {0} bytes, not 20")]
    Payload(usize),
    /// More signatures are required than there are keys.
    #[error("{required} signatures of {keys} keys")]
    TooFewKeys {
        /// Signatures required.
        required: u16,
        /// Keys given.
        keys: usize,
    },
    /// The version has no c32 digit.
    #[error("address version {0} is above 31")]
    Version(u8),
    /// A witness script can only hold compressed keys.
    #[error("witness scripts take compressed keys only")]
    UncompressedKey,
}

/// An account of one address version: `S`, a version digit, and the c32 of hash and checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StacksAddress {
    /// Version, 0..31 if the address is to be shown or sent.
    pub version: u8,
    /// Account hash.
    pub hash160: Hash160,
}

impl StacksAddress {
    /// The address of a single key (P2PKH) in the form that `encoding` says.
    #[must_use]
    pub fn of_key(key: &PublicKey, encoding: KeyEncoding, mainnet: bool) -> Self {
        Self { version: HashMode::P2pkh.address_version(mainnet), hash160: hash160(&key.to_bytes(encoding)) }
    }

    /// The P2PKH address of a compressed key: the usual account.
    #[must_use]
    pub fn p2pkh(key: &PublicKey, mainnet: bool) -> Self {
        Self::of_key(key, KeyEncoding::Compressed, mainnet)
    }

    /// Whether the version belongs to mainnet, to testnet (`Some(false)`), or to neither.
    #[must_use]
    pub const fn is_mainnet(&self) -> Option<bool> {
        match self.version {
            ADDRESS_VERSION_MAINNET_SINGLESIG | ADDRESS_VERSION_MAINNET_MULTISIG => Some(true),
            ADDRESS_VERSION_TESTNET_SINGLESIG | ADDRESS_VERSION_TESTNET_MULTISIG => Some(false),
            _ => None,
        }
    }

    /// The account as a Clarity principal.
    #[must_use]
    pub fn to_principal(&self) -> PrincipalData {
        PrincipalData::Standard(StandardPrincipalData(self.version, self.hash160.0))
    }

    /// Reads a c32 address. The first character is not looked at; lower case and O, I, L are tolerated
    /// (docs/CONSENSUS.md#keys-and-addresses).
    ///
    /// # Errors
    /// [`AddressError`] naming what is wrong.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (version, payload) = c32_check_decode(text)?;
        let hash160 = Hash160::try_from(payload.as_slice()).map_err(|_| AddressError::Payload(payload.len()))?;
        Ok(Self { version, hash160 })
    }
}

impl std::fmt::Display for StacksAddress {
    /// c32 text. A version above 31 has none and is shown in brackets; nothing decoded here has one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match C32_ALPHABET.get(usize::from(self.version)) {
            Some(digit) => write!(f, "S{}{}", char::from(*digit), c32_payload(self)),
            None => write!(f, "[version {}]{}", self.version, self.hash160),
        }
    }
}

impl std::str::FromStr for StacksAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl From<StandardPrincipalData> for StacksAddress {
    fn from(principal: StandardPrincipalData) -> Self {
        Self { version: principal.0, hash160: Hash160(principal.1) }
    }
}

impl From<&StandardPrincipalData> for StacksAddress {
    fn from(principal: &StandardPrincipalData) -> Self {
        Self { version: principal.0, hash160: Hash160(principal.1) }
    }
}

impl From<StacksAddress> for StandardPrincipalData {
    fn from(address: StacksAddress) -> Self {
        Self(address.version, address.hash160.0)
    }
}

impl From<StacksAddress> for PrincipalData {
    fn from(address: StacksAddress) -> Self {
        address.to_principal()
    }
}

/// How an account hash is made from keys (docs/CONSENSUS.md#keys-and-addresses). The discriminant is the wire byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum HashMode {
    /// hash160 of one key.
    P2pkh = 0x00,
    /// hash160 of a multi-sig script.
    P2sh = 0x01,
    /// hash160 of a witness program of one compressed key.
    P2wpkh = 0x02,
    /// hash160 of a witness program of a multi-sig script.
    P2wsh = 0x03,
    /// As [`HashMode::P2sh`], signatures in any order.
    P2shNonSequential = 0x05,
    /// As [`HashMode::P2wsh`], signatures in any order.
    P2wshNonSequential = 0x07,
}

impl HashMode {
    /// Reads the wire byte.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x00 => Some(Self::P2pkh),
            0x01 => Some(Self::P2sh),
            0x02 => Some(Self::P2wpkh),
            0x03 => Some(Self::P2wsh),
            0x05 => Some(Self::P2shNonSequential),
            0x07 => Some(Self::P2wshNonSequential),
            _ => None,
        }
    }

    /// The wire byte.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::P2pkh => 0x00,
            Self::P2sh => 0x01,
            Self::P2wpkh => 0x02,
            Self::P2wsh => 0x03,
            Self::P2shNonSequential => 0x05,
            Self::P2wshNonSequential => 0x07,
        }
    }

    /// Whether an account of this mode has a list of keys.
    #[must_use]
    pub const fn is_multisig(self) -> bool {
        match self {
            Self::P2pkh | Self::P2wpkh => false,
            Self::P2sh | Self::P2wsh | Self::P2shNonSequential | Self::P2wshNonSequential => true,
        }
    }

    /// Whether every signer signs the same hash, so that the order does not matter.
    #[must_use]
    pub const fn is_order_independent(self) -> bool {
        matches!(self, Self::P2shNonSequential | Self::P2wshNonSequential)
    }

    /// Whether only compressed keys can be used.
    #[must_use]
    pub const fn is_witness(self) -> bool {
        matches!(self, Self::P2wpkh | Self::P2wsh | Self::P2wshNonSequential)
    }

    /// Address version of such an account.
    #[must_use]
    pub const fn address_version(self, mainnet: bool) -> u8 {
        match (matches!(self, Self::P2pkh), mainnet) {
            (true, true) => ADDRESS_VERSION_MAINNET_SINGLESIG,
            (true, false) => ADDRESS_VERSION_TESTNET_SINGLESIG,
            (false, true) => ADDRESS_VERSION_MAINNET_MULTISIG,
            (false, false) => ADDRESS_VERSION_TESTNET_MULTISIG,
        }
    }

    /// Account hash of `keys`, each with the form in which it is hashed, of which `required` must sign. Single-key
    /// modes take the first key and do not look at `required`.
    ///
    /// # Errors
    /// [`AddressError`] when there are fewer keys than signatures required, or a witness mode is given an uncompressed key.
    pub fn account_hash(self, keys: &[(PublicKey, KeyEncoding)], required: u16) -> Result<Hash160, AddressError> {
        if self.is_witness() && keys.iter().any(|(_, encoding)| *encoding == KeyEncoding::Uncompressed) {
            return Err(AddressError::UncompressedKey);
        }
        if self.is_multisig() {
            if keys.len() < usize::from(required) {
                return Err(AddressError::TooFewKeys { required, keys: keys.len() });
            }
            let script = multisig_script(keys, required);
            return Ok(match self.is_witness() {
                true => Hash160(sha256_ripemd160(&[&[0x00, 0x20], &sha256(&[&script])])),
                false => hash160(&script),
            });
        }
        let (key, encoding) = keys.first().ok_or(AddressError::TooFewKeys { required: 1, keys: 0 })?;
        Ok(match self.is_witness() {
            true => Hash160(sha256_ripemd160(&[&[0x00, 0x14], &key.hash160().0])),
            false => hash160(&key.to_bytes(*encoding)),
        })
    }
}

/// push(m), each key with its length byte, push(n), OP_CHECKMULTISIG.
fn multisig_script(keys: &[(PublicKey, KeyEncoding)], required: u16) -> Vec<u8> {
    const OP_CHECKMULTISIG: u8 = 0xae;
    let mut script = Vec::with_capacity(keys.len() * 34 + 9);
    push_number(&mut script, usize::from(required));
    for (key, encoding) in keys {
        match encoding {
            KeyEncoding::Compressed => {
                script.push(33);
                script.extend_from_slice(&key.to_compressed());
            }
            KeyEncoding::Uncompressed => {
                script.push(65);
                script.extend_from_slice(&key.to_uncompressed());
            }
        }
    }
    push_number(&mut script, keys.len());
    script.push(OP_CHECKMULTISIG);
    script
}

/// Bitcoin's smallest push of a number: 00 for 0, 51..60 for 1..16, else a length byte and little-endian bytes with a
/// clear sign bit.
fn push_number(script: &mut Vec<u8>, number: usize) {
    match u8::try_from(number) {
        Ok(0) => script.push(0x00),
        Ok(small @ 1..=16) => script.push(0x50 + small),
        _ => {
            let mut bytes: Vec<u8> = number.to_le_bytes().to_vec();
            while bytes.last() == Some(&0) {
                bytes.pop();
            }
            if bytes.last().is_some_and(|top| top & 0x80 != 0) {
                bytes.push(0);
            }
            // At most nine bytes.
            script.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
            script.extend_from_slice(&bytes);
        }
    }
}

/// First 4 bytes of SHA256(SHA256(version ‖ payload)).
fn checksum(version: u8, payload: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256(&[&sha256(&[&[version], payload])]);
    [a, b, c, d]
}

/// c32 of hash and checksum.
fn c32_payload(address: &StacksAddress) -> String {
    let mut data = address.hash160.0.to_vec();
    data.extend_from_slice(&checksum(address.version, &address.hash160.0));
    c32_encode(&data)
}

/// Big-endian number in base 32 without leading zero digits, then one `0` in front for each leading zero byte.
fn c32_encode(data: &[u8]) -> String {
    let mut digits: Vec<u8> = Vec::with_capacity(data.len() * 8 / 5 + 2);
    let (mut carry, mut carry_bits) = (0u16, 0u32);
    for byte in data.iter().rev() {
        carry |= u16::from(*byte) << carry_bits;
        carry_bits += 8;
        while carry_bits >= 5 {
            digits.push((carry & 31).to_le_bytes()[0]);
            carry >>= 5;
            carry_bits -= 5;
        }
    }
    if carry_bits > 0 {
        digits.push((carry & 31).to_le_bytes()[0]);
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits.extend(data.iter().take_while(|byte| **byte == 0).map(|_| 0));
    digits
        .iter()
        .rev()
        .filter_map(|digit| C32_ALPHABET.get(usize::from(*digit)))
        .map(|character| char::from(*character))
        .collect()
}

/// The value of a c32 character; lower case, O, I and L are tolerated.
fn c32_digit(character: char) -> Option<u8> {
    let canonical = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let position = C32_ALPHABET.iter().position(|known| char::from(*known) == canonical)?;
    u8::try_from(position).ok()
}

/// Undoes [`c32_encode`].
fn c32_decode(digits: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::with_capacity(digits.len() * 5 / 8 + 1);
    let (mut carry, mut carry_bits) = (0u16, 0u32);
    for digit in digits.iter().rev() {
        carry |= u16::from(*digit) << carry_bits;
        carry_bits += 5;
        if carry_bits >= 8 {
            bytes.push(carry.to_le_bytes()[0]);
            carry >>= 8;
            carry_bits -= 8;
        }
    }
    if carry_bits > 0 {
        bytes.push(carry.to_le_bytes()[0]);
    }
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes.extend(digits.iter().take_while(|digit| **digit == 0).map(|_| 0));
    bytes.reverse();
    bytes
}

/// The bare c32check layer: version and payload of any length (docs/CONSENSUS.md#keys-and-addresses). Addresses need a
/// payload of 20 bytes.
///
/// # Errors
/// [`AddressError`] for too few characters, characters that are no digits, or a wrong checksum.
pub fn c32_check_decode(text: &str) -> Result<(u8, Vec<u8>), AddressError> {
    let characters = text.chars().count();
    if !(6..=MAX_ADDRESS_CHARACTERS).contains(&characters) {
        return Err(AddressError::Length(characters));
    }
    let digits = text
        .chars()
        .enumerate()
        .skip(1)
        .map(|(position, character)| c32_digit(character).ok_or(AddressError::Digit { position }))
        .collect::<Result<Vec<u8>, _>>()?;
    let (version, rest) = digits.split_first().ok_or(AddressError::Length(characters))?;
    let data = c32_decode(rest);
    let payload_length = data.len().checked_sub(4).ok_or(AddressError::Checksum)?;
    let (payload, check) = data.split_at(payload_length);
    if check != checksum(*version, payload) {
        return Err(AddressError::Checksum);
    }
    Ok((*version, payload.to_vec()))
}
