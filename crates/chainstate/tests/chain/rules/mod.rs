//! Every rule of docs/CONSENSUS.md#rules-of-a-block: a table of blocks, each of which breaks one, and every path that
//! judges blocks.
//!
//! A new rule is a new line in `place`, `signatures` or `transactions`; a [`Case`] says how to make the block.

mod descendants;
mod limits;
mod place;
mod scene;
mod signatures;
mod transactions;
mod waiting;
mod well_known;

use std::collections::BTreeMap;

use chainstate::chain::{Processed, StoreOutcome};
use chainstate::staging::StagingState;
use chainstate::wire;
use nakamoto_proto::v1;
use nakamoto_proto::v1::RejectReason;
use stacks_types::block::NakamotoStacksBlock;

use crate::support::{Snapshot, TestChain};
use chainstate::test_support::on_a_large_stack;
use scene::{Scene, mine_all};

/// A block that breaks one rule.
struct Case {
    what: &'static str,
    reason: RejectReason,
    /// Text that the detail must contain, where one code has several causes.
    cause: &'static str,
    make: fn(&Scene) -> NakamotoStacksBlock,
}

const fn case(reason: RejectReason, what: &'static str, make: fn(&Scene) -> NakamotoStacksBlock) -> Case {
    Case { what, reason, cause: "", make }
}

const fn because(reason: RejectReason, cause: &'static str, make: fn(&Scene) -> NakamotoStacksBlock) -> Case {
    Case { what: cause, reason, cause, make }
}

/// The result of a push when parent and burn view are known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnPush {
    /// The rule needs no execution.
    Rejected,
    /// The rule needs execution: the block is stored, and rejected when it is processed.
    Stored,
    /// The rule may hold later: the block is stored, and waits.
    Waits,
}

/// Sends each case through every path on one chain, and all of them through each path on which they wait first.
fn check(on_push: OnPush, cases: &'static [Case]) {
    on_a_large_stack(move || {
        let scene = Scene::new();
        let blocks: Vec<_> = cases.iter().map(|case| (case, (case.make)(&scene))).collect();
        for (case, block) in &blocks {
            let before = scene.test.snapshot();
            check_validation(&scene.test, case, block);
            scene.test.snapshot().assert_same(&before, case.what);
            if on_push == OnPush::Rejected {
                check_push(&scene.test, case, block);
                scene.test.snapshot().assert_same(&before, case.what);
            }
            check_append(&scene.test, on_push, case, block);
        }
        check_waiting(&scene, &blocks, scene.without_parent(), |test| {
            test.push(&scene.p1);
        });
        check_waiting(&scene, &blocks, scene.without_burn_views(), |test| {
            mine_all(test);
        });
        scene.test.grow();
    });
}

fn assert_rejection(case: &Case, rejection: &v1::Rejection, path: &str) {
    let Case { what, reason, cause, .. } = case;
    assert_eq!(rejection.reason(), *reason, "{path} of {what}: {}", rejection.detail);
    assert!(rejection.detail.contains(cause), "{path} of {what}: {}", rejection.detail);
    let has_txid = matches!(reason, RejectReason::BadTransaction | RejectReason::CostExceeded);
    assert_eq!(rejection.failed_txid.len(), if has_txid { 32 } else { 0 }, "{path} of {what}");
}

fn is_about_stackers(case: &Case) -> bool {
    matches!(case.reason, RejectReason::BadStackerSignatures | RejectReason::NotEnoughStackers)
}

/// A proposal has no stacker signatures, so it is valid if nothing else is wrong.
fn check_validation(test: &TestChain, case: &Case, block: &NakamotoStacksBlock) {
    let verdict = test.chain.validate(&block.encode(), |_| ()).expect("storage works");
    if is_about_stackers(case) {
        assert!(verdict.valid, "validation of {}: {:?}", case.what, verdict.rejection);
        return;
    }
    assert_rejection(case, &verdict.rejection.expect("a rejection"), "validation");
}

fn check_push(test: &TestChain, case: &Case, block: &NakamotoStacksBlock) {
    match test.push(block) {
        StoreOutcome::Rejected(Some(id), rejection) => {
            assert_eq!(id, block.block_id());
            assert_rejection(case, &wire::rejection(&rejection), "push");
        }
        other => panic!("push of {}: {other:?}", case.what),
    }
    assert_eq!(test.settle(), []);
}

