//! Makes what only the producer can make: its coinbase, and the proof and signature that turn a template into a block.
//!
//! # Invariants
//! - Both are deterministic: the same template, keys and sortition hash give the same bytes.
//! - A template is signed only when it is as requested. Place, transactions and coinbase are checked here, so that a
//!   faulty node gets no signature for something else.
//!
//! # Not here
//! Whether to sign at all: `decide`. Remembering it: `record`.

use stacks_types::address::StacksAddress;
use stacks_types::block::{BlockDecodeError, NakamotoStacksBlock};
use stacks_types::ids::{BurnBlockHash, SortitionHash, StacksBlockId};
use stacks_types::keys::{MessageSignature, PrivateKey};
use stacks_types::limits::MAX_BLOCK_BYTES;
use stacks_types::transaction::{SignError, SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload};
use stacks_types::vrf::{VrfPrivateKey, VrfProof};

use crate::model::{SignedBlock, Template, View};

/// Content of the coinbase's free 32 bytes.
const COINBASE_TEXT: &[u8; 32] = b"mockamoto\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The two keys of a producer.
#[derive(Debug)]
pub(crate) struct Keys {
    /// Key that signs blocks, coinbases and StackerDB chunks.
    pub signing: PrivateKey,
    /// Key that makes VRF proofs.
    pub vrf: VrfPrivateKey,
}

impl Keys {
    /// Address of the signing key, to which the coinbase belongs.
    #[must_use]
    pub(crate) fn address(&self, mainnet: bool) -> StacksAddress {
        StacksAddress::p2pkh(&self.signing.public_key(), mainnet)
    }
}

/// The last proof that was made. All blocks of a tenure have the same.
#[derive(Debug, Default)]
pub(crate) struct LastProof(Option<(SortitionHash, VrfProof)>);

impl LastProof {
    /// The proof of `key` over `message`. `key` must always be the same.
    fn of(&mut self, key: &VrfPrivateKey, message: SortitionHash) -> VrfProof {
        match self.0 {
            Some((last, proof)) if last == message => proof,
            _ => {
                let proof = key.prove(message.as_bytes());
                self.0 = Some((message, proof));
                proof
            }
        }
    }
}

/// Why a template is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    /// Its bytes do not decode as a block.
    #[error("template does not decode")]
    Decode(#[from] BlockDecodeError),
    /// It does not follow the tip of the view.
    #[error("template is for length {got_length} on {got_parent}, the tip is {parent} with length {tip_length}")]
    Place {
        /// Parent of the template.
        got_parent: StacksBlockId,
        /// Chain length of the template.
        got_length: u64,
        /// The canonical tip.
        parent: StacksBlockId,
        /// Chain length of the tip.
        tip_length: u64,
    },
    /// Its burn view is not the burn tip of the view.
    #[error("template has burn view {got}, the burn tip is {expected}")]
    BurnView {
        /// Burn view of the template.
        got: BurnBlockHash,
        /// The canonical burn tip.
        expected: BurnBlockHash,
    },
    /// Its Merkle root is not that of its transactions.
    #[error("template's merkle root is not that of its transactions")]
    MerkleRoot,
    /// It has no coinbase of this producer in a new tenure, or one in an old tenure.
    #[error("template's coinbase is missing, not first, not by this producer, or not wanted")]
    Coinbase,
    /// It already has signatures.
    #[error("template has signatures")]
    HasSignatures,
    /// With the stackers' signatures it would be too large to be pushed.
    #[error("template has {bytes} bytes; with {stackers} signatures it is above the limit")]
    TooLarge {
        /// Encoded length of the template.
        bytes: usize,
        /// Number of stackers; each signature has 65 bytes.
        stackers: usize,
    },
}

/// The signed coinbase of `keys`' account, fee 0, SIP-005 encoding.
///
/// # Errors
/// [`SignError`] if the key cannot sign for its own account, which does not happen.
pub(crate) fn coinbase(keys: &Keys, view: &View, nonce: u64) -> Result<Vec<u8>, SignError> {
    let auth = TransactionAuth::Standard(SpendingCondition::p2pkh(&keys.signing, nonce, 0));
    let payload = TransactionPayload::Coinbase { buffer: *COINBASE_TEXT };
    let mut transaction = StacksTransaction::new(view.mainnet, auth, payload);
    transaction.chain_id = view.chain_id;
    transaction.sign_origin(&keys.signing)?;
    Ok(transaction.encode())
}

/// Checks a template against the view, then proves and signs it. The result has no stacker signatures.
///
/// # Errors
/// [`SealError`] when the template is not as requested.
pub(crate) fn seal(
    keys: &Keys,
    view: &View,
    template: &Template,
    last_proof: &mut LastProof,
) -> Result<SignedBlock, SealError> {
    let mut block = NakamotoStacksBlock::decode(&template.bytes)?;
    check(keys, view, &block)?;
    block.header.vrf_proof = last_proof.of(&keys.vrf, template.sortition_hash);
    if view.well_known {
        block.header.sign_well_known();
        block.header.stacker_signatures.clear();
    } else {
        block.header.sign_producer(&keys.signing);
    }
    Ok(SignedBlock {
        block_hash: block.header.block_hash(),
        block_id: block.header.block_id(),
        parent: block.header.parent_block_id,
        burn_view: block.header.bitcoin_block_hash,
        chain_length: block.header.chain_length,
        bytes: block.encode(),
    })
}

