//! The transaction itself, its accessors and its codec (docs/CONSENSUS.md#transactions).
//!
//! # Invariants
//! - `decode(encode(tx)) == tx`. `encode(decode(bytes))` normalizes the bytes: version byte, tuple order, odd coinbase
//!   recipients. The txid is the hash of the normalized form.

use clarity::principal::ContractId;

use crate::address::StacksAddress;
use crate::codec::{DecodeError, Reader, write_count};
use crate::hashing::sha512_256;
use crate::ids::Txid;
use crate::limits::{CHAIN_ID_MAINNET, CHAIN_ID_TESTNET, MAX_POST_CONDITIONS, MAX_TRANSACTION_BYTES};
use crate::wire_enum::{WireEnum, wire_enum};

use super::auth::{SpendingCondition, TransactionAuth};
use super::payload::TransactionPayload;
use super::post_condition::{POST_CONDITION_BYTES_MIN, PostCondition};

/// Bit of the version byte that means testnet. The other bits are ignored, and written as 0.
const VERSION_TESTNET_BIT: u8 = 0x80;

/// The network that a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionVersion {
    /// Written as 00.
    Mainnet,
    /// Written as 80.
    Testnet,
}

impl TransactionVersion {
    /// The version byte: 00 or 80.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Mainnet => 0,
            Self::Testnet => VERSION_TESTNET_BIT,
        }
    }

    /// Whether it is the version of mainnet.
    #[must_use]
    pub const fn is_mainnet(self) -> bool {
        matches!(self, Self::Mainnet)
    }
}

wire_enum! {
    /// In which kind of block a transaction may be.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum AnchorMode("anchor mode") {
        /// In blocks only.
        OnChainOnly = 1,
        /// In microblocks only, which no longer exist.
        OffChainOnly = 2,
        /// In blocks or microblocks.
        Any = 3,
    }
}

wire_enum! {
    /// What happens to asset moves that no post-condition names.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum PostConditionMode("post-condition mode") {
        /// They are allowed.
        Allow = 1,
        /// They abort the transaction.
        Deny = 2,
        /// They abort the transaction if they are the origin's; from epoch 3.4.
        Originator = 3,
    }
}

/// A transaction, signed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StacksTransaction {
    /// Network that the transaction is for.
    pub version: TransactionVersion,
    /// Id of the chain that the transaction is for.
    pub chain_id: u32,
    /// Accounts that sign, and which of them pays.
    pub auth: TransactionAuth,
    /// Kind of block that the transaction may be in.
    pub anchor_mode: AnchorMode,
    /// What happens to moves that no post-condition names.
    pub post_condition_mode: PostConditionMode,
    /// Conditions on what the transaction moves, checked after execution.
    pub post_conditions: Vec<PostCondition>,
    /// What the transaction does.
    pub payload: TransactionPayload,
}

impl StacksTransaction {
    /// An unsigned transaction in deny mode without post-conditions, for mainnet or testnet and its usual chain id. The
    /// anchor mode is "on-chain only" where the payload needs that, else "any".
    #[must_use]
    pub const fn new(mainnet: bool, auth: TransactionAuth, payload: TransactionPayload) -> Self {
        let (version, chain_id) = match mainnet {
            true => (TransactionVersion::Mainnet, CHAIN_ID_MAINNET),
            false => (TransactionVersion::Testnet, CHAIN_ID_TESTNET),
        };
        let anchor_mode = match payload.must_be_on_chain() {
            true => AnchorMode::OnChainOnly,
            false => AnchorMode::Any,
        };
        Self {
            version,
            chain_id,
            auth,
            anchor_mode,
            post_condition_mode: PostConditionMode::Deny,
            post_conditions: Vec::new(),
            payload,
        }
    }

