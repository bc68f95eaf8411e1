use super::support::*;
use crate::mempool::rows::{get_pending, totals};
use crate::mempool::*;
use proptest::prelude::*;
use rusqlite::{Connection, Transaction};
use stacks_types::address::StacksAddress;
use stacks_types::ids::{Hash160, Txid};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// A mempool table with its index.
struct Pool {
    conn: Connection,
    index: MempoolIndex,
}

impl Pool {
    fn new() -> Self {
        Self { conn: database(), index: MempoolIndex::default() }
    }

    fn insert(&mut self, transaction: &CheckedTransaction, next: impl Fn(&StacksAddress) -> u64) {
        let outcome = write(&mut self.conn, |tx| insert(tx, transaction, &[], |account| Ok(next(account)))).unwrap();
        if let InsertOutcome::Inserted(changes) = outcome {
            self.index.apply(&changes);
        }
    }

    /// All transactions in the order of mining, if all of them can be mined.
    fn order(&self) -> Vec<(StacksAddress, u64, u64)> {
        let mut walk = Candidates::default();
        let mut order = Vec::new();
        while let Some(next) = walk.next(&self.index) {
            order.push((next.origin, next.origin_nonce, next.fee));
            walk.mined(&self.index, &next);
        }
        order
    }
}

#[test]
fn the_highest_fee_rate_whose_nonce_is_next_comes_first() {
    let mut pool = Pool::new();
    for (origin, nonce, fee) in [(1, 0, 300), (1, 1, 9000), (2, 0, 500), (2, 1, 400), (3, 1, 99_000)] {
        pool.insert(&checked_transfer(origin, nonce, fee), |_| 0);
    }
    let expected = [(2, 0, 500), (2, 1, 400), (1, 0, 300), (1, 1, 9000)];
    let expected: Vec<_> = expected.into_iter().map(|(origin, nonce, fee)| (address(origin), nonce, fee)).collect();
    assert_eq!(pool.order(), expected, "account 3 lacks nonce 0");
}

#[test]
fn equal_fee_rates_go_by_arrival() {
    let mut pool = Pool::new();
    for origin in [5, 3, 8, 1] {
        pool.insert(&checked_transfer(origin, 0, 400), |_| 0);
    }
    let order: Vec<_> = pool.order().into_iter().map(|(origin, _, _)| origin).collect();
    assert_eq!(order, [5, 3, 8, 1].map(address));
}

#[test]
fn a_sponsored_transaction_waits_for_both_nonces() {
    let mut pool = Pool::new();
    let waiting = checked(unsigned_sponsored((1, 0), (2, 1), 9000, transfer(9, 1)));
    pool.insert(&waiting, |_| 0);
    assert_eq!(pool.order(), vec![]);
    pool.insert(&checked_transfer(2, 0, 400), |_| 0);
    assert_eq!(pool.order(), vec![(address(2), 0, 400), (address(1), 0, 9000)]);
}

#[test]
fn what_is_not_mined_holds_back_its_accounts_only() {
    let mut pool = Pool::new();
    for (origin, nonce, fee) in [(1, 0, 900), (1, 1, 800), (2, 0, 700), (3, 0, 600), (3, 1, 500)] {
        pool.insert(&checked_transfer(origin, nonce, fee), |_| 0);
    }
    let mut walk = Candidates::default();
    assert_eq!(walk.next(&pool.index).unwrap().fee, 900); // Not mined.
    assert_eq!(walk.next(&pool.index).unwrap().fee, 700);
    assert_eq!(walk.next(&pool.index).unwrap().fee, 600);
    assert_eq!(walk.next(&pool.index), None);
}

#[test]
fn a_coinbase_uses_its_producers_nonce() {
    let mut pool = Pool::new();
    for (nonce, fee) in [(0, 900), (1, 800)] {
        pool.insert(&checked_transfer(1, nonce, fee), |_| 0);
    }
    let mut walk = Candidates::default();
    walk.nonce_used(&pool.index, &address(1), 0);
    assert_eq!(walk.next(&pool.index).unwrap().fee, 800);
    assert_eq!(walk.next(&pool.index), None);
}

