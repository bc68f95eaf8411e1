//! Rules 2 to 4 and the roots: a block's place, and the fields that follow from it.

use nakamoto_proto::v1::RejectReason;
use stacks_types::ids::{BurnBlockHash, StacksBlockId, StateRoot};
use stacks_types::transaction::BlockTransaction;

use super::{Case, OnPush, because, case, check};
use chainstate::test_support::transfer;

/// A push makes these wait; only validation, and processing after a stage that marks them attachable, can reject them.
const UNKNOWN: &[Case] = &[
    case(RejectReason::UnknownParent, "nobody's child", |scene| {
        let mut block = scene.new_tenure(vec![]);
        block.header.parent_block_id = StacksBlockId([5; 32]);
        scene.test.resign(&mut block);
        block
    }),
    case(RejectReason::UnknownBurnBlock, "a burn block that nobody mined", |scene| {
        let mut block = scene.new_tenure(vec![]);
        block.header.bitcoin_block_hash = BurnBlockHash([6; 32]);
        scene.test.resign(&mut block);
        block
    }),
];

const PLACE: &[Case] = &[
    case(RejectReason::BadChainLength, "one too many", |scene| {
        let mut block = scene.new_tenure(vec![]);
        block.header.chain_length += 1;
        scene.test.resign(&mut block);
        block
    }),
    case(RejectReason::BadChainLength, "the parent's", |scene| {
        let mut block = scene.same_tenure(vec![]);
        block.header.chain_length -= 1;
        scene.test.resign(&mut block);
        block
    }),
    case(RejectReason::BadChainLength, "none at all", |scene| {
        let mut block = scene.same_tenure(vec![]);
        block.header.chain_length = 0;
        scene.test.resign(&mut block);
        block
    }),
    case(RejectReason::BadBurnSpent, "one satoshi too much", |scene| {
        let mut block = scene.new_tenure(vec![]);
        block.header.burn_spent += 1;
        scene.test.resign(&mut block);
        block
    }),
    case(RejectReason::BadBurnSpent, "a new tenure that spends nothing", |scene| {
        let mut block = scene.new_tenure(vec![]);
        block.header.burn_spent = scene.p2.header.burn_spent;
        scene.test.resign(&mut block);
        block
    }),
    case(RejectReason::BadBurnSpent, "an old tenure that spends again", |scene| {
        let mut block = scene.same_tenure(vec![]);
        block.header.burn_spent += 5_000;
        scene.test.resign(&mut block);
        block
    }),
    case(RejectReason::BurnViewRegressed, "back to the grandparent's burn view", |scene| {
        scene.test.forge(&scene.p2.block_id(), &scene.b1, vec![])
    }),
    case(RejectReason::BurnViewRegressed, "sideways to another bitcoin fork", |scene| {
        scene.test.forge(&scene.p2.block_id(), &scene.side, vec![])
    }),
    case(RejectReason::HasSibling, "the same burn view", |scene| {
        scene.test.forge(&scene.p1.block_id(), &scene.b2, vec![transfer(0, 1, 1, 1)])
    }),
    case(RejectReason::HasSibling, "a later burn view", |scene| {
        scene.test.forge(&scene.p1.block_id(), &scene.b3, vec![])
    }),
    case(RejectReason::HasSibling, "an earlier burn view", |scene| {
        scene.test.forge(&scene.p1.block_id(), &scene.b1, vec![])
    }),
    case(RejectReason::BadTxMerkleRoot, "another root", |scene| {
        let mut block = scene.new_tenure(vec![transfer(0, 1, 1, 2)]);
        block.header.tx_merkle_root.0[0] ^= 1;
        scene.test.resign(&mut block);
        block
    }),
    case(RejectReason::BadTxMerkleRoot, "a transaction that the root does not name", |scene| {
        let mut block = scene.new_tenure(vec![transfer(0, 1, 1, 3)]);
        block.txs.push(BlockTransaction::new(transfer(0, 2, 1, 3)));
        scene.test.resign(&mut block);
        block
    }),
];

const ROOTS: &[Case] = &[
    because(RejectReason::BadStateRoot, "0909", |scene| {
        let mut block = scene.new_tenure(vec![transfer(0, 1, 1, 4)]);
        block.header.state_index_root = StateRoot([9; 32]);
        scene.test.resign(&mut block);
        block
    }),
    case(RejectReason::BadStateRoot, "the parent's root", |scene| {
        let mut block = scene.same_tenure(vec![]);
        block.header.state_index_root = scene.p2.header.state_index_root;
        scene.test.resign(&mut block);
        block
    }),
];

#[test]
fn a_block_in_the_wrong_place_is_refused_on_every_path() {
    check(OnPush::Rejected, PLACE);
}

#[test]
fn a_block_that_does_something_else_than_it_says_is_refused_on_every_path() {
    check(OnPush::Stored, ROOTS);
}

#[test]
fn a_block_whose_parent_or_burn_view_is_unknown_says_so_and_waits() {
    check(OnPush::Waits, UNKNOWN);
}
