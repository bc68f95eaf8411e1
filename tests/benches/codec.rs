//! How fast are the consensus byte formats? Decoding, encoding and verifying transactions, and a full block.
//!
//! Mirrors what a node does with each offered transaction (decode, verify) and with each pushed block (decode, txids,
//! Merkle root). Cold caches are not measured.
//!
//! `cargo bench -p tests --bench codec`; `-- --tiny` does little, to see that it still runs.

use chainstate::test_support::{call_payload, deploy_payload};
use stacks_types::block::{HEADER_BYTES_MIN, NakamotoStacksBlock, NakamotoStacksBlockHeader};
use stacks_types::ids::{BurnBlockHash, StacksBlockId, StateRoot};
use stacks_types::keys::{LowS, MessageSignature};
use stacks_types::limits::MAX_BLOCK_BYTES;
use stacks_types::transaction::{BlockTransaction, StacksTransaction};
use stacks_types::vrf::VrfProof;
use tests::bench::Bench;
use tests::load::accounts::{self, Account, COUNTER};

fn main() {
    let mut bench = Bench::start("codec");
    let count = bench.size(2_000, 20);
    let mut senders = Account::many(10);
    let contract = senders[0].address();
    let mut all = accounts::signed(&mut senders, count, accounts::transfer);
    transactions(&mut bench, "transfer", &all);
    let raw = accounts::signed(&mut senders, count, |_| call_payload(contract, "counter", "increment", Vec::new()));
    transactions(&mut bench, "contract call", &raw);
    all.extend(raw);
    let deploy = |index| deploy_payload(&format!("counter-{index}"), COUNTER);
    let raw = accounts::signed(&mut senders, count, deploy);
    transactions(&mut bench, "deploy", &raw);
    all.extend(raw);
    blocks(&mut bench, &all);
    bench.end();
}

fn transactions(bench: &mut Bench, kind: &str, raw: &[Vec<u8>]) {
    let decode = |bytes: &Vec<u8>| BlockTransaction::decode(bytes).expect("a transaction");
    bench.each(&format!("{kind}: decode"), raw, decode, |transaction| transaction.txid().0.to_vec());
    let decoded: Vec<_> = raw.iter().map(decode).collect();
    bench.each(&format!("{kind}: encode"), &decoded, |transaction| transaction.encode(), Clone::clone);
    let verify = |transaction: &BlockTransaction| transaction.verify(LowS::Strict).expect("a good signature");
    bench.each(&format!("{kind}: verify the signature"), &decoded, verify, |()| Vec::new());
}

/// The transaction with another nonce in each round but the first: a block may hold no transaction twice. Signatures
/// are not verified here.
fn renumbered(bytes: &[u8], round: u64) -> BlockTransaction {
    let mut transaction = StacksTransaction::decode(bytes).expect("a transaction");
    let nonce = transaction.origin_nonce() + (round << 32);
    transaction.auth.origin_mut().set_nonce(nonce);
    BlockTransaction::new(transaction)
}

/// Blocks that are as full as allowed, or hold all transactions.
fn blocks(bench: &mut Bench, raw: &[Vec<u8>]) {
    let mut left = MAX_BLOCK_BYTES - HEADER_BYTES_MIN - 4;
    let all = (0..).flat_map(|round| raw.iter().map(move |bytes| renumbered(bytes, round)));
    let fitting = all.take(bench.size(MAX_BLOCK_BYTES, raw.len())).take_while(|transaction| {
        let fits = transaction.length() <= left;
        left = left.saturating_sub(transaction.length());
        fits
    });
    let txs: Vec<_> = fitting.collect();
    let header = NakamotoStacksBlockHeader {
        version: 0,
        chain_length: 1,
        burn_spent: 1,
        bitcoin_block_hash: BurnBlockHash([1; 32]),
        parent_block_id: StacksBlockId([2; 32]),
        tx_merkle_root: Default::default(),
        state_index_root: StateRoot([3; 32]),
        vrf_proof: VrfProof([0; 80]),
        producer_signature: MessageSignature::default(),
        stacker_signatures: Vec::new(),
    };
    let (count, block) = (txs.len(), NakamotoStacksBlock { header, txs });
    let bytes = block.encode();
    let rounds = vec![bytes; bench.size(50, 2)];
    let what = format!("block of {count} transactions, {} kB", rounds[0].len() / 1000);
    let decode = |bytes: &Vec<u8>| NakamotoStacksBlock::decode(bytes).expect("a block");
    bench.each(&format!("{what}: decode"), &rounds, decode, |block| block.block_id().0.to_vec());
    let rounds = vec![block; rounds.len()];
    bench.each(&format!("{what}: encode"), &rounds, NakamotoStacksBlock::encode, Clone::clone);
    let root = |block: &NakamotoStacksBlock| block.computed_tx_merkle_root();
    bench.each(&format!("{what}: Merkle root"), &rounds, root, |root| root.0.to_vec());
}
