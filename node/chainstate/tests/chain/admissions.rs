//! Transactions that are offered together.

use std::collections::BTreeSet;

use chainstate::chain::{Admission, AdmissionRefusal};
use nakamoto_proto::transaction::TransactionPayload;

use crate::support::{TestChain, key, on_big_stack, signed, transfer, user};

#[test]
fn each_of_a_batch_has_its_own_answer_in_its_place() {
    on_big_stack(|| {
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
        let answers = test.chain.admit_transactions(offers.to_vec());
        let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("storage works")).collect();
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
