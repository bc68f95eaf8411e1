//! Encodings and hashes of parts that are never sent alone, and decoding of transactions that are followed by other
//! bytes.

use crate::codec::{DecodeError, Reader};
use crate::hashing::sha512_256;
use crate::ids::{BlockHash, Txid};
use crate::transaction::{MicroblockHeader, PostCondition, StacksTransaction, TransactionAuth, TransactionPayload};

/// The bytes that `write` appends.
fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

impl TransactionAuth {
    /// Encodes the flag and the conditions.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        written(|out| self.write(out))
    }
}

impl TransactionPayload {
    /// Encodes the payload, beginning with the kind's byte.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        written(|out| self.write(out))
    }
}

impl PostCondition {
    /// Encodes the post-condition.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        written(|out| self.write(out))
    }
}

impl MicroblockHeader {
    /// H(header), signature included.
    #[must_use]
    pub fn block_hash(&self) -> BlockHash {
        BlockHash(sha512_256(&[&written(|out| self.write(out))]))
    }
}

impl StacksTransaction {
    /// The transaction's id, H(encoded transaction). Encodes the transaction each time.
    #[must_use]
    pub fn txid(&self) -> Txid {
        Txid(sha512_256(&[&self.encode()]))
    }

    /// Decodes one transaction at the start of `bytes`, and returns its length in bytes too.
    ///
    /// # Errors
    /// [`DecodeError`] when no transaction of a transaction's largest size starts there.
    pub fn decode_prefix(bytes: &[u8]) -> Result<(Self, usize), DecodeError> {
        let mut reader = Reader::new(bytes);
        let transaction = Self::read(&mut reader)?;
        Ok((transaction, reader.position()))
    }
}
