//! Snapshots: one does not change, and nothing of it is left in the next.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chainstate::db::StoreError;
use chainstate::read::block::{self, BlockAt};
use chainstate::read::{LookupError, Unknown, tip};
use stacks_types::ids::StacksBlockId;

use crate::support::TestChain;
use chainstate::test_support::on_a_large_stack;

#[test]
fn a_snapshot_shows_one_moment_however_long_it_is_held() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let before = test.grow();
        let seen = test.chain.read(|snapshot| {
            let first = tip::get(snapshot)?;
            let after = test.grow();
            let again = tip::get(snapshot)?;
            let hidden = block::get(snapshot, BlockAt::Height(again.tip.chain_length + 1, None));
            Ok::<_, LookupError>((first, again, after, hidden.err()))
        });
        let (first, again, after, hidden) = seen.expect("an answer");
        assert_eq!((first.tip.block_id, again.tip.block_id), (before, before));
        assert!(matches!(hidden, Some(LookupError::NotFound { what: Unknown::Block, .. })), "{hidden:?}");
        let next = test.chain.read(tip::get).expect("an answer");
        assert_eq!(next.tip.block_id, after);
        assert!(next.sequence > first.sequence, "the events of the block are counted");
    });
}

/// Their readers return to the pool, and the next user sees the present state.
#[test]
fn reads_that_fail_or_panic_leave_no_snapshot_behind() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        for round in 0..3 {
            let old = test.chain.read(tip::get).expect("an answer").tip.block_id;
            let failed: Result<StacksBlockId, _> = test.chain.read(|snapshot| {
                snapshot.tip()?;
                Err(StoreError::DiskFull)
            });
            assert!(failed.is_err());
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                test.chain.read(|snapshot| -> Result<(), StoreError> {
                    assert_ne!(snapshot.tip()?.block_id, old, "as was meant");
                    Ok(())
                })
            }));
            assert!(panicked.is_err());
            let new = test.grow();
            assert_eq!(test.chain.read(tip::get).expect("an answer").tip.block_id, new, "round {round}");
        }
    });
}
