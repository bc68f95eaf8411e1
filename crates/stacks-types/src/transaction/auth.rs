//! The accounts that sign a transaction, and which of them pays: spending conditions and their encoding
//! (docs/CONSENSUS.md#authorization).
//!
//! # Invariants
//! - A decoded multi-sig condition has the number of signatures that its mode requires, and no uncompressed key under a
//!   witness mode.
//!
//! # Not here
//! Which hashes are signed, and checking signatures: `sighash`, `verify`, `sign`.

use crate::address::{HashMode, StacksAddress};
use crate::codec::{DecodeError, Reader, write_count};
use crate::ids::Hash160;
use crate::keys::{KeyEncoding, MessageSignature, PublicKey};
use crate::limits::MAX_AUTH_FIELDS;
use crate::wire_enum::WireEnum;

/// Flag of a transaction whose fee the origin pays.
pub(super) const AUTH_STANDARD: u8 = 0x04;
/// Flag of a transaction whose fee a sponsor pays.
pub(super) const AUTH_SPONSORED: u8 = 0x05;

const FIELD_KEY_COMPRESSED: u8 = 0x00;
const FIELD_KEY_UNCOMPRESSED: u8 = 0x01;
const FIELD_SIGNATURE_COMPRESSED: u8 = 0x02;
const FIELD_SIGNATURE_UNCOMPRESSED: u8 = 0x03;
/// Bytes of the shortest field: a tag and a compressed key.
const FIELD_BYTES_MIN: usize = 34;

/// The accounts of a transaction, with their signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionAuth {
    /// The origin also pays the fee.
    Standard(SpendingCondition),
    /// A sponsor pays the fee.
    Sponsored {
        /// Condition of the account that the transaction acts for.
        origin: SpendingCondition,
        /// Condition of the account that pays.
        sponsor: SpendingCondition,
    },
}

impl TransactionAuth {
    /// The condition of the account that the transaction acts for.
    #[must_use]
    pub const fn origin(&self) -> &SpendingCondition {
        match self {
            Self::Standard(origin) | Self::Sponsored { origin, .. } => origin,
        }
    }

    /// [`TransactionAuth::origin`], mutable.
    pub const fn origin_mut(&mut self) -> &mut SpendingCondition {
        match self {
            Self::Standard(origin) | Self::Sponsored { origin, .. } => origin,
        }
    }

    /// The condition of the sponsor, if there is one.
    #[must_use]
    pub const fn sponsor(&self) -> Option<&SpendingCondition> {
        match self {
            Self::Standard(_) => None,
            Self::Sponsored { sponsor, .. } => Some(sponsor),
        }
    }

    /// [`TransactionAuth::sponsor`], mutable.
    pub const fn sponsor_mut(&mut self) -> Option<&mut SpendingCondition> {
        match self {
            Self::Standard(_) => None,
            Self::Sponsored { sponsor, .. } => Some(sponsor),
        }
    }

    /// The condition of the account that pays the fee: the sponsor's if there is one.
    #[must_use]
    pub const fn payer(&self) -> &SpendingCondition {
        match self {
            Self::Standard(origin) => origin,
            Self::Sponsored { sponsor, .. } => sponsor,
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Standard(origin) => {
                out.push(AUTH_STANDARD);
                origin.write(out);
            }
            Self::Sponsored { origin, sponsor } => {
                out.push(AUTH_SPONSORED);
                origin.write(out);
                sponsor.write(out);
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.position();
        match reader.u8("auth type")? {
            AUTH_STANDARD => SpendingCondition::read(reader).map(Self::Standard),
            AUTH_SPONSORED => {
                let origin = SpendingCondition::read(reader)?;
                let sponsor = SpendingCondition::read(reader)?;
                Ok(Self::Sponsored { origin, sponsor })
            }
            value => Err(DecodeError::UnknownByte { field: "auth type", offset, value }),
        }
    }
}

/// How one account authorizes a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpendingCondition {
    /// By the signature of its only key.
    SingleSig(SingleSigCondition),
    /// By signatures of some of its keys.
    MultiSig(MultiSigCondition),
}

/// Condition of an account with one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleSigCondition {
    /// How the account hash is made from the key.
    pub hash_mode: SingleSigHashMode,
    /// Account hash: hash160, by `hash_mode`.
    pub signer: Hash160,
    /// Nonce of the account.
    pub nonce: u64,
    /// Fee in micro-STX; charged only if this condition is the payer's.
    pub fee: u64,
    /// Form in which the key is hashed.
    pub key_encoding: KeyEncoding,
    /// Signature of the key; zeros before it is made.
    pub signature: MessageSignature,
}

