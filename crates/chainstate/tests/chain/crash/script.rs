//! The child's script: everything that changes the disk, in a fixed order. Run again, it does what is not done yet.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chainstate::chain::{Admission, NakamotoChainState, Processed, ResultLimits, Retention, StoreOutcome};
use chainstate::stackerdb::PutOutcome;
use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use sqlite::Durability;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::StateRoot;
use stacks_types::stackerdb::StackerDbChunk;
use stacks_types::transaction::StacksTransaction;

use super::log::{Acknowledged, Log, contract};
use crate::support::TestChain;
use chainstate::test_support::{FIRST_TIME_S, deploy, key, transfer};

/// Tenures of the script, of two blocks each.
const TENURES: u64 = 2;
/// Blocks of the script.
pub(crate) const BLOCKS: u64 = 2 * TENURES;
/// After this many blocks, a block with a wrong state root is offered.
const BAD_AFTER: u64 = 2;
/// Events that the journal must have before some are removed, and how many are kept.
const EVENTS: u64 = 1_300;
const KEEP: u64 = 200;
const FOREVER: Duration = Duration::from_secs(1 << 32);
/// Threads that fill the journal: few, so that there are many transactions and a long write-ahead log.
const FILLERS: u64 = 2;

/// Runs the script on the chain in `folder`; with `prune`, also its long last part.
pub(crate) fn run(folder: &Path, log: &Path, prune: bool, durability: Durability) {
    let mut log = Log::new(log);
    let test = TestChain::at(folder, durability);
    log.write(&Acknowledged::Opened);
    log.write_events(&test);
    settle(&test, &mut log);
    for number in 1..=BLOCKS {
        if number % 2 == 1 {
            mine(&test, &mut log, 100 + number.div_ceil(2));
        }
        if test.tip().chain_length < number {
            block(&test, &mut log, number);
        }
        if test.tip().chain_length == BAD_AFTER {
            bad_block(&test, &mut log);
        }
    }
    if prune {
        forget(&test, &mut log);
    }
    log.write(&Acknowledged::Done);
}

/// Does the coordinator's work.
fn settle(test: &TestChain, log: &mut Log) {
    for done in test.settle() {
        log.write(&match done {
            Processed::Appended(id) => Acknowledged::Judged(id, true),
            Processed::Rejected(id, _) => Acknowledged::Judged(id, false),
            Processed::Reconciled(id) => Acknowledged::Stored(id),
        });
    }
    log.write_events(test);
}

fn mine(test: &TestChain, log: &mut Log, height: u64) {
    if test.chain.read(|reader| reader.burn_tip()).expect("a burn tip").height < height {
        let block = test.chain.mine_burn_block(None, FIRST_TIME_S + 30 * height).expect("a burn block");
        log.write(&Acknowledged::Burn(block.hash));
        settle(test, log);
    }
}

fn block(test: &TestChain, log: &mut Log, number: u64) {
    let nonce = number - 1;
    admit(test, log, &transfer(0, nonce, 1, 7 + nonce));
    let code = format!("(define-data-var n uint u{nonce}) (print (var-get n))");
    admit(test, log, &deploy(2, nonce, &format!("c{nonce}"), &code));

    let template = test.template();
    finish_job(&test.chain, Body::TemplateFinished(v1::TemplateFinished::default()));
    log.write_events(test);
    let mut block = test.proposal(&template);
    put(test, log, false, number, block.encode());
    assert!(test.chain.validate(&block.encode(), |_| ()).expect("storage works").valid);
    finish_job(&test.chain, Body::ValidationFinished(v1::ValidationFinished::default()));
    log.write_events(test);
    put(test, log, true, number, block.header.sign_stacker(&key("stacker", 0)).0.to_vec());

    test.sign(&mut block);
    // A child that is orphaned with it. It is stored first: no block is stored whose parent is refused already.
    let mut child = block.clone();
    child.header.parent_block_id = block.block_id();
    child.header.chain_length += 1;
    child.header.sign_producer(&key("producer", 0));
    test.sign(&mut child);
    store(test, log, &child);
    store(test, log, &block);
    settle(test, log);
}

/// Ends a job under an id that no start of this chain has used.
fn finish_job(chain: &NakamotoChainState, body: Body) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let id = format!("{}-{}", chain.start_number(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let limits = ResultLimits { count: 100, bytes: 1 << 20, age: FOREVER };
    chain.finish_job(&id, body, vec![7; 10], limits, || ()).expect("storage works");
}

fn admit(test: &TestChain, log: &mut Log, transaction: &StacksTransaction) {
    let admitted = test.chain.admit_transaction(transaction.encode()).expect("storage works").expect("a good one");
    let (Admission::Accepted(txid) | Admission::AlreadyPending(txid) | Admission::AlreadyMined(txid)) = admitted;
    log.write(&Acknowledged::Transaction(txid));
}

fn put(test: &TestChain, log: &mut Log, signers: bool, number: u64, data: Vec<u8>) {
    let owner = key(if signers { "stacker" } else { "producer" }, 0);
    let version = u32::try_from(number).expect("few blocks");
    let chunk = StackerDbChunk::signed(0, version, data, &owner);
    match test.chain.put_chunk(contract(signers), chunk).expect("storage works") {
        PutOutcome::Accepted(_) => log.write(&Acknowledged::Chunk(signers, version)),
        PutOutcome::Refused { stored: Some(stored), .. } if stored.slot_version == version => {}
        other => panic!("{other:?}"),
    }
}

fn store(test: &TestChain, log: &mut Log, block: &NakamotoStacksBlock) {
    let id = block.block_id();
    match test.push(block) {
        StoreOutcome::Stored(stored) => assert_eq!(stored, id),
        StoreOutcome::AlreadyKnown(known, _) => assert_eq!(known, id),
        other => panic!("{other:?}"),
    }
    log.write(&Acknowledged::Stored(id));
}

/// Offers a block that only execution shows to be wrong.
fn bad_block(test: &TestChain, log: &mut Log) {
    mine(test, log, 100 + BAD_AFTER.div_ceil(2) + 1);
    let mut block = test.proposal(&test.template());
    // With the coinbase only: when the script runs again, the next block's transactions may be pending already.
    block.txs.truncate(1);
    block.header.tx_merkle_root = block.computed_tx_merkle_root();
    block.header.state_index_root = StateRoot([7; 32]);
    block.header.sign_producer(&key("producer", 0));
    test.sign(&mut block);
    store(test, log, &block);
    settle(test, log);
}

/// Fills the journal until there are events to remove, and removes them.
fn forget(test: &TestChain, log: &mut Log) {
    let fill = |chain: &NakamotoChainState, count: u64| {
        for _ in 0..count {
            finish_job(chain, Body::TemplateFinished(v1::TemplateFinished::default()));
        }
    };
    let missing = EVENTS.saturating_sub(test.chain.journal().newest_sequence());
    std::thread::scope(|scope| {
        for _ in 0..FILLERS {
            scope.spawn(|| fill(&test.chain, missing.div_ceil(FILLERS)));
        }
    });
    test.chain
        .prune_journal(Retention { events: KEEP, bytes: u64::MAX, age: FOREVER }, FOREVER)
        .expect("storage works");
    log.write(&Acknowledged::Pruned(test.chain.journal().bounds().oldest));
}
