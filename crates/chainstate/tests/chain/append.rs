//! Valid blocks and their effects.

use chainstate::chain::{Processed, StoreOutcome};
use nakamoto_proto::v1;
use stacks_types::ids::StacksBlockId;

use crate::support::TestChain;
use chainstate::test_support::{OPENING_USTX, address, deploy, on_a_large_stack, transfer, user};

#[test]
fn a_new_chain_tells_of_its_burn_block_and_its_boot_block_first() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let events = test.events();
        assert_eq!(events[0].kind(), v1::EventKind::BurnBlock);
        let Some(v1::event::Body::BlockProcessed(boot)) = &events[1].body else { panic!("{:?}", events[1]) };
        assert_eq!(boot.block.as_ref().expect("a block").block_id, StacksBlockId::BOOT.0.to_vec());
        let mints: Vec<_> = boot.receipts.iter().flat_map(|receipt| &receipt.events).collect();
        assert_eq!(mints.len(), 4);
        assert_eq!(events[2].kind(), v1::EventKind::BurnBlock);
        let sequences: Vec<_> = events.iter().map(|event| event.sequence).collect();
        assert_eq!(sequences, (1..=events.len() as u64).collect::<Vec<_>>());
    });
}

#[test]
fn transfers_are_admitted_mined_and_gone_from_the_mempool() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        for nonce in 0..3 {
            let admitted = test.chain.admit_transaction(transfer(0, nonce, 1, 500).encode());
            admitted.expect("storage works").expect("a good transfer");
        }
        let id = test.grow();
        assert_eq!(test.tip().block_id, id);
        assert_eq!(test.account(&user(1)).available, OPENING_USTX + 1_500);
        assert_eq!(test.account(&user(0)).available, OPENING_USTX - 1_500 - 3_000);
        assert_eq!(test.nonce(&user(0)), 3);
        assert_eq!(test.chain.pending_count(), 0);
        let processed = test.chain.read(|reader| reader.block_processed(&id)).expect("readable").expect("there");
        assert_eq!(processed.receipts.len(), 4, "the coinbase and three transfers");
        let indexes: Vec<_> =
            processed.receipts.iter().flat_map(|receipt| &receipt.events).map(|event| event.event_index).collect();
        assert_eq!(indexes, [0, 1, 2], "events are numbered over the block");
    });
}

#[test]
fn a_contract_is_deployed_and_read() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let code = "(define-data-var n int 41) (define-read-only (get-n) (var-get n))";
        test.chain.admit_transaction(deploy(0, 0, "n", code).encode()).expect("storage works").expect("a deploy");
        test.grow();
        let contract = clarity::principal::ContractId::parse(&format!("{}.n", address("user", 0)));
        let contract = contract.expect("a contract id");
        let source = test.chain.read(|reader| reader.state_at(None, |state| state.contract_source(&contract)));
        assert_eq!(source.expect("readable").expect("deployed").source, code);
    });
}

#[test]
fn a_reward_is_paid_when_it_is_mature() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        test.chain.admit_transaction(transfer(0, 0, 1, 5).encode()).expect("storage works").expect("a transfer");
        test.grow();
        let producer = address("producer", 0).to_principal();
        for paid in [0, 1_000_000_000 + 1_000, 2_000_000_000 + 1_000] {
            test.mine(None);
            let before = test.account(&producer).available;
            let id = test.grow();
            let body = test.chain.read(|reader| reader.block_processed(&id)).expect("readable").expect("there");
            let rewards: u128 = body
                .matured_rewards
                .iter()
                .map(|reward| {
                    let amount = |bytes: &[u8]| u128::from_be_bytes(bytes.try_into().expect("16 bytes"));
                    amount(&reward.coinbase_ustx) + amount(&reward.fees_ustx)
                })
                .sum();
            let after = test.account(&producer).available;
            assert_eq!(after - before, rewards);
            assert_eq!(after, paid, "with a maturity of two tenures");
        }
    });
}

#[test]
fn missed_burn_blocks_add_their_coinbase_to_the_next_tenure() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        test.grow();
        test.mine(None);
        test.mine(None);
        test.mine(None);
        test.grow();
        assert_eq!(test.tip().tenure.coinbase, 3_000_000_000);
        assert_eq!(test.tip().tenure.height, 2);
    });
}

#[test]
fn a_pushed_block_is_known_the_second_time() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let block = test.make_block();
        let id = block.block_id();
        assert_eq!(test.push(&block), StoreOutcome::Stored(id));
        assert_eq!(test.push(&block), StoreOutcome::AlreadyKnown(id, None));
        assert_eq!(test.settle(), [Processed::Appended(id)]);
        assert_eq!(test.push(&block), StoreOutcome::AlreadyKnown(id, None));
        assert_eq!(test.settle(), []);
    });
}

#[test]
fn a_proposal_is_valid_before_any_stacker_has_signed() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let proposal = test.proposal(&test.template());
        let verdict = test.chain.validate(&proposal.encode(), |_| ()).expect("storage works");
        assert!(verdict.valid, "{:?}", verdict.rejection);
        assert_eq!(verdict.block_id, proposal.block_id().0.to_vec());
        assert_eq!(test.tip().chain_length, 0, "nothing of it stays");
    });
}