#[test]
fn a_walk_bears_changes_between_its_steps() {
    let mut pool = Pool::new();
    for (origin, nonce, fee) in [(1, 0, 900), (2, 0, 800), (3, 0, 700)] {
        pool.insert(&checked_transfer(origin, nonce, fee), |_| 0);
    }
    let mut walk = Candidates::default();
    let first = walk.next(&pool.index).unwrap();
    walk.mined(&pool.index, &first);
    let two = checked_transfer(2, 0, 800).transaction().txid();
    let changes = write(&mut pool.conn, |tx| remove(tx, &[two], DropReason::TooExpensive, NOW_S)).unwrap();
    pool.index.apply(&changes);
    pool.insert(&checked_transfer(4, 0, 750), |_| 0);
    pool.insert(&checked_transfer(1, 1, 10), |_| 0);
    assert_eq!(walk.next(&pool.index).unwrap().fee, 750, "dropped ones are not offered, new ones are");
    assert_eq!(walk.next(&pool.index).unwrap().fee, 700);
    assert_eq!(walk.next(&pool.index), None);
}

#[test]
fn pages_of_a_listing_join_without_gap_or_repetition() {
    let mut pool = Pool::new();
    for origin in 1..40 {
        pool.insert(&checked_transfer(origin, 0, 400 + u64::from(origin % 3)), |_| 0);
    }
    let whole: Vec<PendingTransaction> = pool.index.list(None, 100).into_iter().cloned().collect();
    assert_eq!(whole.len(), 39);
    assert!(whole.is_sorted_by(|one, two| one.fee_rate() >= two.fee_rate()));
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = pool.index.list(after, 7);
        let Some(last) = page.last() else { break };
        after = Some((last.fee_rate(), last.txid));
        pages.extend(page.into_iter().cloned());
    }
    assert_eq!(pages, whole);
}

#[test]
fn fee_rates_compare_as_exact_fractions() {
    let rate = |fee, size_bytes| FeeRate { fee, size_bytes };
    assert_eq!(rate(1, 2), rate(2, 4));
    assert!(rate(u64::MAX, 3) > rate(u64::MAX - 1, 3));
    assert!(rate(1_000_001, 1_000_000) > rate(1, 1));
}

/// A pending transaction of a made-up account; `number` tells them apart.
fn made_up(number: u64, account: u64, nonce: u64) -> PendingTransaction {
    let address = |name: u64| {
        let mut hash = [0; 20];
        hash[..8].copy_from_slice(&name.to_be_bytes());
        StacksAddress::of_key_hash(Hash160(hash), false)
    };
    let mut txid = [0; 32];
    txid[..8].copy_from_slice(&number.to_be_bytes());
    PendingTransaction {
        arrival: number,
        txid: Txid(txid),
        origin: address(account),
        origin_nonce: nonce,
        payer: address(account),
        payer_nonce: nonce,
        // A multiplication by an odd number: fees in no order, and reproducible.
        fee: 1 + number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 1_000_000,
        size_bytes: 200,
        accepted_s: NOW_S,
        restored: false,
    }
}

#[test]
fn a_hundred_thousand_transactions_are_walked_in_order() {
    let (accounts, nonces) = (10_000, 10);
    let added: Vec<_> =
        (0..accounts * nonces).map(|number| made_up(number + 1, number % accounts, number / accounts)).collect();
    let next: BTreeMap<_, _> = added.iter().map(|pending| (pending.origin, 0)).collect();
    let mut index = MempoolIndex::default();
    index.apply(&Changes { nonces: next.into_iter().collect(), added, ..Changes::default() });
    assert_eq!(index.totals().transactions, accounts * nonces);

    let mut walk = Candidates::default();
    let mut seen: BTreeMap<StacksAddress, u64> = BTreeMap::new();
    let mut last: Option<PendingTransaction> = None;
    let mut count = 0;
    while let Some(next) = walk.next(&index) {
        assert_eq!(next.origin_nonce, seen.get(&next.origin).copied().unwrap_or(0));
        if let Some(last) = &last {
            // Only a transaction that the last one made ready may rank above it.
            assert!(last.fee_rate() >= next.fee_rate() || last.origin == next.origin);
        }
        seen.insert(next.origin, next.origin_nonce + 1);
        walk.mined(&index, &next);
        last = Some(next);
        count += 1;
    }
    assert_eq!(count, accounts * nonces);
}

#[derive(Debug, Clone)]
enum Op {
    Insert {
        origin: (u8, u64),
        sponsor: Option<(u8, u64)>,
        fee: u64,
        /// A reorganization brings it.
        restored: bool,
    },
    Remove(usize),
    /// Mines what the first steps of a walk offer, this many.
    Block(usize),
    /// The accounts' next nonces become these.
    Reorganize(Vec<(u8, u64)>),
    Reload,
}

