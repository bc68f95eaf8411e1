//! What one transaction does to the state, and what it may not do (docs/COMPATIBILITY.md#transactions).
//!
//! Read in this order: [`rules`] (judged without state), [`verified`] (signatures, once), [`mod@process`] (nonces and fee),
//! [`payload`] (the rest), [`post_conditions`], [`receipts`] (what a block tells of it), [`errors`] (what may not be in
//! a block), [`boot`] (what observers are told of block 0).

#![expect(clippy::result_large_err, reason = "the VM's error types are large, and only pass through here")]

mod boot;
mod errors;
mod payload;
mod post_conditions;
mod process;
mod receipts;
mod rules;
mod verified;

pub use boot::BootTransaction;
pub(crate) use boot::{boot_deploy, boot_mints};
pub use errors::{CostOverrun, MinerAction, TransactionError};
pub use post_conditions::{PostConditionFailure, check_post_conditions};
pub(crate) use process::process;
pub use receipts::{NoConsensusForm, ReceiptStatus, TransactionReceipt, event_json};
pub use rules::check_static;
pub use verified::VerifiedTransaction;
