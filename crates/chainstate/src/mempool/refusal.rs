//! Why a transaction is not admitted, with the words and values that clients know
//! (docs/COMPATIBILITY.md#rejections-of-transactions).

use clarity::principal::{ContractId, Principal, Standard};
use serde_json::{Value, json};
use stacks_types::address::StacksAddress;
use stacks_types::ids::Txid;

/// Why a transaction is not admitted. Nothing is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was dropped as problematic or over the limits, and is refused for a while.
    #[error("it was dropped as problematic or over the limits lately, and is refused for two days: sign another one")]
    TemporarilyBlacklisted,
    /// It is for the other network.
    #[error("the transaction is for {}, this chain is {}", network(!mainnet), network(*mainnet))]
    BadTransactionVersion {
        /// Whether the chain is a mainnet.
        mainnet: bool,
    },
    /// A transfer to its own sender.
    #[error("recipient {recipient} is the sender")]
    TransferRecipientCannotEqualSender {
        /// The recipient, who is the sender.
        recipient: Principal,
    },
    /// A transfer of nothing.
    #[error("transfer amount must be positive")]
    TransferAmountMustBePositive,
    /// An address of the other network.
    #[error("address {address} is not of this chain's network, which is {}", network(*mainnet))]
    BadAddressVersionByte {
        /// The address.
        address: Standard,
        /// Whether the chain is a mainnet.
        mainnet: bool,
    },
    /// A signature is not good, or a stateless rule of the chain forbids the transaction.
    #[error("{message}")]
    SignatureValidation {
        /// The cause, for the sender.
        message: String,
    },
    /// A contract of a Clarity version that the chain's epoch does not have.
    #[error("{message}")]
    ClarityVersion {
        /// The version, the epoch, and the flag that starts a chain with that version.
        message: String,
    },
    /// The fee is below the floor, in micro-STX.
    #[error("the fee of {actual} micro-STX is below {expected}, the least for a transaction of this size")]
    FeeTooLow {
        /// The least fee for this transaction.
        expected: u64,
        /// Its fee.
        actual: u64,
    },
    /// The nonce was used already.
    #[error("nonce {actual} of {principal} was used, the next is {expected}")]
    BadNonce {
        /// The account's next nonce.
        expected: u64,
        /// The transaction's nonce.
        actual: u64,
        /// The account whose nonce it is.
        principal: StacksAddress,
        /// Whether it is the origin's; else the sponsor's.
        is_origin: bool,
    },
    /// The nonce is too far above the account's.
    #[error("nonce {actual} of {principal} is above {expected}")]
    TooMuchChaining {
        /// The highest nonce that is admitted now.
        expected: u64,
        /// The transaction's nonce.
        actual: u64,
        /// The account whose nonce it is.
        principal: StacksAddress,
        /// Whether it is the origin's; else the sponsor's.
        is_origin: bool,
    },
    /// The account cannot pay, in micro-STX.
    #[error("the account has {actual} micro-STX to spend and needs {expected}")]
    NotEnoughFunds {
        /// The amount that is needed.
        expected: u128,
        /// The unlocked amount.
        actual: u128,
    },
    /// The called contract does not exist.
    #[error("there is no contract {contract} at the tip: it was not deployed, or its deployment is not mined yet")]
    NoSuchContract {
        /// The contract's id.
        contract: ContractId,
    },
    /// The called contract has no public function of that name.
    #[error("{message}")]
    NoSuchPublicFunction {
        /// What there is in its place, for the sender.
        message: String,
    },
    /// The arguments do not fit the function.
    #[error("{message}")]
    BadFunctionArgument {
        /// The checker's error, as the reference shows it.
        error: String,
        /// The cause, for the sender.
        message: String,
    },
    /// The name of the contract to deploy is taken.
    #[error("contract {contract_identifier} exists")]
    ContractAlreadyExists {
        /// The contract's id.
        contract_identifier: ContractId,
    },
    /// Coinbases come with blocks only.
    #[error("a coinbase cannot be submitted")]
    NoCoinbaseViaMempool,
    /// Tenure changes come with blocks only.
    #[error("a tenure change cannot be submitted")]
    NoTenureChangeViaMempool,
    /// A pending transaction uses the nonce, and this one does not pay more.
    #[error("its nonce {nonce} waits in {txid} with a fee of {fee} micro-STX: pay more than that to replace it")]
    ConflictingNonceInMempool {
        /// The nonce, of its origin or its sponsor.
        nonce: u64,
        /// The pending transaction that uses it.
        txid: Txid,
        /// That one's fee, in micro-STX.
        fee: u64,
    },
    /// A poison microblock: there are no microblocks.
    #[error("payload {name} is not allowed")]
    PayloadNotAllowed {
        /// The payload's name.
        name: &'static str,
    },
    /// A transfer with post-conditions can never be mined (docs/COMPATIBILITY.md#outcomes). The reference keeps it
    /// until it is too old; this node refuses it.
    #[error("a token transfer with post-conditions can never be mined")]
    TransferWithPostConditions,
    /// The mempool is full, and no pending transaction has to make room for this one. Retry later.
    #[error(
        "the mempool is full: {transactions} transactions of {bytes} bytes wait; send it again later, with a higher fee, or \
         when the earlier nonces of its account are mined"
    )]
    MempoolFull {
        /// Number of pending transactions.
        transactions: u64,
        /// Bytes of the pending transactions.
        bytes: u64,
    },
    /// The node could not check it. The node's fault, not the sender's.
    #[error("{message}")]
    Database {
        /// The error.
        message: String,
    },
}

