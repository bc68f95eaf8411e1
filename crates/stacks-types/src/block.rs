//! Blocks and their headers (docs/CONSENSUS.md#blocks). This is our own format, not the reference's Nakamoto header.
//!
//! # Invariants
//! - A decoded block is at most [`MAX_BLOCK_BYTES`] long, fills its bytes, and has no txid twice. (Repeated txids
//!   could leave the Merkle root, and so the block id, unchanged.)
//! - A block's id can be computed from its header alone.
//!
//! # Not here
//! When a block is valid (docs/CONSENSUS.md#rules-of-a-block): `chainstate::blocks`.

use crate::codec::{DecodeError, Reader, write_count};
use crate::hashing::sha512_256;
use crate::ids::{BlockHash, BurnBlockHash, ConsensusHash, MerkleRoot, StacksBlockId, StateRoot, Txid};
use crate::keys::{KeyError, LowS, MessageSignature, PrivateKey, PublicKey};
use crate::limits::MAX_BLOCK_BYTES;
use crate::merkle;
use crate::transaction::{BlockTransaction, StacksTransaction};
use crate::vrf::VrfProof;

/// The only header version.
pub const HEADER_VERSION: u8 = 0;

/// The signature in the well-known signing mode (docs/CONSENSUS.md#blocks): 65 bytes of 01. The producer's field is this
/// constant, and the stackers' list holds it exactly once. As an ECDSA signature it has recovery id 1.
pub const WELL_KNOWN_SIGNATURE: MessageSignature = MessageSignature([0x01; 65]);

/// Length of a header without stacker signatures: fields 1 to 9 and the count.
pub const HEADER_BYTES_MIN: usize = 1 + 8 + 8 + 32 + 32 + 32 + 32 + 80 + 65 + 4;

/// Lower bound of a transaction's length, for counts: version, chain id, auth flag, a multi-sig condition without fields, modes, a
/// count of post-conditions, a payload's kind.
const TRANSACTION_BYTES_MIN: usize = 1 + 4 + 1 + (1 + 20 + 8 + 8 + 4 + 2) + 2 + 4 + 1;

/// How blocks are signed; fixed at genesis (docs/CONSENSUS.md#blocks).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SigningMode {
    /// Recoverable ECDSA by the producer and the stackers.
    #[default]
    Ecdsa,
    /// Both fields hold [`WELL_KNOWN_SIGNATURE`], and nothing else is accepted.
    WellKnown,
}

/// Why bytes are not a block, with one variant for each reason code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockDecodeError {
    /// `BAD_VERSION`: the header's version is not 0.
    #[error("header version is {0}, not 0")]
    BadVersion(u8),
    /// `TOO_LARGE`: more bytes than [`MAX_BLOCK_BYTES`].
    #[error("block has {0} bytes, above {MAX_BLOCK_BYTES}")]
    TooLarge(usize),
    /// `BAD_ENCODING`: anything else.
    #[error("block does not decode")]
    BadEncoding(#[from] DecodeError),
}

/// Header of a block, with fields 1 to 10 of docs/CONSENSUS.md#blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NakamotoStacksBlockHeader {
    /// 1: format version; [`HEADER_VERSION`].
    pub version: u8,
    /// 2: Stacks blocks before and including this one; the boot block has 0.
    pub chain_length: u64,
    /// 3: satoshis spent on this fork so far, this tenure's included.
    pub burn_spent: u64,
    /// 4: the latest bitcoin block whose data this block witnessed, its burn view.
    pub bitcoin_block_hash: BurnBlockHash,
    /// 5: id of the parent block.
    pub parent_block_id: StacksBlockId,
    /// 6: Merkle root over the txids.
    pub tx_merkle_root: MerkleRoot,
    /// 7: MARF root after all transactions.
    pub state_index_root: StateRoot,
    /// 8: the producer's proof over the burn view's sortition hash; zeros in a template.
    pub vrf_proof: VrfProof,
    /// 9: the producer's signature over [`NakamotoStacksBlockHeader::producer_sighash`]; zeros in a template.
    pub producer_signature: MessageSignature,
    /// 10: the stackers' signatures over [`NakamotoStacksBlockHeader::block_hash`], in stacker-set order; empty in a proposal.
    pub stacker_signatures: Vec<MessageSignature>,
}

