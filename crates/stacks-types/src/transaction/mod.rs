//! Stacks transactions (SIP-005 with the later payloads): types, encoding, signing, stateless checks
//! (docs/CONSENSUS.md#transactions).
//!
//! Read in this order: [`StacksTransaction`] and its codec; its accounts (`auth`); what it does (`payload`); what it
//! may move (`post_condition`); which hashes are signed (`sighash`); checking and making signatures (`verify`, `sign`);
//! rules that need no state (`static_check`).
//!
//! # Not here
//! Nonces, balances, execution: `chainstate`.

mod auth;
mod epoch;
mod payload;
mod post_condition;
mod sighash;
mod sign;
mod static_check;
mod tx;
mod verify;

pub use auth::{
    AuthField, MultiSigCondition, MultiSigHashMode, SingleSigCondition, SingleSigHashMode, SpendingCondition,
    TransactionAuth,
};
pub use epoch::Epoch;
pub use payload::{
    ContractCall, ContractVersion, MicroblockHeader, TenureChange, TenureChangeCause, TransactionPayload,
    is_source_character,
};
pub use post_condition::{AssetInfo, FungibleCode, NonFungibleCode, PostCondition, PostConditionPrincipal, PoxCode};
pub use sighash::{AuthRole, postsign, presign};
pub use sign::SignError;
pub use static_check::{CoinbaseRule, StaticRejection};
pub use tx::{AnchorMode, BlockTransaction, PostConditionMode, StacksTransaction, TransactionVersion};
pub use verify::VerifyError;
