//! Two microblock headers that show a fork: the payload with which the reference punished the producer.

use super::TransactionPayload;
use crate::codec::{DecodeError, Reader};
use crate::ids::BlockHash;
use crate::keys::MessageSignature;

/// Header of a microblock, 132 bytes. It occurs only in [`TransactionPayload::PoisonMicroblock`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MicroblockHeader {
    /// Version of the header's format.
    pub version: u8,
    /// Number of the microblock in its stream.
    pub sequence: u16,
    /// Hash of the previous block or microblock.
    pub prev_block: BlockHash,
    /// Merkle root over the microblock's transactions.
    pub tx_merkle_root: [u8; 32],
    /// Signature of the microblock's producer over H(header with a zero signature).
    pub signature: MessageSignature,
}

impl MicroblockHeader {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.version);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.prev_block.0);
        out.extend_from_slice(&self.tx_merkle_root);
        out.extend_from_slice(&self.signature.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            version: reader.u8("microblock version")?,
            sequence: reader.u16("microblock sequence")?,
            prev_block: BlockHash(reader.array("microblock previous block")?),
            tx_merkle_root: reader.array("microblock root")?,
            signature: MessageSignature(reader.array("microblock signature")?),
        })
    }
}

pub(super) fn read_poison(reader: &mut Reader<'_>) -> Result<TransactionPayload, DecodeError> {
    let offset = reader.position();
    let headers = [MicroblockHeader::read(reader)?, MicroblockHeader::read(reader)?];
    let invalid = |problem| DecodeError::Invalid { field: "microblock headers", offset, problem };
    let [first, second] = &headers;
    if first == second {
        return Err(invalid("are the same"));
    }
    if first.sequence != second.sequence && first.prev_block != second.prev_block {
        return Err(invalid("share neither sequence nor previous block"));
    }
    if !headers.iter().all(|header| header.signature.is_in_range()) {
        return Err(invalid("have a signature out of range"));
    }
    Ok(TransactionPayload::PoisonMicroblock(Box::new(headers)))
}