/// Condition of an account with several keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultiSigCondition {
    /// How the account hash is made from the keys.
    pub hash_mode: MultiSigHashMode,
    /// Account hash: hash160, by `hash_mode`.
    pub signer: Hash160,
    /// Nonce of the account.
    pub nonce: u64,
    /// Fee in micro-STX; charged only if this condition is the payer's.
    pub fee: u64,
    /// Keys and signatures, in the order of the account's keys.
    pub fields: Vec<AuthField>,
    /// Number of keys that must sign.
    pub signatures_required: u16,
}

/// Hash modes of accounts with one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SingleSigHashMode {
    /// Wire byte 00.
    P2pkh,
    /// Wire byte 02.
    P2wpkh,
}

/// Hash modes of accounts with several keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MultiSigHashMode {
    /// Wire byte 01.
    P2sh,
    /// Wire byte 03.
    P2wsh,
    /// Wire byte 05: signatures in any order; from epoch 3.0.
    P2shNonSequential,
    /// Wire byte 07: signatures in any order; from epoch 3.0.
    P2wshNonSequential,
}

impl From<SingleSigHashMode> for HashMode {
    fn from(mode: SingleSigHashMode) -> Self {
        match mode {
            SingleSigHashMode::P2pkh => Self::P2pkh,
            SingleSigHashMode::P2wpkh => Self::P2wpkh,
        }
    }
}

impl From<MultiSigHashMode> for HashMode {
    fn from(mode: MultiSigHashMode) -> Self {
        match mode {
            MultiSigHashMode::P2sh => Self::P2sh,
            MultiSigHashMode::P2wsh => Self::P2wsh,
            MultiSigHashMode::P2shNonSequential => Self::P2shNonSequential,
            MultiSigHashMode::P2wshNonSequential => Self::P2wshNonSequential,
        }
    }
}

/// A key of a multi-sig account: the key itself, or a signature from which it is recovered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthField {
    /// A key that has not signed.
    PublicKey {
        /// Form in which the key is hashed; on the wire it is always compressed.
        encoding: KeyEncoding,
        /// The key itself.
        key: PublicKey,
    },
    /// The signature of a key.
    Signature {
        /// Form in which the key is hashed.
        encoding: KeyEncoding,
        /// Signature from which the key is recovered.
        signature: MessageSignature,
    },
}

impl SpendingCondition {
    /// How the account hash is made from the keys.
    #[must_use]
    pub fn hash_mode(&self) -> HashMode {
        match self {
            Self::SingleSig(condition) => condition.hash_mode.into(),
            Self::MultiSig(condition) => condition.hash_mode.into(),
        }
    }

    /// Account hash: hash160, by [`Self::hash_mode`].
    #[must_use]
    pub const fn signer(&self) -> Hash160 {
        match self {
            Self::SingleSig(condition) => condition.signer,
            Self::MultiSig(condition) => condition.signer,
        }
    }

    /// Nonce of the account.
    #[must_use]
    pub const fn nonce(&self) -> u64 {
        match self {
            Self::SingleSig(condition) => condition.nonce,
            Self::MultiSig(condition) => condition.nonce,
        }
    }

    /// Fee field, in micro-STX.
    #[must_use]
    pub const fn fee(&self) -> u64 {
        match self {
            Self::SingleSig(condition) => condition.fee,
            Self::MultiSig(condition) => condition.fee,
        }
    }