impl Refusal {
    /// The `reason`, by which clients distinguish refusals.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::TemporarilyBlacklisted => "TemporarilyBlacklisted",
            Self::BadTransactionVersion { .. } => "BadTransactionVersion",
            Self::TransferRecipientCannotEqualSender { .. } => "TransferRecipientCannotEqualSender",
            Self::TransferAmountMustBePositive => "TransferAmountMustBePositive",
            Self::BadAddressVersionByte { .. } => "BadAddressVersionByte",
            Self::SignatureValidation { .. } => "SignatureValidation",
            Self::FeeTooLow { .. } => "FeeTooLow",
            Self::BadNonce { .. } => "BadNonce",
            Self::TooMuchChaining { .. } => "TooMuchChaining",
            Self::NotEnoughFunds { .. } => "NotEnoughFunds",
            Self::NoSuchContract { .. } => "NoSuchContract",
            Self::NoSuchPublicFunction { .. } => "NoSuchPublicFunction",
            Self::BadFunctionArgument { .. } => "BadFunctionArgument",
            Self::ContractAlreadyExists { .. } => "ContractAlreadyExists",
            Self::NoCoinbaseViaMempool => "NoCoinbaseViaMempool",
            Self::NoTenureChangeViaMempool => "NoTenureChangeViaMempool",
            Self::ConflictingNonceInMempool { .. } => "ConflictingNonceInMempool",
            Self::ClarityVersion { .. } | Self::PayloadNotAllowed { .. } | Self::TransferWithPostConditions => {
                "ServerFailureOther"
            }
            // The reference has no such limit and no word for it.
            Self::MempoolFull { .. } => "MempoolFull",
            Self::Database { .. } => "ServerFailureDatabase",
        }
    }

    /// The `reason_data`, with exactly the keys that clients know; none where clients expect no such key.
    #[must_use]
    pub fn reason_data(&self) -> Option<Value> {
        match self {
            Self::TemporarilyBlacklisted
            | Self::BadTransactionVersion { .. }
            | Self::TransferAmountMustBePositive
            | Self::BadAddressVersionByte { .. }
            | Self::NoSuchContract { .. }
            | Self::NoSuchPublicFunction { .. }
            | Self::NoCoinbaseViaMempool
            | Self::NoTenureChangeViaMempool
            | Self::ConflictingNonceInMempool { .. } => None,
            Self::TransferRecipientCannotEqualSender { recipient } => {
                Some(json!({ "recipient": recipient.to_string() }))
            }
            Self::FeeTooLow { expected, actual } => Some(json!({ "expected": expected, "actual": actual })),
            Self::BadNonce { expected, actual, principal, is_origin } => Some(json!({
                "expected": expected, "actual": actual, "principal": principal.to_string(), "is_origin": is_origin,
            })),
            Self::TooMuchChaining { expected, actual, principal, is_origin } => Some(json!({
                "message": "Nonce would exceed chaining limit in mempool",
                "expected": expected, "actual": actual, "principal": principal.to_string(), "is_origin": is_origin,
            })),
            Self::NotEnoughFunds { expected, actual } => {
                Some(json!({ "expected": hex_u128(*expected), "actual": hex_u128(*actual) }))
            }
            Self::ContractAlreadyExists { contract_identifier } => {
                Some(json!({ "contract_identifier": contract_identifier.to_string() }))
            }
            Self::BadFunctionArgument { error, .. } => Some(json!({ "message": error })),
            Self::SignatureValidation { .. }
            | Self::ClarityVersion { .. }
            | Self::PayloadNotAllowed { .. }
            | Self::TransferWithPostConditions
            | Self::MempoolFull { .. }
            | Self::Database { .. } => Some(json!({ "message": self.to_string() })),
        }
    }

    /// Whether the same bytes are refused again as long as the canonical tip is the same: other refusals depend on what
    /// else is pending, on the time, or on the node.
    #[must_use]
    pub const fn holds_at_its_tip(&self) -> bool {
        !matches!(
            self,
            Self::TemporarilyBlacklisted
                | Self::ConflictingNonceInMempool { .. }
                | Self::MempoolFull { .. }
                | Self::Database { .. }
        )
    }
}

impl From<crate::db::StoreError> for Refusal {
    fn from(error: crate::db::StoreError) -> Self {
        Self::Database { message: error.to_string() }
    }
}

/// What a network is called, with the version byte of its transactions.
const fn network(mainnet: bool) -> &'static str {
    if mainnet { "a mainnet (version byte 0x00)" } else { "a testnet (version byte 0x80)" }
}

/// 16 bytes big-endian in hex after `0x`.
fn hex_u128(value: u128) -> String {
    format!("0x{value:032x}")
}
