//! What our producers and signers write to each other in StackerDB slots (docs/ACTORS.md). The format is our own.
//!
//! ```text
//! version (1) = 1
//! kind (1):  1 proposal    u32 length, block bytes
//!            2 accepted    block hash (32), signature (65)
//!            3 rejected    block hash (32), reason code (u32), u32 length, reason text (UTF-8, at most 1 KiB)
//! ```
//!
//! # Not here
//! Who may write a slot: `stackerdb`. What the reason codes mean: the enum in the gRPC contract.

use crate::codec::{DecodeError, Reader, write_bytes_u32};
use crate::ids::BlockHash;
use crate::keys::MessageSignature;
use crate::limits::{MAX_BLOCK_BYTES, MAX_REASON_BYTES};

/// The only message version.
const MESSAGE_VERSION: u8 = 1;

const KIND_PROPOSAL: u8 = 1;
const KIND_ACCEPTED: u8 = 2;
const KIND_REJECTED: u8 = 3;

/// Content of a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotMessage {
    /// A producer asks the stackers to sign a block.
    BlockProposal {
        /// An encoded block, signed by its producer; at most [`MAX_BLOCK_BYTES`]. Not decoded here.
        block: Vec<u8>,
    },
    /// A stacker signs a block.
    SignatureAccept {
        /// Hash of the header without the stackers' signatures, which is what is signed.
        block_hash: BlockHash,
        /// Signature of the stacker over the block hash.
        signature: MessageSignature,
    },
    /// A stacker refuses to sign a block.
    Reject {
        /// Hash of the refused block's header, as in [`SlotMessage::SignatureAccept`].
        block_hash: BlockHash,
        /// Code of the broken rule.
        reason_code: u32,
        /// Details for people; at most [`MAX_REASON_BYTES`] when encoded.
        reason: String,
    },
}

impl SlotMessage {
    /// Encodes the message. A reason longer than [`MAX_REASON_BYTES`] is cut between two characters.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![MESSAGE_VERSION];
        match self {
            Self::BlockProposal { block } => {
                out.push(KIND_PROPOSAL);
                write_bytes_u32(&mut out, block);
            }
            Self::SignatureAccept { block_hash, signature } => {
                out.push(KIND_ACCEPTED);
                out.extend_from_slice(&block_hash.0);
                out.extend_from_slice(&signature.0);
            }
            Self::Reject { block_hash, reason_code, reason } => {
                out.push(KIND_REJECTED);
                out.extend_from_slice(&block_hash.0);
                out.extend_from_slice(&reason_code.to_be_bytes());
                write_bytes_u32(&mut out, cut(reason, MAX_REASON_BYTES).as_bytes());
            }
        }
        out
    }

    /// Decodes a message that fills `bytes`.
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes are no message, a length is above its limit, or bytes follow.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let value = reader.u8("message version")?;
        if value != MESSAGE_VERSION {
            return Err(DecodeError::UnknownByte { field: "message version", offset: 0, value });
        }
        let offset = reader.position();
        let message = match reader.u8("message kind")? {
            KIND_PROPOSAL => Self::BlockProposal { block: reader.bytes_u32("block length", MAX_BLOCK_BYTES)?.to_vec() },
            KIND_ACCEPTED => Self::SignatureAccept {
                block_hash: BlockHash(reader.array("block hash")?),
                signature: MessageSignature(reader.array("signature")?),
            },
            KIND_REJECTED => Self::Reject {
                block_hash: BlockHash(reader.array("block hash")?),
                reason_code: reader.u32("reason code")?,
                reason: read_reason(&mut reader)?,
            },
            value => return Err(DecodeError::UnknownByte { field: "message kind", offset, value }),
        };
        reader.finish("message")?;
        Ok(message)
    }
}

fn read_reason(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    let offset = reader.position();
    let bytes = reader.bytes_u32("reason length", MAX_REASON_BYTES)?;
    let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::Invalid {
        field: "reason",
        offset,
        problem: "is not utf-8",
    })?;
    Ok(text.to_owned())
}

/// The longest prefix of at most `bytes_max` bytes that ends between two characters.
fn cut(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or("")
}
