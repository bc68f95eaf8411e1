//! What goes around a message in gRPC and in this protocol's streams: a byte of flags, and the length in four, big-endian.

use axum::body::Bytes;
use bytes::{Buf as _, BytesMut};
use tonic::Status;

use super::broken;

/// Bytes before a message.
pub(super) const HEAD_BYTES: usize = 5;
/// Flags of an uncompressed message.
pub(super) const MESSAGE: u8 = 0;
/// Flags of the end of a stream, which is JSON.
pub(super) const END: u8 = 2;

/// A message with its flags.
pub(super) struct Envelope {
    pub(super) flags: u8,
    pub(super) message: Bytes,
}

/// Puts a message into an envelope.
///
/// # Errors
/// A bug on our side: it has 4 GiB.
pub(super) fn seal(flags: u8, message: &[u8]) -> Result<Bytes, Status> {
    let length = u32::try_from(message.len()).map_err(|_| broken("the message is too long"))?;
    let mut sealed = BytesMut::with_capacity(HEAD_BYTES + message.len());
    sealed.extend_from_slice(&[flags]);
    sealed.extend_from_slice(&length.to_be_bytes());
    sealed.extend_from_slice(message);
    Ok(sealed.freeze())
}

/// Takes the first envelope from the bytes that have come; `None` as long as it is not whole.
pub(super) fn open(bytes: &mut BytesMut) -> Option<Envelope> {
    let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    let [flags, length @ ..] = *head;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if rest.len() < length {
        return None;
    }
    bytes.advance(HEAD_BYTES);
    Some(Envelope { flags, message: bytes.split_to(length).freeze() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_are_found_however_their_bytes_come() {
        let messages = [(MESSAGE, vec![]), (MESSAGE, vec![7; 300]), (END, b"{}".to_vec())];
        let sealed: Vec<u8> = messages.iter().flat_map(|(flags, message)| seal(*flags, message).unwrap()).collect();
        for piece in [1, 2, 5, 7, 64, sealed.len()] {
            let (mut bytes, mut found) = (BytesMut::new(), Vec::new());
            for part in sealed.chunks(piece) {
                bytes.extend_from_slice(part);
                found.extend(std::iter::from_fn(|| open(&mut bytes)).map(|one| (one.flags, one.message.to_vec())));
            }
            assert_eq!(found, messages, "{piece}");
            assert!(bytes.is_empty());
        }
    }
}
