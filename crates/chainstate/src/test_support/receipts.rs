//! Decodes parts of receipts.

use clarity::value::Value;
use stacks_types::value::decode_value;

use crate::transactions::TransactionReceipt;

impl TransactionReceipt {
    /// The result as a Clarity value; none if the bytes do not decode, which would be a bug.
    #[must_use]
    pub fn result(&self) -> Option<Value> {
        decode_value(&self.raw_result).ok()
    }
}