impl NakamotoStacksBlockHeader {
    /// Decodes a header that fills `bytes`.
    ///
    /// # Errors
    /// [`BlockDecodeError`] for another version, or bytes that do not decode as a header.
    pub fn decode(bytes: &[u8]) -> Result<Self, BlockDecodeError> {
        let mut reader = Reader::new(bytes);
        let header = Self::read(&mut reader)?;
        reader.finish("header")?;
        Ok(header)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, BlockDecodeError> {
        let version = reader.u8("header version")?;
        if version != HEADER_VERSION {
            return Err(BlockDecodeError::BadVersion(version));
        }
        Ok(Self {
            version,
            chain_length: reader.u64("chain length")?,
            burn_spent: reader.u64("burn spent")?,
            bitcoin_block_hash: BurnBlockHash(reader.array("bitcoin block hash")?),
            parent_block_id: StacksBlockId(reader.array("parent block id")?),
            tx_merkle_root: MerkleRoot(reader.array("transaction merkle root")?),
            state_index_root: StateRoot(reader.array("state index root")?),
            vrf_proof: VrfProof(reader.array("vrf proof")?),
            producer_signature: MessageSignature(reader.array("producer signature")?),
            stacker_signatures: read_stacker_signatures(reader)?,
        })
    }

    /// Encodes the header, all ten fields.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.fields_1_to_9();
        write_count(&mut out, self.stacker_signatures.len());
        self.stacker_signatures.iter().for_each(|signature| out.extend_from_slice(&signature.0));
        out
    }

    fn fields_1_to_8(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES_MIN + MessageSignature::LEN * self.stacker_signatures.len());
        out.push(self.version);
        out.extend_from_slice(&self.chain_length.to_be_bytes());
        out.extend_from_slice(&self.burn_spent.to_be_bytes());
        out.extend_from_slice(&self.bitcoin_block_hash.0);
        out.extend_from_slice(&self.parent_block_id.0);
        out.extend_from_slice(&self.tx_merkle_root.0);
        out.extend_from_slice(&self.state_index_root.0);
        out.extend_from_slice(&self.vrf_proof.0);
        out
    }

    fn fields_1_to_9(&self) -> Vec<u8> {
        let mut out = self.fields_1_to_8();
        out.extend_from_slice(&self.producer_signature.0);
        out
    }

    /// H(fields 1 to 8): what the producer signs.
    #[must_use]
    pub fn producer_sighash(&self) -> [u8; 32] {
        sha512_256(&[&self.fields_1_to_8()])
    }

    /// H(fields 1 to 9): what the stackers sign.
    #[must_use]
    pub fn block_hash(&self) -> BlockHash {
        BlockHash(sha512_256(&[&self.fields_1_to_9()]))
    }

    /// Consensus hash of the burn view, a function of its hash alone.
    #[must_use]
    pub fn consensus_hash(&self) -> ConsensusHash {
        ConsensusHash::of_burn_block(&self.bitcoin_block_hash)
    }

    /// H(block hash ‖ consensus hash).
    #[must_use]
    pub fn block_id(&self) -> StacksBlockId {
        StacksBlockId::new(&self.consensus_hash(), &self.block_hash())
    }

    /// Signs as the producer. Fields 1 to 8 must be set before.
    pub fn sign_producer(&mut self, key: &PrivateKey) {
        self.producer_signature = key.sign(&self.producer_sighash());
    }

    /// The key that signed as producer. A high S is accepted (docs/CONSENSUS.md#keys-and-addresses).
    ///
    /// # Errors
    /// [`KeyError`] when no key recovers.
    pub fn recover_producer(&self) -> Result<PublicKey, KeyError> {
        self.producer_signature.recover(&self.producer_sighash(), LowS::Lax)
    }

    /// The keys that signed as stackers, in the list's order. A high S is accepted
    /// (docs/CONSENSUS.md#keys-and-addresses). Stops at the first signature that recovers no key.
    ///
    /// # Errors
    /// [`KeyError`] of that signature.
    pub fn recover_stackers(&self) -> Result<Vec<PublicKey>, KeyError> {
        let digest = self.block_hash();
        self.stacker_signatures.iter().map(|signature| signature.recover(&digest.0, LowS::Lax)).collect()
    }

    /// Sets both signature fields to [`WELL_KNOWN_SIGNATURE`].
    pub fn sign_well_known(&mut self) {
        self.producer_signature = WELL_KNOWN_SIGNATURE;
        self.stacker_signatures = vec![WELL_KNOWN_SIGNATURE];
    }

    /// Whether the producer's field is [`WELL_KNOWN_SIGNATURE`].
    #[must_use]
    pub fn has_well_known_producer(&self) -> bool {
        self.producer_signature == WELL_KNOWN_SIGNATURE
    }

    /// Whether the stackers' list is exactly one [`WELL_KNOWN_SIGNATURE`].
    #[must_use]
    pub fn has_well_known_stackers(&self) -> bool {
        self.stacker_signatures == [WELL_KNOWN_SIGNATURE]
    }
}