    /// Sets the nonce of the account.
    pub const fn set_nonce(&mut self, nonce: u64) {
        match self {
            Self::SingleSig(condition) => condition.nonce = nonce,
            Self::MultiSig(condition) => condition.nonce = nonce,
        }
    }

    /// Sets the fee, in micro-STX.
    pub const fn set_fee(&mut self, fee: u64) {
        match self {
            Self::SingleSig(condition) => condition.fee = fee,
            Self::MultiSig(condition) => condition.fee = fee,
        }
    }

    /// Address of the account, on mainnet or testnet.
    #[must_use]
    pub fn address(&self, mainnet: bool) -> StacksAddress {
        self.hash_mode().address(self.signer(), mainnet)
    }

    /// The same condition without nonce, fee and signatures (docs/CONSENSUS.md#signing-hashes).
    pub(super) fn cleared(&self) -> Self {
        match self {
            Self::SingleSig(condition) => Self::SingleSig(SingleSigCondition {
                nonce: 0,
                fee: 0,
                signature: MessageSignature::default(),
                ..condition.clone()
            }),
            Self::MultiSig(condition) => Self::MultiSig(MultiSigCondition {
                hash_mode: condition.hash_mode,
                signer: condition.signer,
                nonce: 0,
                fee: 0,
                fields: Vec::new(),
                signatures_required: condition.signatures_required,
            }),
        }
    }

