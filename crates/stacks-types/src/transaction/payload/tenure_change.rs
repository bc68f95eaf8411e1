//! The reference's way to begin or extend a tenure.

use crate::codec::{DecodeError, Reader};
use crate::ids::{ConsensusHash, Hash160, StacksBlockId};
use crate::wire_enum::{WireEnum, wire_enum};

/// Payload of a tenure change, as in the reference's Nakamoto rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenureChange {
    /// Consensus hash of the tenure.
    pub tenure_consensus_hash: ConsensusHash,
    /// Consensus hash of the previous tenure.
    pub prev_tenure_consensus_hash: ConsensusHash,
    /// Consensus hash of the newest sortition seen.
    pub burn_view_consensus_hash: ConsensusHash,
    /// Id of the last block of the previous tenure.
    pub previous_tenure_end: StacksBlockId,
    /// Number of blocks in the previous tenure.
    pub previous_tenure_blocks: u32,
    /// What began or extended the tenure.
    pub cause: TenureChangeCause,
    /// hash160 of the public key of the tenure's producer.
    pub pubkey_hash: Hash160,
}

wire_enum! {
    /// What begins or extends a tenure.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[expect(missing_docs, reason = "the names say all there is")]
    pub enum TenureChangeCause("tenure change cause") {
        BlockFound = 0,
        ExtendedAll = 1,
        ExtendedRuntime = 2,
        ExtendedReadCount = 3,
        ExtendedReadLength = 4,
        ExtendedWriteCount = 5,
        ExtendedWriteLength = 6,
    }
}

impl TenureChange {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.tenure_consensus_hash.0);
        out.extend_from_slice(&self.prev_tenure_consensus_hash.0);
        out.extend_from_slice(&self.burn_view_consensus_hash.0);
        out.extend_from_slice(&self.previous_tenure_end.0);
        out.extend_from_slice(&self.previous_tenure_blocks.to_be_bytes());
        out.push(self.cause.to_byte());
        out.extend_from_slice(&self.pubkey_hash.0);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            tenure_consensus_hash: ConsensusHash(reader.array("tenure consensus hash")?),
            prev_tenure_consensus_hash: ConsensusHash(reader.array("previous tenure consensus hash")?),
            burn_view_consensus_hash: ConsensusHash(reader.array("burn view consensus hash")?),
            previous_tenure_end: StacksBlockId(reader.array("previous tenure end")?),
            previous_tenure_blocks: reader.u32("previous tenure blocks")?,
            cause: TenureChangeCause::read(reader)?,
            pubkey_hash: Hash160(reader.array("producer key hash")?),
        })
    }
}