fn op() -> impl Strategy<Value = Op> {
    let account = || (1..6_u8, 0..6_u64);
    prop_oneof![
        10 => (account(), proptest::option::weighted(0.3, account()), 1..40_u64, proptest::bool::weighted(0.3))
            .prop_map(|(origin, sponsor, fee, restored)| Op::Insert { origin, sponsor, fee: fee * 10, restored }),
        2 => any::<usize>().prop_map(Op::Remove),
        2 => (0..5_usize).prop_map(Op::Block),
        1 => proptest::collection::vec(account(), 0..3).prop_map(Op::Reorganize),
        1 => Just(Op::Reload),
    ]
}

/// What the test does with a candidate: mine it, or leave it out.
#[derive(Debug, Clone, Copy)]
enum Choice {
    Mine,
    Leave,
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![6 => Just(Choice::Mine), 2 => Just(Choice::Leave)]
}

#[derive(Default)]
struct Model {
    pending: Vec<PendingTransaction>,
    next: BTreeMap<StacksAddress, u64>,
}

impl Model {
    fn next(&self, account: &StacksAddress) -> u64 {
        self.next.get(account).copied().unwrap_or(0)
    }

    fn insert(&mut self, new: &PendingTransaction) {
        let used: Vec<_> = new.nonces().collect();
        if used.iter().any(|(account, nonce)| *nonce < self.next(account)) {
            return;
        }
        let conflicts = |old: &PendingTransaction| old.nonces().any(|nonce| used.contains(&nonce));
        if self.pending.iter().any(|old| old.txid == new.txid || (conflicts(old) && old.fee >= new.fee)) {
            return;
        }
        self.pending.retain(|old| !conflicts(old));
        self.pending.push(new.clone());
    }

    fn set_next(&mut self, account: StacksAddress, nonce: u64) {
        self.next.insert(account, nonce);
        self.pending.retain(|pending| pending.nonces().all(|(used, at)| used != account || at >= nonce));
    }

    /// The candidates by scanning everything at each step.
    fn walk(&self, choices: &[Choice]) -> Vec<Txid> {
        let mut next = self.next.clone();
        let mut offered = BTreeSet::new();
        let mut order = Vec::new();
        for choice in choices {
            let ready = self.pending.iter().filter(|pending| {
                !offered.contains(&pending.txid)
                    && pending.nonces().all(|(account, nonce)| next.get(&account).copied().unwrap_or(0) == nonce)
            });
            let best = ready.max_by(|one, two| {
                let by_rate =
                    if one.restored && two.restored { Ordering::Equal } else { one.fee_rate().cmp(&two.fee_rate()) };
                one.restored.cmp(&two.restored).then(by_rate).then(two.arrival.cmp(&one.arrival))
            });
            let Some(best) = best else { break };
            order.push(best.txid);
            offered.insert(best.txid);
            match choice {
                Choice::Mine => next.extend(best.nonces().map(|(account, nonce)| (account, nonce + 1))),
                Choice::Leave => {}
            }
        }
        order
    }
}

fn walk(index: &MempoolIndex, choices: &[Choice]) -> Vec<Txid> {
    let mut walk = Candidates::default();
    let mut order = Vec::new();
    for choice in choices {
        let Some(next) = walk.next(index) else { break };
        order.push(next.txid);
        match choice {
            Choice::Mine => walk.mined(index, &next),
            Choice::Leave => {}
        }
    }
    order
}

/// All transactions that the index calls ready, in order.
fn ready(index: &MempoolIndex) -> Vec<Txid> {
    let mut ready = Vec::new();
    let mut at = index.next_ready(None).copied();
    while let Some(rank) = at {
        ready.push(*rank.txid());
        at = index.next_ready(Some(&rank)).copied();
    }
    ready
}

fn build(origin: (u8, u64), sponsor: Option<(u8, u64)>, fee: u64) -> Option<CheckedTransaction> {
    let transaction = match sponsor {
        Some(sponsor) => unsigned_sponsored(origin, sponsor, fee, transfer(99, 1)),
        None => unsigned(origin.0, origin.1, fee, transfer(99, 1)),
    };
    CheckedTransaction::from_block(transaction.into(), false, NOW_S)
}

