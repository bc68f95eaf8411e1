//! Account hashes and c32 addresses (docs/CONSENSUS.md#keys-and-addresses).
//!
//! # Not here
//! Which account a transaction belongs to: `transaction::auth`.

use clarity::principal::{Principal, Standard};

/// Error of [`StacksAddress::parse`], exported here so that callers need not depend on the crate `clarity`.
pub use clarity::principal::c32::AddressError;

use crate::hashing::{sha256, sha256_ripemd160};
use crate::ids::Hash160;
use crate::keys::{KeyEncoding, PublicKey};
use crate::wire_enum::wire_enum;

/// Why keys do not make an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// More signatures are required than there are keys.
    #[error("{required} signatures of {keys} keys")]
    TooFewKeys {
        /// Number of signatures that are required.
        required: u16,
        /// Number of keys that are given.
        keys: usize,
    },
    /// A key is uncompressed, and the hash mode is that of a witness script.
    #[error("witness scripts take compressed keys only")]
    UncompressedKey,
}

/// The address of an account. As text: `S`, a version digit, and the c32 of hash and checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StacksAddress(Standard);

impl StacksAddress {
    /// Makes an address; `None` for a version above 31, which has no c32 digit.
    #[must_use]
    pub fn new(version: u8, hash160: Hash160) -> Option<Self> {
        Standard::new(version, hash160.0).map(Self)
    }

    /// The P2PKH address of a key whose hash is known.
    #[must_use]
    pub const fn of_key_hash(hash160: Hash160, mainnet: bool) -> Self {
        Self(Standard::of_key_hash(mainnet, hash160.0))
    }

    /// An address of the same version for another hash.
    #[must_use]
    pub const fn with_hash(mut self, hash160: Hash160) -> Self {
        self.0.hash = hash160.0;
        self
    }

    /// Address version, 0 to 31.
    #[must_use]
    pub const fn version(&self) -> u8 {
        self.0.version()
    }

    /// Account hash: the 20 bytes after the version.
    #[must_use]
    pub const fn hash160(&self) -> Hash160 {
        Hash160(self.0.hash)
    }

    /// The address as a type of the language.
    #[must_use]
    pub const fn standard(&self) -> Standard {
        self.0
    }

    /// The P2PKH address of a key that is hashed in the form `encoding`.
    #[must_use]
    pub fn of_key(key: &PublicKey, encoding: KeyEncoding, mainnet: bool) -> Self {
        Self::of_key_hash(Hash160::digest(&key.to_bytes(encoding)), mainnet)
    }

    /// The P2PKH address of a compressed key: the usual account.
    #[must_use]
    pub fn p2pkh(key: &PublicKey, mainnet: bool) -> Self {
        Self::of_key(key, KeyEncoding::Compressed, mainnet)
    }

    /// Whether the version is one of mainnet; `Some(false)` for testnet, `None` for neither.
    #[must_use]
    pub fn is_mainnet(&self) -> Option<bool> {
        [true, false].into_iter().find(|mainnet| self.0.is_of(*mainnet))
    }

    /// Whether the version is the one for the plain hash of one key. Only such an address can be recovered from a
    /// signature alone; multi-sig and witness accounts share the other version.
    #[must_use]
    pub fn is_p2pkh(&self) -> bool {
        self.is_mainnet().is_some_and(|mainnet| *self == Self::of_key_hash(self.hash160(), mainnet))
    }

    /// The address as a Clarity principal.
    #[must_use]
    pub const fn to_principal(&self) -> Principal {
        Principal::Standard(self.0)
    }

    /// Reads a c32 address. The first character is ignored; lower case and O, I, L are accepted
    /// (docs/CONSENSUS.md#keys-and-addresses).
    ///
    /// # Errors
    /// [`AddressError`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        Standard::read(text).map(Self)
    }
}

impl std::fmt::Display for StacksAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Standard> for StacksAddress {
    fn from(account: Standard) -> Self {
        Self(account)
    }
}

wire_enum! {
    /// How an account hash is made from keys (docs/CONSENSUS.md#keys-and-addresses).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum HashMode("hash mode") {
        /// hash160 of one key.
        P2pkh = 0x00,
        /// hash160 of a multi-sig script.
        P2sh = 0x01,
        /// hash160 of a witness program of one compressed key.
        P2wpkh = 0x02,
        /// hash160 of a witness program of a multi-sig script.
        P2wsh = 0x03,
        /// As [`HashMode::P2sh`], with signatures in any order.
        P2shNonSequential = 0x05,
        /// As [`HashMode::P2wsh`], with signatures in any order.
        P2wshNonSequential = 0x07,
    }
}

impl HashMode {
    /// Whether an account of this mode has a list of keys.
    #[must_use]
    pub(crate) const fn is_multisig(self) -> bool {
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
    pub(crate) const fn is_witness(self) -> bool {
        matches!(self, Self::P2wpkh | Self::P2wsh | Self::P2wshNonSequential)
    }

    /// The address of this mode with this account hash.
    #[must_use]
    pub const fn address(self, hash160: Hash160, mainnet: bool) -> StacksAddress {
        match self {
            Self::P2pkh => StacksAddress::of_key_hash(hash160, mainnet),
            _ => StacksAddress(Standard::of_script_hash(mainnet, hash160.0)),
        }
    }

    /// Account hash of `keys`, of which `required` must sign; each key comes with the form in which it is hashed.
    /// Single-key modes take the first key and ignore `required`.
    ///
    /// # Errors
    /// [`AccountError`] when there are fewer keys than signatures required, or a witness mode is given an uncompressed key.
    pub fn account_hash(self, keys: &[(PublicKey, KeyEncoding)], required: u16) -> Result<Hash160, AccountError> {
        if self.is_witness() && keys.iter().any(|(_, encoding)| *encoding == KeyEncoding::Uncompressed) {
            return Err(AccountError::UncompressedKey);
        }
        if self.is_multisig() {
            if keys.len() < usize::from(required) {
                return Err(AccountError::TooFewKeys { required, keys: keys.len() });
            }
            let script = multisig_script(keys, required);
            return Ok(match self.is_witness() {
                true => Hash160(sha256_ripemd160(&[&[0x00, 0x20], &sha256(&[&script])])),
                false => Hash160::digest(&script),
            });
        }
        let (key, encoding) = keys.first().ok_or(AccountError::TooFewKeys { required: 1, keys: 0 })?;
        Ok(match self.is_witness() {
            true => Hash160(sha256_ripemd160(&[&[0x00, 0x14], &key.hash160().0])),
            false => Hash160::digest(&key.to_bytes(*encoding)),
        })
    }
}

/// The script push(m), each key with its length byte, push(n), OP_CHECKMULTISIG.
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
            // The length fits: there are at most nine bytes.
            script.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
            script.extend_from_slice(&bytes);
        }
    }
}
