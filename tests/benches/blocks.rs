//! How much does an empty block cost apart from the messages between processes? Assembly, signatures, the check of the
//! pushed block, and processing, in sequence in one process.
//!
//! Mirrors the work of node, producer and signers for each block on demand, in a folder whose commits do not wait for
//! the disk. Leaves out the calls and events between them, the StackerDBs, and the signers' validations (the load
//! tool's `mine-blocks` includes them).
//!
//! `cargo bench -p tests --bench blocks`; `-- --tiny` does little, to see that it still runs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chainstate::assembly::TemplateOrder;
use chainstate::chain::{NakamotoChainState, Processed, StoreOutcome};
use chainstate::test_support::{FIRST_TIME_S, address, key, on_a_large_stack, params, signed, vrf_key};
use nakamoto_proto::v1;
use sqlite::Durability;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::SortitionHash;
use stacks_types::keys::{MessageSignature, PrivateKey};
use stacks_types::transaction::TransactionPayload;
use stacks_types::vrf::VrfProof;
use tests::bench::Bench;
use tests::figures::Samples;

/// As many as in the devnet.
const STACKERS: u8 = 4;

static NOW_MS: AtomicU64 = AtomicU64::new(1_800_000_000_000);

/// Advances with each call, so that every run has the same blocks.
fn clock() -> u64 {
    NOW_MS.fetch_add(1, Ordering::Relaxed)
}

fn main() {
    on_a_large_stack(run);
}

fn run() {
    let mut bench = Bench::start("blocks in one process");
    let folder = tempfile::tempdir().expect("a folder");
    let (chain, _writer) = NakamotoChainState::open(folder.path(), params(1, STACKERS), Durability::Unsynced, clock)
        .expect("a new chain opens");
    let keys = Keys::of(&chain);
    let mut times = Times::default();
    // The first block begins the tenure and has its coinbase.
    let coinbase = signed(&keys.producer, 0, 0, TransactionPayload::Coinbase { buffer: [7; 32] });
    times.grow(&chain, &keys, Some(coinbase.encode()));
    times = Times::default();
    for _ in 0..bench.size(1_000, 3) {
        bench.digest(&times.grow(&chain, &keys, None));
    }
    let Times { assembled, signed, stored, processed, all } = times;
    for (what, samples) in [
        ("assembled", assembled),
        ("signed by the producer and four stackers", signed),
        ("pushed: rules, signatures, stored", stored),
        ("processed", processed),
        ("all of it", all),
    ] {
        bench.table().samples(what, "us", &samples);
    }
    bench.end();
}

/// The actors' keys, the stackers' in the order of their set, and the tenure's VRF proof, which its producer makes
/// once.
struct Keys {
    producer: PrivateKey,
    stackers: Vec<PrivateKey>,
    vrf_proof: std::cell::OnceCell<VrfProof>,
}

impl Keys {
    /// Also announces the chain's first burn blocks.
    fn of(chain: &NakamotoChainState) -> Self {
        let view = chain.mine_burn_block(None, FIRST_TIME_S + 30).expect("a burn block").hash;
        while chain.announce().expect("storage works") {}
        let set = chain.read(|reader| reader.burn().get_stacker_set(&view)).expect("storage works").stackers;
        let key_of = |account| (0..STACKERS).find(|number| address("stacker", *number) == account).expect("a stacker");
        Self {
            producer: key("producer", 0),
            stackers: set.iter().map(|stacker| key("stacker", key_of(stacker.address))).collect(),
            vrf_proof: std::cell::OnceCell::new(),
        }
    }

    fn sign(&self, template: &v1::BlockTemplate) -> NakamotoStacksBlock {
        let mut block = NakamotoStacksBlock::decode(&template.block).expect("a block");
        let prove = || {
            let sortition = SortitionHash::try_from(&template.sortition_hash[..]).expect("32 bytes");
            vrf_key(0).prove(sortition.as_bytes())
        };
        block.header.vrf_proof = *self.vrf_proof.get_or_init(prove);
        block.header.sign_producer(&self.producer);
        let hash = block.header.block_hash();
        let signature = |key: &PrivateKey| -> MessageSignature { key.sign(hash.as_bytes()) };
        block.header.stacker_signatures = self.stackers.iter().map(signature).collect();
        block
    }
}

#[derive(Default)]
struct Times {
    assembled: Samples,
    signed: Samples,
    stored: Samples,
    processed: Samples,
    all: Samples,
}

impl Times {
    /// Makes one more block; returns its id.
    fn grow(&mut self, chain: &NakamotoChainState, keys: &Keys, coinbase: Option<Vec<u8>>) -> [u8; 32] {
        let begun = Instant::now();
        let order = TemplateOrder { coinbase, allow_empty: true, ..TemplateOrder::default() };
        let assembled = chain.assemble(&order, Duration::MAX, &AtomicBool::new(false)).expect("storage works");
        let template = assembled.expect("a template").template;
        let at_signing = lap(begun, &mut self.assembled);
        let block = keys.sign(&template);
        let id = block.block_id();
        let at_push = lap(at_signing, &mut self.signed);
        let outcome = chain.store_block(&block.encode(), |_| ()).expect("storage works");
        assert_eq!(outcome, StoreOutcome::Stored(id));
        let at_processing = lap(at_push, &mut self.stored);
        while chain.announce().expect("storage works") {}
        assert_eq!(chain.process_next().expect("storage works"), Some(Processed::Appended(id)));
        assert_eq!(chain.process_next().expect("storage works"), None);
        lap(at_processing, &mut self.processed);
        self.all.push_micros(begun.elapsed());
        id.0
    }
}

/// Ends a stage and begins the next.
fn lap(begun: Instant, stage: &mut Samples) -> Instant {
    stage.push_micros(begun.elapsed());
    Instant::now()
}