fn step(pool: &mut Pool, model: &mut Model, op: Op) {
    match op {
        Op::Insert { origin, sponsor, fee, restored } => {
            let Some(transaction) = build(origin, sponsor, fee) else { return };
            let next = |account: &StacksAddress| model.next(account);
            if restored {
                let orphaned = vec![transaction.transaction().clone()];
                let back = |tx: &Transaction<'_>| restore(tx, orphaned, false, NOW_S, |account| Ok(next(account)));
                let changes = write(&mut pool.conn, back).unwrap();
                pool.index.apply(&changes);
            } else {
                pool.insert(&transaction, next);
            }
            let mut new = PendingTransaction { restored, ..transaction.pending().clone() };
            new.arrival = get_pending(&pool.conn, &new.txid).unwrap().map_or(0, |stored| stored.arrival);
            model.insert(&new);
        }
        Op::Remove(choice) => {
            if model.pending.is_empty() {
                return;
            }
            let gone = model.pending.remove(choice % model.pending.len());
            let reason = DropReason::TooExpensive;
            let changes = write(&mut pool.conn, |tx| remove(tx, &[gone.txid], reason, NOW_S)).unwrap();
            pool.index.apply(&changes);
        }
        Op::Block(count) => {
            let mined = model.walk(&vec![Choice::Mine; count]);
            let mut nonces = Vec::new();
            for txid in &mined {
                let place = model.pending.iter().position(|pending| pending.txid == *txid).unwrap();
                nonces.extend(model.pending[place].nonces().map(|(account, nonce)| (account, nonce + 1)));
            }
            for (account, nonce) in &nonces {
                model.set_next(*account, *nonce);
            }
            let changes = write(&mut pool.conn, |tx| on_block(tx, &mined, &nonces)).unwrap();
            assert!(
                changes.dropped.iter().filter(|dropped| dropped.reason == DropReason::Mined).count() == mined.len()
            );
            pool.index.apply(&changes);
        }
        Op::Reorganize(accounts) => {
            let nonces: Vec<_> = accounts.into_iter().map(|(account, nonce)| (address(account), nonce)).collect();
            for (account, nonce) in &nonces {
                model.set_next(*account, *nonce);
            }
            let changes = write(&mut pool.conn, |tx| on_block(tx, &[], &nonces)).unwrap();
            pool.index.apply(&changes);
        }
        Op::Reload => pool.index = MempoolIndex::load(&pool.conn).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_histories_agree_with_a_naive_model(
        ops in proptest::collection::vec(op(), 1..80),
        choices in proptest::collection::vec(choice(), 100),
    ) {
        let mut pool = Pool::new();
        let mut model = Model::default();
        for op in ops {
            step(&mut pool, &mut model, op);
            let bytes = model.pending.iter().map(|pending| u64::from(pending.size_bytes)).sum();
            let expected = Totals { transactions: model.pending.len() as u64, bytes };
            prop_assert_eq!(pool.index.totals(), expected);
            prop_assert_eq!(totals(&pool.conn).unwrap(), expected);
            prop_assert_eq!(walk(&pool.index, &choices), model.walk(&choices));
            prop_assert_eq!(ready(&pool.index), ready(&MempoolIndex::load(&pool.conn).unwrap()));
            prop_assert_eq!(ready(&pool.index), model.walk(&[Choice::Leave; 100]));
            let accounts: BTreeSet<_> =
                model.pending.iter().flat_map(PendingTransaction::nonces).map(|(account, _)| account).collect();
            let tracked: Vec<_> = pool.index.accounts().map(|(account, nonce)| (*account, nonce)).collect();
            let expected: Vec<_> = accounts.iter().map(|account| (*account, model.next(account))).collect();
            prop_assert_eq!(tracked, expected);
        }
    }
}

#[test]
fn a_pending_transaction_says_what_it_waits_for() {
    let mut pool = Pool::new();
    let (two, three, five) = (checked_transfer(1, 2, 900), checked_transfer(1, 3, 900), checked_transfer(1, 5, 900));
    let sponsored = checked(unsigned_sponsored((2, 0), (1, 4), 900, transfer(9, 1)));
    for transaction in [&three, &five, &sponsored] {
        pool.insert(transaction, |_| 0);
    }
    let id = |transaction: &CheckedTransaction| transaction.transaction().txid();
    let missing = |nonce| Some(PendingStatus::MissingNonce { account: address(1), nonce });
    let status = |pool: &Pool, transaction| pool.index.status(&id(transaction));
    assert_eq!([&three, &five, &sponsored].map(|one| status(&pool, one)), [missing(0); 3]);
    let changes = write(&mut pool.conn, |tx| on_block(tx, &[], &[(address(1), 2)])).unwrap();
    pool.index.apply(&changes);
    assert_eq!([&three, &five].map(|one| status(&pool, one)), [missing(2); 2]);
    pool.insert(&two, |_| 2);
    let behind = Some(PendingStatus::Behind { account: address(1), nonce: 2, txid: id(&two) });
    assert_eq!(status(&pool, &two), Some(PendingStatus::Ready { restored: false }));
    assert_eq!([&three, &sponsored, &five].map(|one| status(&pool, one)), [behind; 3]);
    assert_eq!(pool.index.status(&Txid([7; 32])), None);
}
