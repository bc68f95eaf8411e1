//! What a transaction does: the nine payload kinds and their encoding (docs/CONSENSUS.md#payloads).
//!
//! # Not here
//! In which epochs a payload is valid: `static_check`. Which payloads this node takes
//! (docs/CONSENSUS.md#transactions-of-this-chain): `chainstate`.

mod microblock;
mod tenure_change;

use clarity::names::{ClarityName, ContractName, MAX_CONTRACT_NAME};
use clarity::principal::{ContractId, Principal};
use clarity::value::Value;

use crate::address::StacksAddress;
use crate::codec::{DecodeError, Reader, write_bytes_u32, write_count, write_name};
use crate::limits::{MAX_CALL_ARGUMENTS, MAX_TRANSACTION_BYTES};
use crate::value::{read_address, read_clarity_name, read_contract_name, read_principal, read_value, write_address};
use crate::vrf::VrfProof;
use crate::wire_enum::{WireEnum, wire_enum};

use microblock::read_poison;

pub use microblock::MicroblockHeader;
pub use tenure_change::{TenureChange, TenureChangeCause};

const TOKEN_TRANSFER: u8 = 0x00;
const SMART_CONTRACT: u8 = 0x01;
const CONTRACT_CALL: u8 = 0x02;
const POISON_MICROBLOCK: u8 = 0x03;
const COINBASE: u8 = 0x04;
const COINBASE_TO_ALT_RECIPIENT: u8 = 0x05;
const VERSIONED_SMART_CONTRACT: u8 = 0x06;
const TENURE_CHANGE: u8 = 0x07;
const NAKAMOTO_COINBASE: u8 = 0x08;

/// First byte of the encoded value `none`.
const NONE: u8 = 0x09;
/// First byte of the encoded value `(some ...)`.
const SOME: u8 = 0x0a;

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionPayload {
    /// 00: sends micro-STX.
    TokenTransfer {
        /// Account or contract that receives.
        recipient: Principal,
        /// Amount in micro-STX.
        amount: u64,
        /// Free bytes, padded with zeros.
        memo: [u8; 34],
    },
    /// 01: deploys a contract in the epoch's default Clarity version.
    SmartContract {
        /// Name of the contract, at most 40 bytes.
        name: ContractName,
        /// Source code: printable ASCII, tab and newline.
        code: String,
    },
    /// 02: calls a public function.
    ContractCall(ContractCall),
    /// 03: shows that a microblock producer made a fork. Refused by this node.
    PoisonMicroblock(Box<[MicroblockHeader; 2]>),
    /// 04: claims a tenure's reward for the origin.
    Coinbase {
        /// Free bytes, with no meaning to the chain.
        buffer: [u8; 32],
    },
    /// 05: claims a tenure's reward for a given recipient.
    CoinbaseToAltRecipient {
        /// Free bytes, with no meaning to the chain.
        buffer: [u8; 32],
        /// Account or contract that receives the reward.
        recipient: Principal,
    },
    /// 06: deploys a contract in a given Clarity version.
    VersionedSmartContract {
        /// Clarity version that the code is for.
        version: ContractVersion,
        /// Name of the contract, at most 40 bytes.
        name: ContractName,
        /// Source code: printable ASCII, tab and newline.
        code: String,
    },
    /// 07: the reference's way to begin or extend a tenure. Refused by this node.
    TenureChange(Box<TenureChange>),
    /// 08: the reference's coinbase, with a VRF proof. Refused by this node.
    NakamotoCoinbase {
        /// Free bytes, with no meaning to the chain.
        buffer: [u8; 32],
        /// Account or contract that receives the reward, if not the origin.
        recipient: Option<Principal>,
        /// VRF proof in its canonical encoding.
        vrf_proof: Box<VrfProof>,
    },
}

/// A call of a public function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractCall {
    /// Address that deployed the contract.
    pub address: StacksAddress,
    /// Name of the contract, at most 40 bytes.
    pub contract_name: ContractName,
    /// Name of the public function.
    pub function_name: ClarityName,
    /// Arguments, in order.
    pub arguments: Vec<Value>,
}

