//! Encoded values decode to the same value.

use clarity::names::ContractName;
use clarity::value::Value;
use proptest::prelude::*;
use stacks_types::address::StacksAddress;
use stacks_types::block::{BlockDecodeError, HEADER_BYTES_MIN, NakamotoStacksBlock, NakamotoStacksBlockHeader};
use stacks_types::codec::{DecodeError, Reader};
use stacks_types::hashing::sha512_256;
use stacks_types::ids::{ConsensusHash, StacksBlockId};
use stacks_types::keys::{KeyEncoding, LowS, PrivateKey};
use stacks_types::limits::{MAX_BLOCK_BYTES, MAX_REASON_BYTES};
use stacks_types::merkle;
use stacks_types::proposal::SlotMessage;
use stacks_types::transaction::{
    AuthRole, MultiSigHashMode, SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload,
};
use stacks_types::value::{decode_value, read_value};

use crate::generators::{address, block, header, slot_message, transaction, value};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn values(value in value()) {
        let bytes = value.encode();
        prop_assert_eq!(decode_value(&bytes), Ok(value));
    }

    #[test]
    fn transactions(transaction in transaction()) {
        let bytes = transaction.encode();
        prop_assert_eq!(transaction.txid().0, sha512_256(&[&bytes]));
        prop_assert_eq!(StacksTransaction::decode(&bytes), Ok(transaction));
    }

    #[test]
    fn headers(header in header()) {
        let bytes = header.encode();
        let signatures = 65 * header.stacker_signatures.len();
        let fields_1_to_9 = &bytes[..bytes.len() - signatures - 4];
        prop_assert_eq!(header.block_hash().0, sha512_256(&[fields_1_to_9]));
        prop_assert_eq!(header.producer_sighash(), sha512_256(&[&fields_1_to_9[..fields_1_to_9.len() - 65]]));
        let consensus_hash = ConsensusHash::of_burn_block(&header.bitcoin_block_hash);
        prop_assert_eq!(header.block_id(), StacksBlockId::new(&consensus_hash, &header.block_hash()));
        prop_assert_eq!(NakamotoStacksBlockHeader::decode(&bytes), Ok(header));
    }

    #[test]
    fn blocks(block in block()) {
        let bytes = block.encode();
        prop_assert_eq!(block.encoded_length(), bytes.len());
        prop_assert_eq!(block.computed_tx_merkle_root(), merkle::root(&block.txids()));
        prop_assert_eq!(NakamotoStacksBlock::decode(&bytes), Ok(block));
    }

    #[test]
    fn slot_messages(message in slot_message()) {
        prop_assert_eq!(SlotMessage::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn addresses(address in address()) {
        prop_assert_eq!(StacksAddress::parse(&address.to_string()), Ok(address));
        prop_assert_eq!(StacksAddress::parse(&address.to_string().to_lowercase()), Ok(address));
    }

    #[test]
    fn signatures(seed in any::<u64>(), digest in any::<[u8; 32]>(), flipped in 0usize..256) {
        let key = PrivateKey::from_seed(&seed.to_be_bytes());
        let signature = key.sign(&digest);
        prop_assert_eq!(signature.recover(&digest, LowS::Strict), Ok(key.public_key()));
        prop_assert!(key.public_key().verify(&digest, &signature));
        let mut other = digest;
        other[flipped / 8] ^= 1 << (flipped % 8);
        prop_assert!(!key.public_key().verify(&other, &signature));
    }
}

fn transfer(origin: SpendingCondition) -> StacksTransaction {
    let recipient = stacks_types::limits::BOOT_ADDRESS_TESTNET.to_principal();
    let payload = TransactionPayload::TokenTransfer { recipient, amount: 1, memo: [0; 34] };
    StacksTransaction::new(false, TransactionAuth::Standard(origin), payload)
}

#[test]
fn a_signed_block_is_known_by_its_signers() {
    let (producer, stacker) = (PrivateKey::from_seed(b"producer"), PrivateKey::from_seed(b"stacker"));
    let mut transaction = transfer(SpendingCondition::p2pkh(&producer, 0, 200));
    transaction.sign_origin(&producer).expect("the producer's key");
    assert_eq!(transaction.verify(LowS::Strict), Ok(()));
    let txs = vec![transaction.into()];
    let mut block = NakamotoStacksBlock { header: template_header(), txs };
    block.header.tx_merkle_root = block.computed_tx_merkle_root();
    let template_id = block.block_id();
    block.header.sign_producer(&producer);
    assert_ne!(block.block_id(), template_id);
    let id = block.block_id();
    block.header.stacker_signatures = vec![block.header.sign_stacker(&stacker)];
    assert_eq!(block.block_id(), id, "stackers sign the id, it cannot depend on them");

    let read = NakamotoStacksBlock::decode(&block.encode()).expect("a block");
    assert_eq!(read.header.recover_producer(), Ok(producer.public_key()));
    assert_eq!(read.header.recover_stackers(), Ok(vec![stacker.public_key()]));
    assert!(!read.header.has_well_known_producer());

    block.header.sign_well_known();
    assert!(block.header.has_well_known_producer() && block.header.has_well_known_stackers());
}

fn template_header() -> NakamotoStacksBlockHeader {
    NakamotoStacksBlockHeader::decode(&[0; HEADER_BYTES_MIN]).expect("a header of zeros is a header")
}

#[test]
fn a_sponsor_signs_after_the_origin() {
    let (origin, sponsor) = (PrivateKey::from_seed(b"origin"), PrivateKey::from_seed(b"sponsor"));
    let mut transaction = transfer(SpendingCondition::p2pkh(&origin, 7, 0));
    transaction.auth = TransactionAuth::Sponsored {
        origin: SpendingCondition::p2pkh(&origin, 7, 0),
        sponsor: SpendingCondition::p2pkh_of(&sponsor.public_key(), KeyEncoding::Compressed, 3, 500),
    };
    assert!(transaction.sign_origin(&sponsor).is_err(), "the sponsor's key is not the origin's");
    transaction.sign_origin(&origin).expect("the origin's key");
    let origins = transaction.auth.origin().verify(&transaction.initial_sighash(), AuthRole::Origin, LowS::Strict);
    assert!(origins.is_ok(), "{origins:?}");
    assert!(transaction.verify(LowS::Strict).is_err(), "the sponsor has not signed");
    transaction.sign_sponsor(&sponsor).expect("the sponsor's key");
    assert_eq!(transaction.verify(LowS::Strict), Ok(()));
    assert_eq!((transaction.fee(), transaction.origin_nonce(), transaction.sponsor_nonce()), (500, 7, Some(3)));
    assert_eq!(transaction.payer(false), StacksAddress::p2pkh(&sponsor.public_key(), false));
}

#[test]
fn blocks_say_which_rule_their_bytes_break() {
    let block = NakamotoStacksBlock { header: template_header(), txs: Vec::new() };
    let bytes = block.encode();

    let mut newer = bytes.clone();
    newer[0] = 1;
    assert_eq!(NakamotoStacksBlock::decode(&newer), Err(BlockDecodeError::BadVersion(1)));

    let longer = [bytes.as_slice(), &[0]].concat();
    let trailing = DecodeError::TrailingBytes { what: "block", offset: bytes.len(), left: 1 };
    assert_eq!(NakamotoStacksBlock::decode(&longer), Err(BlockDecodeError::BadEncoding(trailing)));

    let huge = vec![0; MAX_BLOCK_BYTES + 1];
    assert_eq!(NakamotoStacksBlock::decode(&huge), Err(BlockDecodeError::TooLarge(MAX_BLOCK_BYTES + 1)));
}

#[test]
fn a_block_with_a_transaction_twice_is_refused() {
    let key = PrivateKey::from_seed(b"key");
    let transaction = transfer(SpendingCondition::p2pkh(&key, 0, 0));
    let once = NakamotoStacksBlock { header: template_header(), txs: vec![transaction.clone().into()] };
    let twice =
        NakamotoStacksBlock { header: template_header(), txs: vec![transaction.clone().into(), transaction.into()] };
    assert_eq!(once.computed_tx_merkle_root(), twice.computed_tx_merkle_root(), "the reason for the rule");
    assert!(NakamotoStacksBlock::decode(&once.encode()).is_ok());
    assert!(NakamotoStacksBlock::decode(&twice.encode()).is_err());
}

#[test]
fn a_block_of_the_largest_size_decodes() {
    let key = PrivateKey::from_seed(b"key");
    let origin = SpendingCondition::p2pkh(&key, 0, 0);
    let contract = |size| {
        let name = ContractName::new("c").expect("a name");
        let payload = TransactionPayload::SmartContract { name, code: " ".repeat(size) };
        let transaction = StacksTransaction::new(false, TransactionAuth::Standard(origin.clone()), payload);
        NakamotoStacksBlock { header: template_header(), txs: vec![transaction.into()] }
    };
    let source = MAX_BLOCK_BYTES - contract(0).encoded_length();
    assert_eq!(contract(source).encode().len(), MAX_BLOCK_BYTES);
    assert!(NakamotoStacksBlock::decode(&contract(source).encode()).is_ok());
    assert!(NakamotoStacksBlock::decode(&contract(source + 1).encode()).is_err());
}

#[test]
fn a_block_of_the_shortest_transactions_decodes() {
    let nobody = |nonce| {
        let mut origin = SpendingCondition::multisig_of(MultiSigHashMode::P2sh, &[], 0).expect("an account of no keys");
        origin.set_nonce(nonce);
        let payload = TransactionPayload::Coinbase { buffer: [0; 32] };
        StacksTransaction::new(false, TransactionAuth::Standard(origin), payload).into()
    };
    let block = NakamotoStacksBlock { header: template_header(), txs: (0..100).map(nobody).collect() };
    assert_eq!(NakamotoStacksBlock::decode(&block.encode()), Ok(block));
}

#[test]
fn a_long_reason_is_cut_at_a_character() {
    let reason = format!("x{}", "é".repeat(MAX_REASON_BYTES));
    let message = SlotMessage::Reject { block_hash: Default::default(), reason_code: 9, reason: reason.clone() };
    let SlotMessage::Reject { reason: read, .. } = SlotMessage::decode(&message.encode()).expect("a message") else {
        panic!("another kind");
    };
    assert_eq!(read.len(), MAX_REASON_BYTES - 1);
    assert!(reason.starts_with(&read));
}

#[test]
fn one_value_after_another_is_read() {
    let bytes = [Value::Bool(true).encode(), vec![0x09, 0xff]].concat();
    let mut reader = Reader::new(&bytes);
    assert_eq!(read_value(&mut reader), Ok(Value::Bool(true)));
    assert_eq!(read_value(&mut reader), Ok(Value::NONE));
    assert!(read_value(&mut reader).is_err());
    assert_eq!(reader.position(), 2, "an error moves nothing");
}
