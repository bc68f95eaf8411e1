//! What a transaction may move, at most or at least: post-conditions and their encoding
//! (docs/CONSENSUS.md#post-conditions).
//!
//! # Not here
//! Their evaluation: `chainstate::execution`.

use clarity::names::{ClarityName, ContractName, MAX_CONTRACT_NAME};
use clarity::principal::{ContractId, Principal};
use clarity::value::Value;

use crate::address::StacksAddress;
use crate::codec::{DecodeError, Reader, write_name};
use crate::value::{read_address, read_clarity_name, read_contract_name, read_value, write_address};
use crate::wire_enum::{WireEnum, wire_enum};

const ASSET_STX: u8 = 0x00;
const ASSET_FUNGIBLE: u8 = 0x01;
const ASSET_NON_FUNGIBLE: u8 = 0x02;
const ASSET_STAKING: u8 = 0x03;
const ASSET_POX: u8 = 0x04;

const PRINCIPAL_ORIGIN: u8 = 0x01;
const PRINCIPAL_STANDARD: u8 = 0x02;
const PRINCIPAL_CONTRACT: u8 = 0x03;

/// Shortest post-condition: asset, origin, code (the PoX kind).
pub(super) const POST_CONDITION_BYTES_MIN: usize = 3;

/// A condition on what one account sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostCondition {
    /// 00: micro-STX sent.
    Stx {
        /// Account whose STX count.
        principal: PostConditionPrincipal,
        /// How the amount sent compares with `amount`.
        code: FungibleCode,
        /// Amount in micro-STX.
        amount: u64,
    },
    /// 01: fungible tokens sent.
    Fungible {
        /// Account whose tokens count.
        principal: PostConditionPrincipal,
        /// Asset class of the token.
        asset: AssetInfo,
        /// How the amount sent compares with `amount`.
        code: FungibleCode,
        /// Amount in base units of the token.
        amount: u64,
    },
    /// 02: one non-fungible token sent or not.
    NonFungible {
        /// Account whose token it is.
        principal: PostConditionPrincipal,
        /// Asset class of the token.
        asset: AssetInfo,
        /// Id of the token in its class.
        id: Value,
        /// Whether the token must, must not or may be sent.
        code: NonFungibleCode,
    },
    /// 03: micro-STX staked; from epoch 4.0.
    Staking {
        /// Account whose STX count.
        principal: PostConditionPrincipal,
        /// How the amount staked compares with `amount`.
        code: FungibleCode,
        /// Amount in micro-STX.
        amount: u64,
    },
    /// 04: changes of PoX state; from epoch 4.0.
    Pox {
        /// Account whose PoX state counts.
        principal: PostConditionPrincipal,
        /// Whether the state must, must not or may change.
        code: PoxCode,
    },
}

/// Whose assets a post-condition is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostConditionPrincipal {
    /// 01: the transaction's origin.
    Origin,
    /// 02: a given account.
    Standard(StacksAddress),
    /// 03: a given contract, whose name has at most 40 bytes.
    Contract(StacksAddress, ContractName),
}

/// Id of an asset class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetInfo {
    /// Address that deployed the asset's contract.
    pub address: StacksAddress,
    /// Name of the contract, at most 40 bytes.
    pub contract_name: ContractName,
    /// Name of the asset in the contract.
    pub asset_name: ClarityName,
}

wire_enum! {
    /// How the amount sent compares with the amount given.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    #[expect(missing_docs, reason = "the names say all there is")]
    pub enum FungibleCode("fungible condition code") {
        Equal = 1,
        Greater = 2,
        GreaterOrEqual = 3,
        Less = 4,
        LessOrEqual = 5,
    }
}

wire_enum! {
    /// Whether a non-fungible token is sent.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum NonFungibleCode("non-fungible condition code") {
        /// It must be sent.
        Sent = 0x10,
        /// It must not be sent.
        NotSent = 0x11,
        /// It may be sent; from epoch 3.4.
        MaybeSent = 0x12,
    }
}

wire_enum! {
    /// Whether PoX state changes.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    #[expect(missing_docs, reason = "the names say all there is")]
    pub enum PoxCode("pox condition code") {
        NotPerformed = 0x30,
        MaybePerformed = 0x31,
        Performed = 0x32,
    }
}

