//! Transactions that are offered together.

use std::collections::BTreeSet;
use std::sync::mpsc::channel;

use chainstate::chain::{Admission, AdmissionRefusal, Offered};
use chainstate::read::mempool::{Due, due};
use nakamoto_proto::v1;
use stacks_types::transaction::TransactionPayload;

use crate::support::TestChain;
use chainstate::test_support::{key, on_a_large_stack, signed, transfer, user};

fn decided(offered: Offered) -> Result<Admission, AdmissionRefusal> {
    match offered {
        Offered::Decided(answer) => answer,
        Offered::Left { origin } => panic!("left to {origin}"),
    }
}

#[test]
fn each_of_a_batch_has_its_own_answer_in_its_place() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let good: Vec<_> = (0..3).map(|from| transfer(from, 0, 3, 5)).collect();
        let ids: Vec<_> = good.iter().map(|transaction| transaction.txid()).collect();
        let mut forged = transfer(3, 0, 1, 5);
        let TransactionPayload::TokenTransfer { amount, .. } = &mut forged.payload else { unreachable!() };
        *amount += 1;
        let payload = TransactionPayload::TokenTransfer { recipient: user(2), amount: 1, memo: [0; 34] };
        let cheaper = signed(&key("user", 1), 0, 999, payload);
        let offers = [
            forged.encode(),
            good[0].encode(),
            vec![7; 20],
            good[1].encode(),
            cheaper.encode(),
            good[0].encode(),
            good[2].encode(),
        ];
        let answers = test.chain.offer_transactions(&offers);
        let answers: Vec<_> = answers.into_iter().map(|answer| decided(answer.expect("storage works"))).collect();
        assert_eq!(answers.len(), offers.len());
        let refused = |place: usize| match &answers[place] {
            Err(AdmissionRefusal::Refused { refusal, .. }) => refusal.reason(),
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(0), "SignatureValidation");
        assert_eq!(answers[1], Ok(Admission::Accepted(ids[0])));
        assert!(matches!(answers[2], Err(AdmissionRefusal::Undecodable(_))), "{:?}", answers[2]);
        assert_eq!(answers[3], Ok(Admission::Accepted(ids[1])));
        assert_eq!(refused(4), "ConflictingNonceInMempool");
        assert_eq!(answers[5], Ok(Admission::AlreadyPending(ids[0])));
        assert_eq!(answers[6], Ok(Admission::Accepted(ids[2])));
        assert_eq!(test.pending(), BTreeSet::from_iter(ids), "and no other");
    });
}

#[test]
fn a_block_is_due_for_what_waits_and_for_whoever_asked() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let due = || test.chain.read(due).expect("storage works");
        assert_eq!(due(), None);
        let waits = transfer(0, 0, 3, 5);
        test.admit(&waits);
        assert_eq!(due(), Some(Due::Transaction(waits.txid())));
        test.chain.set_mining(v1::MiningMode::Manual, None).expect("storage works");
        assert_eq!(due(), None);
        test.chain.request_blocks(2, Box::new(|_| ())).expect("storage works").expect("not too many");
        assert_eq!(due(), Some(Due::RequestedBlocks(2)));
        test.grow();
        assert_eq!(due(), Some(Due::RequestedBlocks(1)));
        test.grow();
        assert_eq!(due(), None);
    });
}

#[test]
fn an_order_is_taken_back_by_what_it_lacks_also_behind_one_of_an_earlier_start() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        test.chain.request_blocks(1, Box::new(|_| ())).expect("storage works").expect("not too many");
        let test = test.reopen();
        let wanted = || test.chain.read(|reader| reader.mining()).expect("storage works").blocks_wanted;
        let (sender, made) = channel();
        let on_block = Box::new(move |block: v1::BlockRef| sender.send(block.block_id.to_vec()).expect("it listens"));
        let order = test.chain.request_blocks(3, on_block).expect("storage works").expect("not too many");
        test.chain.request_blocks(5, Box::new(|_| ())).expect("storage works").expect("not too many");
        test.grow();
        assert_eq!(made.try_recv().ok(), None, "it was asked for before the start");
        let block = test.grow();
        assert_eq!((made.try_recv().ok(), wanted()), (Some(block.0.to_vec()), 7));
        test.chain.withdraw_blocks(order).expect("storage works");
        assert_eq!(wanted(), 5);
        test.grow();
        assert_eq!((made.try_recv().ok(), wanted()), (None, 4));
    });
}

#[test]
fn a_full_mempool_keeps_nobody_out_who_can_be_mined() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        test.grow();
        let payload = TransactionPayload::TokenTransfer { recipient: user(2), amount: 1, memo: [0; 34] };
        let squatter = signed(&key("user", 1), 7, 900_000, payload);
        test.admit(&squatter);
        let file = rusqlite::Connection::open(test.folder.path().join("chainstate.sqlite")).expect("a database");
        file.execute("UPDATE mempool_totals SET bytes = 1 << 28", []).expect("as if it were full");
        let honest = transfer(0, 0, 3, 5);
        let answer = test.chain.admit_transaction(honest.encode()).expect("storage works");
        assert_eq!(answer, Ok(Admission::Accepted(honest.txid())));
        assert_eq!(test.pending(), BTreeSet::from([honest.txid()]));
        let dropped = test.events().into_iter().find_map(|event| match event.body {
            Some(v1::event::Body::MempoolDropped(body)) => Some(body),
            _ => None,
        });
        let dropped = dropped.expect("a drop is announced");
        assert_eq!(
            (dropped.reason(), &dropped.txids[..]),
            (v1::DropReason::NoRoom, &[squatter.txid().0.to_vec().into()][..])
        );
        assert!(dropped.detail.contains("gave way"), "{dropped:?}");
        // Refused are one that must wait, and one that is ready but pays no more than those that are pending.
        for refused in [squatter, transfer(3, 0, 1, 5)] {
            match test.chain.admit_transaction(refused.encode()) {
                Ok(Err(AdmissionRefusal::Refused { refusal, .. })) => assert_eq!(refusal.reason(), "MempoolFull"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(test.pending(), BTreeSet::from([honest.txid()]));
    });
}