fn read_stacker_signatures(reader: &mut Reader<'_>) -> Result<Vec<MessageSignature>, DecodeError> {
    let count = reader.count("stacker signature count", MessageSignature::LEN, usize::MAX)?;
    // `count` has checked that the bytes are there, so the allocation is no larger than the input.
    let mut signatures = Vec::with_capacity(count);
    for _ in 0..count {
        signatures.push(MessageSignature(reader.array("stacker signature")?));
    }
    Ok(signatures)
}

/// A block: its header and its transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NakamotoStacksBlock {
    /// Header, which commits to the transactions by their Merkle root.
    pub header: NakamotoStacksBlockHeader,
    /// Transactions in the order in which they are executed.
    pub txs: Vec<BlockTransaction>,
}

impl NakamotoStacksBlock {
    /// Decodes a block that fills `bytes`.
    ///
    /// # Errors
    /// [`BlockDecodeError`]: too large, another version, bytes that do not decode, or a txid twice.
    pub fn decode(bytes: &[u8]) -> Result<Self, BlockDecodeError> {
        if bytes.len() > MAX_BLOCK_BYTES {
            return Err(BlockDecodeError::TooLarge(bytes.len()));
        }
        let mut reader = Reader::new(bytes);
        let header = NakamotoStacksBlockHeader::read(&mut reader)?;
        let offset = reader.position();
        let count = reader.count("transaction count", TRANSACTION_BYTES_MIN, usize::MAX)?;
        let mut txs = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..count {
            let transaction = BlockTransaction::new(StacksTransaction::read(&mut reader)?);
            if !seen.insert(transaction.txid()) {
                let problem = "have a txid twice";
                return Err(DecodeError::Invalid { field: "transactions", offset, problem }.into());
            }
            txs.push(transaction);
        }
        reader.finish("block")?;
        Ok(Self { header, txs })
    }

    /// Encodes the block. When making blocks, compare [`NakamotoStacksBlock::encoded_length`] with [`MAX_BLOCK_BYTES`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.header.encode();
        write_count(&mut out, self.txs.len());
        self.txs.iter().for_each(|transaction| out.extend_from_slice(transaction.raw()));
        out
    }

    /// Length of the encoded block in bytes, without encoding it.
    #[must_use]
    pub fn encoded_length(&self) -> usize {
        let signatures = MessageSignature::LEN * self.header.stacker_signatures.len();
        let transactions: usize = self.txs.iter().map(BlockTransaction::length).sum();
        HEADER_BYTES_MIN + signatures + 4 + transactions
    }

    /// Id of the block, from its header.
    #[must_use]
    pub fn block_id(&self) -> StacksBlockId {
        self.header.block_id()
    }

    /// Ids of the transactions, in block order.
    #[must_use]
    pub fn txids(&self) -> Vec<Txid> {
        self.txs.iter().map(BlockTransaction::txid).collect()
    }

    /// Merkle root over the txids of this block's transactions, whatever the header says.
    #[must_use]
    pub fn computed_tx_merkle_root(&self) -> MerkleRoot {
        merkle::root(&self.txids())
    }
}