wire_enum! {
    /// The Clarity version that a contract asks for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[expect(missing_docs, reason = "the names say all there is")]
    pub enum ContractVersion("clarity version") {
        Clarity1 = 1,
        Clarity2 = 2,
        Clarity3 = 3,
        Clarity4 = 4,
        Clarity5 = 5,
        Clarity6 = 6,
    }
}

impl TransactionPayload {
    /// Name of the payload kind, for messages.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TokenTransfer { .. } => "TokenTransfer",
            Self::SmartContract { .. } => "SmartContract",
            Self::ContractCall(_) => "ContractCall",
            Self::PoisonMicroblock(_) => "PoisonMicroblock",
            Self::Coinbase { .. } => "Coinbase",
            Self::CoinbaseToAltRecipient { .. } => "CoinbaseToAltRecipient",
            Self::VersionedSmartContract { .. } => "VersionedSmartContract",
            Self::TenureChange(_) => "TenureChange",
            Self::NakamotoCoinbase { .. } => "NakamotoCoinbase",
        }
    }

    /// The first byte of the payload.
    #[must_use]
    pub const fn id(&self) -> u8 {
        match self {
            Self::TokenTransfer { .. } => TOKEN_TRANSFER,
            Self::SmartContract { .. } => SMART_CONTRACT,
            Self::ContractCall(_) => CONTRACT_CALL,
            Self::PoisonMicroblock(_) => POISON_MICROBLOCK,
            Self::Coinbase { .. } => COINBASE,
            Self::CoinbaseToAltRecipient { .. } => COINBASE_TO_ALT_RECIPIENT,
            Self::VersionedSmartContract { .. } => VERSIONED_SMART_CONTRACT,
            Self::TenureChange(_) => TENURE_CHANGE,
            Self::NakamotoCoinbase { .. } => NAKAMOTO_COINBASE,
        }
    }

    /// Whether this is a coinbase of any kind.
    #[must_use]
    pub const fn is_coinbase(&self) -> bool {
        matches!(self, Self::Coinbase { .. } | Self::CoinbaseToAltRecipient { .. } | Self::NakamotoCoinbase { .. })
    }

    /// Whether the transaction must be on-chain only (anchor mode 1, docs/CONSENSUS.md#transactions).
    pub(super) const fn must_be_on_chain(&self) -> bool {
        self.is_coinbase() || matches!(self, Self::PoisonMicroblock(_))
    }

    /// Decodes one payload that fills `bytes`, without the transaction around it.
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes are no payload, are more than a transaction can have, or more bytes follow.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let payload = reader.bounded(crate::limits::MAX_TRANSACTION_BYTES, Self::read)?;
        reader.finish("payload")?;
        Ok(payload)
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.id());
        match self {
            Self::TokenTransfer { recipient, amount, memo } => {
                recipient.write(out);
                out.extend_from_slice(&amount.to_be_bytes());
                out.extend_from_slice(memo);
            }
            Self::SmartContract { name, code } => write_contract(out, name, code),
            Self::VersionedSmartContract { version, name, code } => {
                out.push(version.to_byte());
                write_contract(out, name, code);
            }
            Self::ContractCall(call) => call.write(out),
            Self::PoisonMicroblock(headers) => headers.iter().for_each(|header| header.write(out)),
            Self::Coinbase { buffer } => out.extend_from_slice(buffer),
            Self::CoinbaseToAltRecipient { buffer, recipient } => {
                out.extend_from_slice(buffer);
                recipient.write(out);
            }
            Self::TenureChange(change) => change.write(out),
            Self::NakamotoCoinbase { buffer, recipient, vrf_proof } => {
                out.extend_from_slice(buffer);
                match recipient {
                    Some(recipient) => {
                        out.push(SOME);
                        recipient.write(out);
                    }
                    None => out.push(NONE),
                }
                out.extend_from_slice(&vrf_proof.0);
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.position();
        match reader.u8("payload type")? {
            TOKEN_TRANSFER => Ok(Self::TokenTransfer {
                recipient: read_principal(reader)?,
                amount: reader.u64("amount")?,
                memo: reader.array("memo")?,
            }),
            SMART_CONTRACT => read_contract(reader).map(|(name, code)| Self::SmartContract { name, code }),
            VERSIONED_SMART_CONTRACT => {
                let version = ContractVersion::read(reader)?;
                read_contract(reader).map(|(name, code)| Self::VersionedSmartContract { version, name, code })
            }
            CONTRACT_CALL => ContractCall::read(reader).map(Self::ContractCall),
            POISON_MICROBLOCK => read_poison(reader),
            COINBASE => Ok(Self::Coinbase { buffer: reader.array("coinbase buffer")? }),
            COINBASE_TO_ALT_RECIPIENT => Ok(Self::CoinbaseToAltRecipient {
                buffer: reader.array("coinbase buffer")?,
                recipient: read_principal(reader)?,
            }),
            TENURE_CHANGE => TenureChange::read(reader).map(|change| Self::TenureChange(Box::new(change))),
            NAKAMOTO_COINBASE => read_nakamoto_coinbase(reader),
            value => Err(DecodeError::UnknownByte { field: "payload type", offset, value }),
        }
    }
}

