//! Rule 1, and the Merkle root of rule 6: rules that need the bytes alone.

use stacks_types::block::{HEADER_VERSION, NakamotoStacksBlock, NakamotoStacksBlockHeader, SigningMode};
use stacks_types::keys::MessageSignature;
use stacks_types::limits::MAX_BLOCK_BYTES;

use crate::blocks::Rejection;

/// Decodes bytes from outside to a block.
///
/// # Errors
/// [`Rejection::TooLarge`], [`Rejection::BadVersion`] or [`Rejection::BadEncoding`].
pub(crate) fn decode_block(bytes: &[u8]) -> Result<NakamotoStacksBlock, Rejection> {
    if bytes.len() > MAX_BLOCK_BYTES {
        return Err(Rejection::TooLarge { size: bytes.len(), max: MAX_BLOCK_BYTES });
    }
    // An unknown version may have another layout, so it is reported before a bad encoding is.
    match bytes.first() {
        Some(&version) if version != HEADER_VERSION => return Err(Rejection::BadVersion(version)),
        _ => {}
    }
    NakamotoStacksBlock::decode(bytes).map_err(|error| Rejection::BadEncoding(error.to_string()))
}

/// Bytes that the signatures of so many stackers take in a block, all of them counted.
pub(crate) const fn signatures_bytes(stackers: usize, signing: SigningMode) -> usize {
    match signing {
        SigningMode::Ecdsa => MessageSignature::LEN.saturating_mul(stackers),
        SigningMode::WellKnown => MessageSignature::LEN,
    }
}

/// Checks that a proposal of `length` bytes is no larger than a block may be once all its stackers have signed.
pub(super) fn check_room(
    length: usize,
    header: &NakamotoStacksBlockHeader,
    stackers: usize,
    signing: SigningMode,
) -> Result<(), Rejection> {
    let unsigned = length.saturating_sub(MessageSignature::LEN.saturating_mul(header.stacker_signatures.len()));
    let size = unsigned.saturating_add(signatures_bytes(stackers, signing));
    if size > MAX_BLOCK_BYTES { Err(Rejection::TooLarge { size, max: MAX_BLOCK_BYTES }) } else { Ok(()) }
}

pub(super) fn check_version(header: &NakamotoStacksBlockHeader) -> Result<(), Rejection> {
    if header.version == HEADER_VERSION { Ok(()) } else { Err(Rejection::BadVersion(header.version)) }
}

pub(super) fn check_merkle_root(block: &NakamotoStacksBlock) -> Result<(), Rejection> {
    let (expected, got) = (block.computed_tx_merkle_root(), block.header.tx_merkle_root);
    if expected == got { Ok(()) } else { Err(Rejection::BadTxMerkleRoot { expected, got }) }
}