/// Checks processing of a block that is in staging, unjudged: pushed, if push cannot judge it; otherwise put there, as
/// if it had been stored before its parent or its burn view was known.
fn check_append(test: &TestChain, on_push: OnPush, case: &Case, block: &NakamotoStacksBlock) {
    let (before, events) = (test.snapshot(), test.events().len());
    match on_push {
        OnPush::Rejected | OnPush::Waits => stage(test, block),
        OnPush::Stored => assert_eq!(test.push(block), StoreOutcome::Stored(block.block_id()), "{}", case.what),
    }
    match test.settle().as_slice() {
        [Processed::Rejected(id, rejection)] if *id == block.block_id() => {
            assert_rejection(case, &wire::rejection(rejection), "append");
        }
        other => panic!("append of {}: {other:?}", case.what),
    }
    let announced: Vec<_> = test.events().split_off(events);
    let [stored, rejected] = &announced[..] else { panic!("append of {}: {announced:?}", case.what) };
    assert_eq!(stored.kind(), v1::EventKind::BlockStored);
    let Some(v1::event::Body::BlockRejected(body)) = &rejected.body else { panic!("{rejected:?}") };
    assert_rejection(case, body.rejection.as_ref().expect("a rejection"), "event");
    assert_eq!(body.block.as_ref().expect("a block").block_id, block.block_id().0.to_vec());
    // New are the events, how far the journal has read, and the verdict. All else is unchanged.
    let journal = ["chainstate.events", "chainstate.meta", "chainstate.rejected_blocks"];
    let staging = ["staging.staging_blocks", "staging.staging_block_data", "staging.sqlite_sequence"];
    let rest = |snapshot: Snapshot| snapshot.without(&journal).without(&staging);
    rest(test.snapshot()).assert_same(&rest(before), case.what);
    assert_eq!(test.tip().chain_length, 2);
    check_verdict_is_kept(test, case, block);
}

/// What the id commits to is refused from now on; stackers' signatures may still become good.
fn check_verdict_is_kept(test: &TestChain, case: &Case, block: &NakamotoStacksBlock) {
    let staged = test.chain.read(|reader| reader.staging().get_staging_block(&block.block_id()));
    let may_come_right = matches!(case.reason, RejectReason::UnknownParent | RejectReason::UnknownBurnBlock);
    match staged.expect("readable").map(|staged| staged.state) {
        None => assert!(is_about_stackers(case) || may_come_right, "{} is forgotten", case.what),
        Some(StagingState::Orphaned { rejection, .. }) => {
            assert_eq!(rejection.reason(), case.reason);
            let again = test.push(block);
            assert_eq!(again, StoreOutcome::AlreadyKnown(block.block_id(), Some(rejection)));
        }
        other => panic!("{} is {other:?}", case.what),
    }
}

/// Puts a block into staging as if it had been stored before it could be judged.
fn stage(test: &TestChain, block: &NakamotoStacksBlock) {
    // Beside the chain's writer, the only one that may open the file to write.
    let staging = rusqlite::Connection::open(test.folder.path().join("staging.sqlite")).expect("staging opens");
    let data = block.encode();
    let sql = "INSERT INTO staging_blocks (block_id, parent_id, burn_hash, chain_length, size_bytes, burn_attachable,
                                           stacks_attachable, state)
               VALUES (?1, ?2, ?3, ?4, ?5, 1, 1, 'stored')";
    let header = &block.header;
    let row =
        (block.block_id().0, header.parent_block_id.0, header.bitcoin_block_hash.0, header.chain_length, data.len());
    staging.execute(sql, row).expect("a row");
    let sql = "INSERT INTO staging_block_data VALUES (?1, ?2)";
    staging.execute(sql, (staging.last_insert_rowid(), data)).expect("its bytes");
}

/// Pushes all blocks to a chain that cannot judge them yet; then `arrive` brings what they wait for. Each must be
/// rejected for its reason, at once or when it is processed, and the chain must be as if none of them had ever come.
fn check_waiting(
    scene: &Scene,
    blocks: &[(&'static Case, NakamotoStacksBlock)],
    mut test: TestChain,
    arrive: impl FnOnce(&mut TestChain),
) {
    let mut waiting = BTreeMap::new();
    for (case, block) in blocks {
        match test.push(block) {
            StoreOutcome::Rejected(_, rejection) => assert_rejection(case, &wire::rejection(&rejection), "early push"),
            StoreOutcome::Stored(id) => assert!(waiting.insert(id.0, *case).is_none(), "{} is there twice", case.what),
            other @ StoreOutcome::AlreadyKnown(..) => panic!("{}: {other:?}", case.what),
        }
    }
    let events = test.events().len();
    arrive(&mut test);
    test.settle();
    for event in test.events().split_off(events) {
        if let Some(v1::event::Body::BlockRejected(body)) = event.body {
            let id: [u8; 32] = body.block.expect("a block").block_id[..].try_into().expect("32 bytes");
            let case = waiting.remove(&id).expect("one of ours");
            assert_rejection(case, &body.rejection.expect("a rejection"), "late judgement");
        }
    }
    let patient: Vec<_> = waiting
        .values()
        .filter(|case| !matches!(case.reason, RejectReason::UnknownParent | RejectReason::UnknownBurnBlock))
        .map(|case| case.what)
        .collect();
    assert_eq!(patient, [""; 0], "never judged");
    assert_eq!(test.tip().block_id, scene.p2.block_id());
    let tables = ["marf_blocks", "clarity_metadata", "mined_transactions", "mempool"];
    let pick = |chain: &TestChain| chain.snapshot().only(&tables.map(|table| format!("chainstate.{table}")));
    let control = scene.without_parent();
    control.push(&scene.p1);
    control.settle();
    pick(&test).assert_same(&pick(&control), "a chain that has seen none of them");
    test.grow();
}
