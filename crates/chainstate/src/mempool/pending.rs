//! A pending transaction without its bytes, and its fee rate.

use stacks_types::address::StacksAddress;
use stacks_types::ids::Txid;
use std::cmp::Ordering;

/// The part of a pending transaction that ordering and limits need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingTransaction {
    /// Place in the order of admission, from 1; never used again.
    pub arrival: u64,
    /// Its id.
    pub txid: Txid,
    /// The account that it acts for.
    pub origin: StacksAddress,
    /// The origin's nonce.
    pub origin_nonce: u64,
    /// The account that pays: the sponsor, or the origin again.
    pub payer: StacksAddress,
    /// The payer's nonce; the origin's when it pays itself.
    pub payer_nonce: u64,
    /// Micro-STX.
    pub fee: u64,
    /// Length of its encoding.
    pub size_bytes: u32,
    /// When it was admitted, in seconds since 1970.
    pub accepted_s: u64,
    /// A reorganization brought it back: blocks take it before others, in the order of arrival.
    pub restored: bool,
}

impl PendingTransaction {
    /// Its fee for each byte.
    #[must_use]
    pub(crate) const fn fee_rate(&self) -> FeeRate {
        FeeRate { fee: self.fee, size_bytes: self.size_bytes }
    }

    /// The nonces that it uses: the origin's, and the payer's when that is another account.
    pub(crate) fn nonces(&self) -> impl Iterator<Item = (StacksAddress, u64)> + use<> {
        let payer = (self.payer != self.origin).then_some((self.payer, self.payer_nonce));
        std::iter::once((self.origin, self.origin_nonce)).chain(payer)
    }
}

/// Micro-STX for each byte, as an exact fraction; equal fractions are equal rates.
#[derive(Debug, Clone, Copy)]
pub struct FeeRate {
    /// Micro-STX.
    pub fee: u64,
    /// Bytes; never 0 for a transaction.
    pub size_bytes: u32,
}

impl Ord for FeeRate {
    fn cmp(&self, other: &Self) -> Ordering {
        let one = u128::from(self.fee) * u128::from(other.size_bytes);
        let two = u128::from(other.fee) * u128::from(self.size_bytes);
        one.cmp(&two)
    }
}

impl PartialOrd for FeeRate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for FeeRate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for FeeRate {}