/// Whether a contract's source may hold this character: printable ASCII, tabs and line feeds.
#[must_use]
pub const fn is_source_character(character: char) -> bool {
    matches!(character, ' '..='~' | '\t' | '\n')
}

fn write_contract(out: &mut Vec<u8>, name: &ContractName, code: &str) {
    write_name(out, name.as_str());
    write_bytes_u32(out, code.as_bytes());
}

fn read_contract(reader: &mut Reader<'_>) -> Result<(ContractName, String), DecodeError> {
    let name = read_contract_name(reader, MAX_CONTRACT_NAME)?;
    let code = reader.bytes_u32("contract source", MAX_TRANSACTION_BYTES)?;
    if let Some(at) = code.iter().position(|byte| !is_source_character(char::from(*byte))) {
        let before = code.get(..at).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
        return Err(DecodeError::ForbiddenByte { line, value: code.get(at).copied().unwrap_or_default() });
    }
    // Nothing is lost: all bytes are ASCII.
    Ok((name, String::from_utf8_lossy(code).into_owned()))
}

fn read_nakamoto_coinbase(reader: &mut Reader<'_>) -> Result<TransactionPayload, DecodeError> {
    let buffer = reader.array("coinbase buffer")?;
    let offset = reader.position();
    let recipient = match read_value(reader)? {
        Value::Optional(None) => None,
        Value::Optional(Some(inner)) => match inner.as_ref() {
            Value::Principal(principal) => Some(principal.as_ref().clone()),
            // As in the reference, `some` of anything but a principal is read as none.
            _ => None,
        },
        _ => {
            return Err(DecodeError::Invalid { field: "coinbase recipient", offset, problem: "is not an optional" });
        }
    };
    let offset = reader.position();
    let vrf_proof = VrfProof(reader.array("vrf proof")?).canonical().ok_or(DecodeError::Invalid {
        field: "vrf proof",
        offset,
        problem: "does not decode",
    })?;
    Ok(TransactionPayload::NakamotoCoinbase { buffer, recipient, vrf_proof: Box::new(vrf_proof) })
}

impl ContractCall {
    /// Id of the contract that is called.
    #[must_use]
    pub fn contract_id(&self) -> ContractId {
        ContractId { issuer: self.address.standard(), name: self.contract_name.clone() }
    }

    fn write(&self, out: &mut Vec<u8>) {
        write_address(out, &self.address);
        write_name(out, self.contract_name.as_str());
        write_name(out, self.function_name.as_str());
        write_count(out, self.arguments.len());
        self.arguments.iter().for_each(|argument| argument.write(out));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let address = read_address(reader)?;
        let contract_name = read_contract_name(reader, MAX_CONTRACT_NAME)?;
        let function_name = read_clarity_name(reader, "function name")?;
        let count = reader.count("argument count", 1, MAX_CALL_ARGUMENTS)?;
        let mut arguments = Vec::new();
        for _ in 0..count {
            arguments.push(read_value(reader)?);
        }
        Ok(Self { address, contract_name, function_name, arguments })
    }
}
