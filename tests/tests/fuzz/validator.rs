//! The block validator on structured input: valid blocks changed field by field, and random mixes of transactions.
//!
//! In every case nothing panics; a block that validation refuses is never appended; one that it accepts is appended
//! once all stackers have signed it; and a refused block does not move the tip.

use chainstate::chain::{Processed, StoreOutcome};
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::{BurnBlockHash, MerkleRoot, StacksBlockId, StateRoot};
use stacks_types::keys::MessageSignature;
use stacks_types::transaction::{BlockTransaction, ContractCall, StacksTransaction, TransactionPayload};
use tests::random::Rng;

use crate::bytes::mutant;
use crate::harness::fuzz;
use crate::support::TestChain;
use chainstate::test_support::{USERS, address, deploy, key, on_a_large_stack, signed, transfer, user, vrf_key};

const CONTRACT: &str = "(define-map store int int) (define-data-var n uint u0)
(define-public (put (k int)) (begin (var-set n (+ (var-get n) u1)) (map-set store k k) (print k) (ok k)))
(define-public (fail) (begin (map-set store 1 1) (err u1)))
(define-public (overflow) (ok (* u340282366920938463463374607431768211455 u2)))
(define-public (pay) (stx-transfer? u5 tx-sender 'ST000000000000000000002AMW42H))";

/// A transaction that may be valid.
fn transaction(rng: &mut Rng, test: &TestChain) -> StacksTransaction {
    let from = rng.byte() % USERS;
    let nonce = test.nonce(&user(from)) + u64::from(rng.one_in(6)) * (rng.bits() % 4);
    let fee = *rng.pick(&[180, 400, 1_000, 50_000]);
    let call = |name: &str, arguments| {
        TransactionPayload::ContractCall(ContractCall {
            address: address("user", from),
            contract_name: "store".parse().unwrap(),
            function_name: name.parse().unwrap(),
            arguments,
        })
    };
    let payload = match rng.below(8) {
        0 => return deploy(from, nonce, "store", CONTRACT),
        1 => return deploy(from, nonce, "broken", "(define-public (f) (ok (+ 1 u1)))"),
        2 => call("fail", Vec::new()),
        3 => call("overflow", Vec::new()),
        4 => call("pay", Vec::new()),
        5 => call("put", vec![clarity::value::Value::Int(i128::from(rng.byte()))]),
        6 => call("nothing", Vec::new()),
        _ => return transfer(from, nonce, rng.byte() % USERS, rng.bits() % 10_000 + 1),
    };
    signed(&key("user", from), nonce, fee, payload)
}

/// A random mix in the mempool must give a block that everybody finds valid.
fn mix(rng: &mut Rng, test: &mut TestChain) {
    if rng.one_in(3) {
        test.mine(None);
    }
    for _ in 0..rng.below(6) {
        // Refusals are fine: the accepted ones matter.
        let _ = test.chain.admit_transaction(transaction(rng, test).encode()).expect("storage works");
    }
    let block = test.make_block();
    assert!(accepts(test, &block.encode()), "a template that the node does not accept");
    let id = block.block_id();
    assert_eq!(test.push(&block), StoreOutcome::Stored(id));
    assert_eq!(test.settle().first(), Some(&Processed::Appended(id)));
}

fn accepts(test: &TestChain, bytes: &[u8]) -> bool {
    test.chain.validate(bytes, |_| ()).expect("storage works").valid
}

/// One change to a block's content.
fn change(rng: &mut Rng, test: &TestChain, block: &mut NakamotoStacksBlock) {
    let numbers = [0, 1, u64::MAX, u64::MAX - 1, rng.bits()];
    let hash = if rng.one_in(2) { [rng.byte(); 32] } else { test.tip().block_id.0 };
    let (header, txs) = (&mut block.header, &mut block.txs);
    let at = rng.below(txs.len());
    match rng.below(13) {
        0 => header.chain_length = header.chain_length.wrapping_add(*rng.pick(&numbers)),
        1 => header.burn_spent = header.burn_spent.wrapping_add(*rng.pick(&numbers)),
        2 => header.bitcoin_block_hash = BurnBlockHash(hash),
        3 => header.parent_block_id = StacksBlockId(hash),
        4 => header.state_index_root = StateRoot(hash),
        5 => header.tx_merkle_root = MerkleRoot(hash),
        6 => header.vrf_proof = vrf_key(rng.byte() % 3).prove(&hash),
        7 if !txs.is_empty() => drop(txs.remove(at)),
        8 if !txs.is_empty() => txs.insert(at, txs[rng.below(txs.len())].clone()),
        9 if !txs.is_empty() => txs.swap(at, 0),
        10 => txs.push(BlockTransaction::new(transaction(rng, test))),
        11 => txs.push(BlockTransaction::new(test.coinbase())),
        _ if !txs.is_empty() => {
            let mutant = mutant(rng, &[txs[at].raw().to_vec()]);
            if let Ok(changed) = BlockTransaction::decode(&mutant) {
                txs[at] = changed;
            }
        }
        _ => {}
    }
}

/// Forges a block: well signed or not, with a fitting Merkle root or not. Returns whether the stackers' signatures are
/// good.
fn forge(rng: &mut Rng, test: &TestChain, block: &mut NakamotoStacksBlock) -> bool {
    let place = (block.header.parent_block_id, block.header.bitcoin_block_hash);
    for _ in 0..rng.below(3) + 1 {
        change(rng, test, block);
    }
    if place == (block.header.parent_block_id, block.header.bitcoin_block_hash) && rng.one_in(2) {
        // As a dishonest producer would do: proof, roots and signatures fit the changed content.
        test.finish(block);
        return true;
    }
    if !rng.one_in(4) {
        block.header.tx_merkle_root = block.computed_tx_merkle_root();
    }
    if !rng.one_in(6) {
        block.header.sign_producer(&key("producer", test.elected()));
    }
    test.sign_as(block, &test.stackers_at(&place.1));
    if rng.one_in(6) {
        let signatures = &mut block.header.stacker_signatures;
        let at = rng.below(signatures.len());
        match rng.below(4) {
            0 => signatures.truncate(at),
            1 => signatures[at] = MessageSignature([rng.byte(); 65]),
            2 => signatures.insert(at, signatures[0]),
            _ => signatures.reverse(),
        }
        return false;
    }
    true
}

/// Checks that validation and append agree on `bytes`; returns whether they were appended.
fn judge(test: &TestChain, bytes: &[u8], well_signed: bool) -> bool {
    let tip = test.tip().block_id;
    let valid = accepts(test, bytes);
    let appended = match test.chain.store_block(bytes, |_| ()).expect("storage works") {
        StoreOutcome::Stored(id) => test.settle().contains(&Processed::Appended(id)),
        _ => false,
    };
    assert!(valid || !appended, "appended, though validation refuses it: {}", hex::encode(bytes));
    assert!(appended || !valid || !well_signed, "validation accepts what append refuses: {}", hex::encode(bytes));
    assert!(appended || test.tip().block_id == tip, "a refused block moved the tip");
    appended
}

#[test]
fn forged_blocks() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        mix(&mut Rng::from_seed(0), &mut test);
        // Valid blocks on the tip, one of them with transactions; made anew when the tip moves.
        let mut good = test.make_block();
        fuzz("forged blocks", |rng| {
            let mut block = good.clone();
            let mut well_signed = forge(rng, &test, &mut block);
            let mut bytes = block.encode();
            if rng.one_in(8) {
                bytes = mutant(rng, &[bytes]);
                // Validation comes before the stackers sign, and ignores their signatures.
                well_signed &= NakamotoStacksBlock::decode(&bytes)
                    .is_ok_and(|mutant| mutant.header.stacker_signatures == block.header.stacker_signatures);
            }
            if judge(&test, &bytes, well_signed) || rng.one_in(64) {
                mix(rng, &mut test);
                let more = transaction(rng, &test).encode();
                let _ = test.chain.admit_transaction(more).expect("storage works");
                good = test.make_block();
            }
        });
    });
}

#[test]
fn mixes_of_transactions() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        fuzz("transaction mixes", |rng| mix(rng, &mut test));
    });
}