/// Adds the stackers' signatures to a signed block. The result can be pushed.
///
/// # Errors
/// [`BlockDecodeError`] when the recorded bytes are damaged.
pub(crate) fn with_signatures(
    block: &SignedBlock,
    signatures: Vec<MessageSignature>,
    well_known: bool,
) -> Result<Vec<u8>, BlockDecodeError> {
    let mut decoded = NakamotoStacksBlock::decode(&block.bytes)?;
    if well_known {
        decoded.header.sign_well_known();
    } else {
        decoded.header.stacker_signatures = signatures;
    }
    Ok(decoded.encode())
}

fn check(keys: &Keys, view: &View, block: &NakamotoStacksBlock) -> Result<(), SealError> {
    let header = &block.header;
    if header.parent_block_id != view.tip || Some(header.chain_length) != view.chain_length.checked_add(1) {
        return Err(SealError::Place {
            got_parent: header.parent_block_id,
            got_length: header.chain_length,
            parent: view.tip,
            tip_length: view.chain_length,
        });
    }
    if header.bitcoin_block_hash != view.burn_tip {
        return Err(SealError::BurnView { got: header.bitcoin_block_hash, expected: view.burn_tip });
    }
    if header.tx_merkle_root != block.computed_tx_merkle_root() {
        return Err(SealError::MerkleRoot);
    }
    if header.producer_signature != MessageSignature::default() || !header.stacker_signatures.is_empty() {
        return Err(SealError::HasSignatures);
    }
    let own = keys.address(view.mainnet);
    let is_own_coinbase = |transaction: &StacksTransaction| {
        transaction.payload.is_coinbase() && transaction.origin_address(view.mainnet).hash160() == own.hash160()
    };
    let mut transactions = block.txs.iter().map(|tx| tx.transaction());
    if view.new_tenure && !transactions.next().is_some_and(is_own_coinbase) {
        return Err(SealError::Coinbase);
    }
    if transactions.any(|transaction| transaction.payload.is_coinbase()) {
        return Err(SealError::Coinbase);
    }
    let stackers = view.stackers.len();
    let signatures_bytes = stackers.saturating_mul(MessageSignature::LEN);
    let bytes = block.encoded_length();
    if bytes.saturating_add(signatures_bytes) > MAX_BLOCK_BYTES {
        return Err(SealError::TooLarge { bytes, stackers });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Mining, MiningMode};
    use stacks_types::block::NakamotoStacksBlockHeader;
    use stacks_types::ids::{MerkleRoot, StateRoot};
    use stacks_types::keys::LowS;
    use stacks_types::transaction::BlockTransaction;

    fn seal(keys: &Keys, view: &View, template: &Template) -> Result<SignedBlock, SealError> {
        super::seal(keys, view, template, &mut LastProof::default())
    }

    #[test]
    fn each_sortition_has_its_own_proof() {
        let (keys, mut last) = (keys(), LastProof::default());
        for message in [1, 1, 2, 1] {
            let message = SortitionHash([message; 32]);
            let proof = last.of(&keys.vrf, message);
            proof.verify(&keys.vrf.public_key(), message.as_bytes()).unwrap();
        }
    }

    fn keys() -> Keys {
        Keys { signing: PrivateKey::from_seed(b"producer"), vrf: VrfPrivateKey::from_seed(&[7; 32]) }
    }

    fn view(new_tenure: bool, well_known: bool) -> View {
        View {
            tip: StacksBlockId([1; 32]),
            chain_length: 4,
            burn_tip: BurnBlockHash([2; 32]),
            new_tenure,
            elected: true,
            nonce: 9,
            mempool_count: 0,
            well_known,
            chain_id: 0x8000_0000,
            mainnet: false,
            stackers: Vec::new().into(),
            sequence: 1,
            slot_id: Some(0),
            mining: Mining { mode: MiningMode::Mixed, interval_ms: None, wanted: false },
        }
    }

    fn template(view: &View, txs: Vec<Vec<u8>>) -> Template {
        let txs = txs.iter().map(|raw| BlockTransaction::decode(raw).unwrap()).collect();
        let mut block = NakamotoStacksBlock {
            header: NakamotoStacksBlockHeader {
                version: 0,
                chain_length: 5,
                burn_spent: 10,
                bitcoin_block_hash: view.burn_tip,
                parent_block_id: view.tip,
                tx_merkle_root: MerkleRoot::default(),
                state_index_root: StateRoot([8; 32]),
                vrf_proof: VrfProof::default(),
                producer_signature: MessageSignature::default(),
                stacker_signatures: Vec::new(),
            },
            txs,
        };
        block.header.tx_merkle_root = block.computed_tx_merkle_root();
        Template {
            parent: view.tip,
            burn_view: view.burn_tip,
            sortition_hash: SortitionHash([3; 32]),
            new_tenure: view.new_tenure,
            transactions: block.txs.len(),
            bytes: block.encode(),
        }
    }

    #[test]
    fn the_coinbase_is_a_free_transaction_that_its_producer_signed() {
        let (keys, view) = (keys(), view(true, false));
        let raw = coinbase(&keys, &view, 9).unwrap();
        let transaction = StacksTransaction::decode(&raw).unwrap();
        transaction.verify(LowS::Strict).unwrap();
        assert_eq!(transaction.origin_address(false), keys.address(false));
        assert_eq!((transaction.origin_nonce(), transaction.fee(), transaction.chain_id), (9, 0, 0x8000_0000));
        assert_eq!(transaction.payload_name(), "Coinbase");
    }

    #[test]
    fn a_sealed_block_has_proof_and_signature_and_is_the_same_each_time() {
        let (keys, view) = (keys(), view(true, false));
        let template = template(&view, vec![coinbase(&keys, &view, 9).unwrap()]);
        let signed = seal(&keys, &view, &template).unwrap();
        assert_eq!(signed, seal(&keys, &view, &template).unwrap());
        let block = NakamotoStacksBlock::decode(&signed.bytes).unwrap();
        let proof = block.header.vrf_proof;
        proof.verify(&keys.vrf.public_key(), template.sortition_hash.as_bytes()).unwrap();
        let producer = block.header.recover_producer().unwrap();
        assert_eq!(StacksAddress::p2pkh(&producer, false), keys.address(false));
        assert!(block.header.stacker_signatures.is_empty());
        assert_eq!((signed.block_hash, signed.chain_length), (block.header.block_hash(), 5));
        let stacker = PrivateKey::from_seed(b"stacker").sign(signed.block_hash.as_bytes());
        let pushed = NakamotoStacksBlock::decode(&with_signatures(&signed, vec![stacker], false).unwrap()).unwrap();
        assert_eq!(pushed.header.stacker_signatures, vec![stacker]);
        assert_eq!(pushed.block_id(), signed.block_id);
    }

    #[test]
    fn well_known_mode_puts_the_constant_in_both_fields() {
        let (keys, view) = (keys(), view(true, true));
        let template = template(&view, vec![coinbase(&keys, &view, 9).unwrap()]);
        let signed = seal(&keys, &view, &template).unwrap();
        let pushed = NakamotoStacksBlock::decode(&with_signatures(&signed, Vec::new(), true).unwrap()).unwrap();
        assert!(pushed.header.has_well_known_producer() && pushed.header.has_well_known_stackers());
        assert_eq!(pushed.block_id(), signed.block_id);
    }

    #[test]
    fn a_template_that_is_not_what_was_asked_for_is_not_signed() {
        let keys = keys();
        let (new, old) = (view(true, false), view(false, false));
        let own = coinbase(&keys, &new, 9).unwrap();
        let other = Keys { signing: PrivateKey::from_seed(b"other"), vrf: VrfPrivateKey::from_seed(&[8; 32]) };
        let others = coinbase(&other, &new, 9).unwrap();
        for (view, txs) in [
            (&new, vec![]),
            (&new, vec![others]),
            (&new, vec![own.clone(), coinbase(&keys, &new, 10).unwrap()]),
            (&old, vec![own.clone()]),
        ] {
            assert!(matches!(seal(&keys, view, &template(view, txs)), Err(SealError::Coinbase)));
        }
        assert!(seal(&keys, &old, &template(&old, vec![])).is_ok());
        let good = template(&new, vec![own]);
        let moved = View { tip: StacksBlockId([9; 32]), ..new.clone() };
        assert!(matches!(seal(&keys, &moved, &good), Err(SealError::Place { .. })));
        let moved = View { chain_length: 3, ..new.clone() };
        assert!(matches!(seal(&keys, &moved, &good), Err(SealError::Place { .. })));
        let moved = View { burn_tip: BurnBlockHash([9; 32]), ..new.clone() };
        assert!(matches!(seal(&keys, &moved, &good), Err(SealError::BurnView { .. })));
        let mut block = NakamotoStacksBlock::decode(&good.bytes).unwrap();
        block.header.tx_merkle_root = MerkleRoot([0; 32]);
        let bad = Template { bytes: block.encode(), ..good.clone() };
        assert!(matches!(seal(&keys, &new, &bad), Err(SealError::MerkleRoot)));
        let signed = Template { bytes: seal(&keys, &new, &good).unwrap().bytes, ..good };
        assert!(matches!(seal(&keys, &new, &signed), Err(SealError::HasSignatures)));
    }
}