    /// Decodes one transaction that fills `bytes`.
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes are no transaction, are more than [`MAX_TRANSACTION_BYTES`], or more bytes follow.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let transaction = Self::read(&mut reader)?;
        reader.finish("transaction")?;
        Ok(transaction)
    }

    /// Reads one transaction and nothing after it.
    ///
    /// # Errors
    /// [`DecodeError`] when no transaction of at most [`MAX_TRANSACTION_BYTES`] starts there.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.bounded(MAX_TRANSACTION_BYTES, Self::read_unbounded)
    }

    fn read_unbounded(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let version = match reader.u8("transaction version")? & VERSION_TESTNET_BIT {
            0 => TransactionVersion::Mainnet,
            _ => TransactionVersion::Testnet,
        };
        let chain_id = reader.u32("chain id")?;
        let auth = TransactionAuth::read(reader)?;
        let modes_offset = reader.position();
        let [anchor_byte, mode_byte] = reader.array("anchor and post-condition mode")?;
        let count = reader.count("post-condition count", POST_CONDITION_BYTES_MIN, MAX_POST_CONDITIONS)?;
        let mut post_conditions = Vec::new();
        for _ in 0..count {
            post_conditions.push(PostCondition::read(reader)?);
        }
        // The two mode bytes are checked after the payload, as in the reference (docs/CONSENSUS.md#transactions).
        let payload = TransactionPayload::read(reader)?;
        let anchor_mode = AnchorMode::decode(anchor_byte, modes_offset)?;
        if payload.must_be_on_chain() && anchor_mode != AnchorMode::OnChainOnly {
            let (field, offset) = (AnchorMode::FIELD, modes_offset);
            return Err(DecodeError::UnknownByte { field, offset, value: anchor_byte });
        }
        let post_condition_mode = PostConditionMode::decode(mode_byte, modes_offset + 1)?;
        Ok(Self { version, chain_id, auth, anchor_mode, post_condition_mode, post_conditions, payload })
    }

    /// Encodes the transaction.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.encode_with_auth(&self.auth)
    }

    /// Encodes the transaction with another auth section, for the start of the signing hash chain.
    pub(super) fn encode_with_auth(&self, auth: &TransactionAuth) -> Vec<u8> {
        let mut out = Vec::new();
        out.push(self.version.to_byte());
        out.extend_from_slice(&self.chain_id.to_be_bytes());
        auth.write(&mut out);
        out.push(self.anchor_mode.to_byte());
        out.push(self.post_condition_mode.to_byte());
        write_count(&mut out, self.post_conditions.len());
        self.post_conditions.iter().for_each(|condition| condition.write(&mut out));
        self.payload.write(&mut out);
        out
    }

    /// The account that the transaction acts for.
    #[must_use]
    pub fn origin_address(&self, mainnet: bool) -> StacksAddress {
        self.auth.origin().address(mainnet)
    }

    /// The contract that it deploys, if it deploys one.
    #[must_use]
    pub fn deployed_contract(&self, mainnet: bool) -> Option<ContractId> {
        match &self.payload {
            TransactionPayload::SmartContract { name, .. }
            | TransactionPayload::VersionedSmartContract { name, .. } => {
                Some(ContractId { issuer: self.origin_address(mainnet).standard(), name: name.clone() })
            }
            _ => None,
        }
    }

    /// The account of the sponsor, if there is one.
    #[must_use]
    pub fn sponsor_address(&self, mainnet: bool) -> Option<StacksAddress> {
        self.auth.sponsor().map(|condition| condition.address(mainnet))
    }

    /// The account that pays the fee.
    #[must_use]
    pub fn payer(&self, mainnet: bool) -> StacksAddress {
        self.auth.payer().address(mainnet)
    }

    /// Nonce of the origin account; a sponsor has its own.
    #[must_use]
    pub const fn origin_nonce(&self) -> u64 {
        self.auth.origin().nonce()
    }

    /// Nonce of the sponsor, if there is one.
    #[must_use]
    pub fn sponsor_nonce(&self) -> Option<u64> {
        self.auth.sponsor().map(SpendingCondition::nonce)
    }

    /// Fee that is charged, in micro-STX: the payer's field.
    #[must_use]
    pub const fn fee(&self) -> u64 {
        self.auth.payer().fee()
    }

    /// Name of the payload kind, such as "`TokenTransfer`".
    #[must_use]
    pub const fn payload_name(&self) -> &'static str {
        self.payload.name()
    }
}

/// A transaction with its encoding and txid, computed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockTransaction {
    transaction: StacksTransaction,
    raw: Vec<u8>,
    txid: Txid,
}

impl BlockTransaction {
    /// Encodes and hashes the transaction.
    #[must_use]
    pub fn new(transaction: StacksTransaction) -> Self {
        let raw = transaction.encode();
        let txid = Txid(sha512_256(&[&raw]));
        Self { transaction, raw, txid }
    }

    /// Decodes one transaction that fills `bytes`.
    ///
    /// # Errors
    /// As [`StacksTransaction::decode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        StacksTransaction::decode(bytes).map(Self::new)
    }

    /// The decoded transaction.
    #[must_use]
    pub const fn transaction(&self) -> &StacksTransaction {
        &self.transaction
    }

    /// The transaction's bytes, in the normalized encoding.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The transaction's id: H of [`Self::raw`].
    #[must_use]
    pub const fn txid(&self) -> Txid {
        self.txid
    }

    /// Length of [`Self::raw`] in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.raw.len()
    }
}

impl std::ops::Deref for BlockTransaction {
    type Target = StacksTransaction;

    fn deref(&self) -> &StacksTransaction {
        &self.transaction
    }
}

impl From<StacksTransaction> for BlockTransaction {
    fn from(transaction: StacksTransaction) -> Self {
        Self::new(transaction)
    }
}
