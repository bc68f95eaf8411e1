//! Which transactions are evicted for a newcomer.

use super::support::*;
use crate::mempool::{Changes, MempoolIndex, Need, PendingTransaction, Totals};
use proptest::prelude::*;
use stacks_types::ids::Txid;
use std::collections::BTreeMap;

/// Nonce 0 is the next one of every account.
fn waits(arrival: u8, payer: u8, payer_nonce: u64, fee: u64, size_bytes: u32) -> PendingTransaction {
    let (txid, account) = (Txid([arrival; 32]), address(payer));
    let (origin, origin_nonce) = (account, payer_nonce);
    PendingTransaction {
        arrival: arrival.into(),
        txid,
        origin,
        origin_nonce,
        payer: account,
        payer_nonce,
        fee,
        size_bytes,
        accepted_s: 0,
        restored: false,
    }
}

fn index_of(pending: &[PendingTransaction]) -> MempoolIndex {
    let mut index = MempoolIndex::default();
    let nonces = pending.iter().map(|pending| (pending.payer, 0)).collect();
    index.apply(&Changes { added: pending.to_vec(), dropped: Vec::new(), nonces });
    index
}

fn need(is_ready: bool, transactions: u64, bytes: u64) -> Need {
    Need { is_ready, room: Totals { transactions, bytes } }
}

fn ids(arrivals: &[u8]) -> Option<Vec<Txid>> {
    Some(arrivals.iter().map(|arrival| Txid([*arrival; 32])).collect())
}

#[test]
fn what_cannot_be_mined_goes_first_from_whoever_holds_most_of_it_highest_nonce_first() {
    let index = index_of(&[
        waits(1, 1, 5, 9_000_000, 1_000),
        waits(2, 1, 6, 9_000_000, 1_000),
        waits(3, 1, 7, 9_000_000, 1_000),
        waits(4, 2, 1, 1_000, 1_000),
        waits(5, 3, 0, 100, 100),
    ]);
    let cheapest = waits(9, 4, 0, 180, 180);
    let go = |is_ready, transactions, bytes| index.give_way(&cheapest, &need(is_ready, transactions, bytes));
    assert_eq!(go(true, 0, 180), ids(&[3]));
    assert_eq!(go(true, 2, 0), ids(&[3, 2]));
    assert_eq!(go(true, 0, 1_001), ids(&[3, 2]));
    let last = if address(1) > address(2) { [1, 4] } else { [4, 1] };
    assert_eq!(go(true, 4, 0), ids(&[&[3, 2][..], &last].concat()), "equal shares go by address");
    // A newcomer that waits itself takes only from payers that hold more than its payer would.
    let waiting = waits(9, 2, 2, 180, 180);
    assert_eq!(index.give_way(&waiting, &need(false, 0, 180)), ids(&[3]));
    assert_eq!(index.give_way(&waiting, &need(false, 0, 2_000)), ids(&[3, 2]));
    assert_eq!(index.give_way(&waiting, &need(false, 0, 2_001)), None);
    assert_eq!(
        index.give_way(&waits(9, 1, 8, u64::MAX, 180), &need(false, 1, 0)),
        None,
        "its own share is the largest"
    );
}

#[test]
fn what_can_be_mined_goes_by_fee_rate_to_what_can_be_mined() {
    let index = index_of(&[waits(1, 1, 0, 300, 100), waits(2, 2, 0, 100, 100), waits(3, 3, 0, 100, 100)]);
    let newcomer = |fee| waits(9, 4, 0, fee, 100);
    assert_eq!(index.give_way(&newcomer(101), &need(true, 1, 0)), ids(&[3]), "of equal rates the last that came");
    assert_eq!(index.give_way(&newcomer(300), &need(true, 2, 0)), ids(&[3, 2]));
    assert_eq!(index.give_way(&newcomer(300), &need(true, 3, 0)), None);
    assert_eq!(index.give_way(&newcomer(301), &need(true, 3, 0)), ids(&[3, 2, 1]));
    assert_eq!(index.give_way(&newcomer(100), &need(true, 1, 0)), None, "equal rates do not take turns");
    assert_eq!(index.give_way(&waits(9, 4, 1, 900, 100), &need(false, 1, 0)), None);
    assert_eq!(index.give_way(&waits(9, 3, 0, 900, 100), &need(true, 1, 0)), ids(&[2]), "3 is replaced anyway");
}

#[test]
fn a_transaction_waits_no_longer_when_its_nonce_is_next() {
    let mut index = index_of(&[waits(1, 1, 1, 900, 100), waits(2, 2, 1, 900, 100)]);
    index.apply(&Changes { nonces: vec![(address(1), 1)], ..Changes::default() });
    let newcomer = waits(9, 4, 0, 100, 100);
    assert_eq!(index.give_way(&newcomer, &need(true, 1, 0)), ids(&[2]));
    assert_eq!(index.give_way(&newcomer, &need(true, 2, 0)), None);
    index.apply(&Changes { nonces: vec![(address(1), 0)], ..Changes::default() });
    assert!(index.give_way(&newcomer, &need(true, 2, 0)).is_some(), "a reorganization took the nonce back");
}

/// The same result as the walk, by looking at everything each time.
fn naive(mut waiting: Vec<PendingTransaction>, count: usize) -> Vec<Txid> {
    let mut evicted = Vec::new();
    while evicted.len() < count {
        let mut bytes = BTreeMap::new();
        waiting.iter().for_each(|one| *bytes.entry(one.payer).or_insert(0) += u64::from(one.size_bytes));
        let Some((_, heaviest)) = bytes.into_iter().map(|(payer, bytes)| (bytes, payer)).max() else { break };
        let of_it = waiting.iter().enumerate().filter(|(_, one)| one.payer == heaviest);
        let (place, _) = of_it.max_by_key(|(_, one)| one.payer_nonce).unwrap();
        evicted.push(waiting.remove(place).txid);
    }
    evicted
}

proptest! {
    #[test]
    fn the_walk_takes_whom_a_search_of_everything_takes(
        sizes in prop::collection::vec((1_u8..6, 1_u32..40), 1..40), count in 1_usize..40,
    ) {
        let waiting: Vec<_> = sizes.iter().zip(1_u8..)
            .map(|((payer, size), number)| waits(number, *payer, number.into(), 1_000, *size)).collect();
        let found = index_of(&waiting).give_way(&waits(200, 9, 0, 100, 100), &need(true, count as u64, 0));
        let expected = naive(waiting, count);
        prop_assert_eq!(found, (expected.len() == count).then_some(expected));
    }
}
