//! One transaction (docs/COMPATIBILITY.md#transactions): whether it may be in a block, and what it did.
//!
//! Read in this order: [`rules`] (rules without state), [`verified`] (signatures, once), [`receipts`] (results of mined
//! transactions), [`errors`] (why one may not be in a block), [`boot`] (what observers get of block 0).
//!
//! # Not here
//! Executing it: `execution`.

mod boot;
mod errors;
mod receipts;
mod rules;
mod verified;

pub use boot::BootTransaction;
pub(crate) use boot::{boot_deploy, boot_mints};
pub use errors::{CostOverrun, TransactionError};
pub(crate) use errors::{MinerAction, WAITS_FOR_TENURE};
pub(crate) use receipts::{MAX_RECEIPTS_BYTES, interface_json};
pub use receipts::{ReceiptStatus, TransactionReceipt};
pub(crate) use rules::check_static;
pub use verified::VerifiedTransaction;