impl FungibleCode {
    /// Whether `sent` meets the condition against `amount`.
    #[must_use]
    pub const fn holds(self, sent: u128, amount: u128) -> bool {
        match self {
            Self::Equal => sent == amount,
            Self::Greater => sent > amount,
            Self::GreaterOrEqual => sent >= amount,
            Self::Less => sent < amount,
            Self::LessOrEqual => sent <= amount,
        }
    }
}

impl PostCondition {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Stx { principal, code, amount } => {
                out.push(ASSET_STX);
                principal.write(out);
                out.push(code.to_byte());
                out.extend_from_slice(&amount.to_be_bytes());
            }
            Self::Fungible { principal, asset, code, amount } => {
                out.push(ASSET_FUNGIBLE);
                principal.write(out);
                asset.write(out);
                out.push(code.to_byte());
                out.extend_from_slice(&amount.to_be_bytes());
            }
            Self::NonFungible { principal, asset, id, code } => {
                out.push(ASSET_NON_FUNGIBLE);
                principal.write(out);
                asset.write(out);
                id.write(out);
                out.push(code.to_byte());
            }
            Self::Staking { principal, code, amount } => {
                out.push(ASSET_STAKING);
                principal.write(out);
                out.push(code.to_byte());
                out.extend_from_slice(&amount.to_be_bytes());
            }
            Self::Pox { principal, code } => {
                out.push(ASSET_POX);
                principal.write(out);
                out.push(code.to_byte());
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.position();
        let asset = reader.u8("post-condition asset")?;
        if asset > ASSET_POX {
            return Err(DecodeError::UnknownByte { field: "post-condition asset", offset, value: asset });
        }
        let principal = PostConditionPrincipal::read(reader)?;
        match asset {
            ASSET_STX => {
                let code = FungibleCode::read(reader)?;
                Ok(Self::Stx { principal, code, amount: reader.u64("amount")? })
            }
            ASSET_FUNGIBLE => {
                let asset = AssetInfo::read(reader)?;
                let code = FungibleCode::read(reader)?;
                Ok(Self::Fungible { principal, asset, code, amount: reader.u64("amount")? })
            }
            ASSET_NON_FUNGIBLE => {
                let asset = AssetInfo::read(reader)?;
                let id = read_value(reader)?;
                Ok(Self::NonFungible { principal, asset, id, code: NonFungibleCode::read(reader)? })
            }
            ASSET_STAKING => {
                let code = FungibleCode::read(reader)?;
                Ok(Self::Staking { principal, code, amount: reader.u64("amount")? })
            }
            _ => Ok(Self::Pox { principal, code: PoxCode::read(reader)? }),
        }
    }
}

impl PostConditionPrincipal {
    /// The account that this means in a transaction of `origin`.
    #[must_use]
    pub fn resolve(&self, origin: &Principal) -> Principal {
        match self {
            Self::Origin => origin.clone(),
            Self::Standard(address) => address.to_principal(),
            Self::Contract(address, name) => {
                Principal::Contract(ContractId { issuer: address.standard(), name: name.clone() })
            }
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Origin => out.push(PRINCIPAL_ORIGIN),
            Self::Standard(address) => {
                out.push(PRINCIPAL_STANDARD);
                write_address(out, address);
            }
            Self::Contract(address, name) => {
                out.push(PRINCIPAL_CONTRACT);
                write_address(out, address);
                write_name(out, name.as_str());
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.position();
        match reader.u8("post-condition principal")? {
            PRINCIPAL_ORIGIN => Ok(Self::Origin),
            PRINCIPAL_STANDARD => read_address(reader).map(Self::Standard),
            PRINCIPAL_CONTRACT => {
                let address = read_address(reader)?;
                Ok(Self::Contract(address, read_contract_name(reader, MAX_CONTRACT_NAME)?))
            }
            value => Err(DecodeError::UnknownByte { field: "post-condition principal", offset, value }),
        }
    }
}

impl AssetInfo {
    /// Id of the contract that defines the asset.
    #[must_use]
    pub fn contract_id(&self) -> ContractId {
        ContractId { issuer: self.address.standard(), name: self.contract_name.clone() }
    }

    fn write(&self, out: &mut Vec<u8>) {
        write_address(out, &self.address);
        write_name(out, self.contract_name.as_str());
        write_name(out, self.asset_name.as_str());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            address: read_address(reader)?,
            contract_name: read_contract_name(reader, MAX_CONTRACT_NAME)?,
            asset_name: read_clarity_name(reader, "asset name")?,
        })
    }
}