    /// The condition in place of any sponsor's in the hash that the origin signs (docs/CONSENSUS.md#signing-hashes).
    pub(super) const fn sponsor_stand_in() -> Self {
        Self::SingleSig(SingleSigCondition {
            hash_mode: SingleSigHashMode::P2pkh,
            signer: Hash160([0; 20]),
            nonce: 0,
            fee: 0,
            key_encoding: KeyEncoding::Compressed,
            signature: MessageSignature([0; 65]),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.hash_mode().to_byte());
        out.extend_from_slice(&self.signer().0);
        out.extend_from_slice(&self.nonce().to_be_bytes());
        out.extend_from_slice(&self.fee().to_be_bytes());
        match self {
            Self::SingleSig(condition) => {
                out.push(encoding_byte(condition.key_encoding));
                out.extend_from_slice(&condition.signature.0);
            }
            Self::MultiSig(condition) => {
                write_count(out, condition.fields.len());
                condition.fields.iter().for_each(|field| field.write(out));
                out.extend_from_slice(&condition.signatures_required.to_be_bytes());
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let single = |mode, reader: &mut Reader<'_>| SingleSigCondition::read(mode, reader).map(Self::SingleSig);
        let multi = |mode, reader: &mut Reader<'_>| MultiSigCondition::read(mode, reader).map(Self::MultiSig);
        match HashMode::read(reader)? {
            HashMode::P2pkh => single(SingleSigHashMode::P2pkh, reader),
            HashMode::P2wpkh => single(SingleSigHashMode::P2wpkh, reader),
            HashMode::P2sh => multi(MultiSigHashMode::P2sh, reader),
            HashMode::P2wsh => multi(MultiSigHashMode::P2wsh, reader),
            HashMode::P2shNonSequential => multi(MultiSigHashMode::P2shNonSequential, reader),
            HashMode::P2wshNonSequential => multi(MultiSigHashMode::P2wshNonSequential, reader),
        }
    }
}

impl SingleSigCondition {
    fn read(hash_mode: SingleSigHashMode, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let signer = Hash160(reader.array("signer")?);
        let nonce = reader.u64("nonce")?;
        let fee = reader.u64("fee")?;
        let offset = reader.position();
        let key_encoding = match (reader.u8("key encoding")?, hash_mode) {
            (0, _) => KeyEncoding::Compressed,
            (1, SingleSigHashMode::P2pkh) => KeyEncoding::Uncompressed,
            (value, _) => return Err(DecodeError::UnknownByte { field: "key encoding", offset, value }),
        };
        let signature = MessageSignature(reader.array("signature")?);
        Ok(Self { hash_mode, signer, nonce, fee, key_encoding, signature })
    }
}

impl MultiSigCondition {
    /// Number of fields that are signatures.
    #[must_use]
    pub fn signature_count(&self) -> usize {
        self.fields.iter().filter(|field| matches!(field, AuthField::Signature { .. })).count()
    }

    /// Whether the mode's number of signatures is met: exactly the required number, or at least that if their order
    /// does not matter.
    #[must_use]
    pub(crate) fn has_enough_signatures(&self) -> bool {
        let required = usize::from(self.signatures_required);
        match HashMode::from(self.hash_mode).is_order_independent() {
            true => self.signature_count() >= required,
            false => self.signature_count() == required,
        }
    }

    /// Whether one of the keys is hashed uncompressed.
    #[must_use]
    pub(crate) fn has_uncompressed_key(&self) -> bool {
        self.fields.iter().any(|field| field.encoding() == KeyEncoding::Uncompressed)
    }

    fn read(hash_mode: MultiSigHashMode, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let signer = Hash160(reader.array("signer")?);
        let nonce = reader.u64("nonce")?;
        let fee = reader.u64("fee")?;
        let offset = reader.position();
        let count = reader.count("auth field count", FIELD_BYTES_MIN, MAX_AUTH_FIELDS)?;
        let mut fields = Vec::new();
        for _ in 0..count {
            fields.push(AuthField::read(reader)?);
        }
        let signatures_required = reader.u16("signatures required")?;
        let condition = Self { hash_mode, signer, nonce, fee, fields, signatures_required };
        let invalid = |problem| DecodeError::Invalid { field: "auth fields", offset, problem };
        if !condition.has_enough_signatures() {
            return Err(invalid("have another number of signatures than required"));
        }
        if HashMode::from(hash_mode).is_witness() && condition.has_uncompressed_key() {
            return Err(invalid("have an uncompressed key under a witness mode"));
        }
        Ok(condition)
    }
}

impl AuthField {
    /// Form in which the key is hashed.
    #[must_use]
    pub const fn encoding(&self) -> KeyEncoding {
        match self {
            Self::PublicKey { encoding, .. } | Self::Signature { encoding, .. } => *encoding,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::PublicKey { encoding, key } => {
                out.push(match encoding {
                    KeyEncoding::Compressed => FIELD_KEY_COMPRESSED,
                    KeyEncoding::Uncompressed => FIELD_KEY_UNCOMPRESSED,
                });
                out.extend_from_slice(&key.to_compressed());
            }
            Self::Signature { encoding, signature } => {
                out.push(match encoding {
                    KeyEncoding::Compressed => FIELD_SIGNATURE_COMPRESSED,
                    KeyEncoding::Uncompressed => FIELD_SIGNATURE_UNCOMPRESSED,
                });
                out.extend_from_slice(&signature.0);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.position();
        match reader.u8("auth field type")? {
            FIELD_KEY_COMPRESSED => Self::read_key(KeyEncoding::Compressed, reader),
            FIELD_KEY_UNCOMPRESSED => Self::read_key(KeyEncoding::Uncompressed, reader),
            FIELD_SIGNATURE_COMPRESSED => Self::read_signature(KeyEncoding::Compressed, reader),
            FIELD_SIGNATURE_UNCOMPRESSED => Self::read_signature(KeyEncoding::Uncompressed, reader),
            value => Err(DecodeError::UnknownByte { field: "auth field type", offset, value }),
        }
    }

    fn read_key(encoding: KeyEncoding, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.position();
        let key = PublicKey::from_sec1(reader.take("public key", 33)?).map_err(|_| DecodeError::Invalid {
            field: "public key",
            offset,
            problem: "is not a point",
        })?;
        Ok(Self::PublicKey { encoding, key })
    }

    fn read_signature(encoding: KeyEncoding, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self::Signature { encoding, signature: MessageSignature(reader.array("signature")?) })
    }
}

/// The byte that stands for a key form.
pub(super) const fn encoding_byte(encoding: KeyEncoding) -> u8 {
    match encoding {
        KeyEncoding::Compressed => 0,
        KeyEncoding::Uncompressed => 1,
    }
}
