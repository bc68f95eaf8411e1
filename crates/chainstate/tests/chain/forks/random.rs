//! Random trees of burn blocks and Stacks blocks: the chain agrees with the model after every step, and after it is
//! opened again.

use std::collections::BTreeSet;

use chainstate::chain::{Processed, StoreOutcome};
use chainstate::db::StoreError;
use chainstate::headers::get_canonical_stacks_block;
use proptest::prelude::*;
use proptest::sample::Index;
use stacks_types::ids::StacksBlockId;
use stacks_types::transaction::StacksTransaction;

use super::model::{Account, Model, ModelBurnBlock, Transfer};
use super::{ids, mempool, tip_changes};
use crate::support::TestChain;
use chainstate::test_support::{USERS, address, on_a_large_stack, params, transfer, user};

#[derive(Debug, Clone)]
enum Op {
    /// Mines on any burn block.
    Mine(Index),
    /// Mines on the canonical burn tip.
    MineOnTip,
    /// Appends to the chain of any bitcoin fork, with new transfers and pending ones.
    Extend { view: Index, new: u8, pending: bool },
    /// Offers a block at any place, valid or not.
    Offer { parent: Index, view: Index },
    /// Admits a transfer whose nonce is next after the canonical and pending ones.
    Admit(u8),
    /// Lets assembly make the block.
    Assemble,
    /// Closes the chain and opens it again.
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => any::<Index>().prop_map(Op::Mine),
        2 => Just(Op::MineOnTip),
        6 => (any::<Index>(), 0..3u8, any::<bool>()).prop_map(|(view, new, pending)| Op::Extend { view, new, pending }),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(parent, view)| Op::Offer { parent, view }),
        3 => (0..USERS).prop_map(Op::Admit),
        2 => Just(Op::Assemble),
        1 => Just(Op::Reopen),
    ]
}

/// The chain with its model.
struct Pair {
    test: TestChain,
    model: Model,
    /// Transfers that were admitted or canonical at some time: none of them may be lost.
    dear: BTreeSet<usize>,
    tip_changes: usize,
    tip: usize,
}

impl Pair {
    fn new() -> Self {
        let test = TestChain::at_genesis(params(2, 2));
        let first = test.burn_tip();
        let model = Model::new(ModelBurnBlock { hash: first.hash, parent: None, height: first.height });
        Self { test, model, dear: BTreeSet::new(), tip_changes: 0, tip: 0 }
    }

    fn run(mut self, ops: Vec<Op>) {
        for op in ops {
            self = self.step(&op);
            self.check(&op);
        }
        self.check_every_block();
        self.test = self.test.reopen();
        self.check(&Op::Reopen);
        self.check_every_block();
    }

    fn step(mut self, op: &Op) -> Self {
        match op {
            Op::Mine(on) => self.mine(on.index(self.model.burn.len())),
            Op::MineOnTip => self.mine(self.model.burn_tip()),
            Op::Extend { view, new, pending } => self.extend(view.index(self.model.burn.len()), *new, *pending),
            Op::Offer { parent, view } => {
                let (parent, view) = (parent.index(self.model.blocks.len()), view.index(self.model.burn.len()));
                self.offer(parent, view, Vec::new());
            }
            Op::Admit(from) => self.admit(*from),
            Op::Assemble => self.assemble(),
            Op::Reopen => {
                let pending = self.test.pending();
                self.test = self.test.reopen();
                assert_eq!(self.test.pending(), pending);
            }
        }
        self
    }

    fn mine(&mut self, on: usize) {
        let parent = &self.model.burn[on];
        let (height, hash) = (parent.height + 1, self.test.mine(Some(&parent.hash)));
        self.model.burn.push(ModelBurnBlock { hash, parent: Some(on), height });
    }

    /// Makes a transfer to the next user, different from all others.
    fn make_transfer(&mut self, from: u8, nonce: u64) -> usize {
        let amount = 1 + self.model.transfers.len() as u64;
        let transaction = transfer(from, nonce, (from + 1) % USERS, amount);
        self.model.transfers.push(Transfer { transaction, from, nonce, amount });
        self.model.transfers.len() - 1
    }

    fn extend(&mut self, view: usize, new: u8, pending: bool) {
        let parent = self.model.canonical_on(view);
        let mut nonces = self.model.blocks[parent].accounts.map(|account| account.nonce);
        let mut transfers = Vec::new();
        if pending {
            let pending = self.test.pending();
            for (number, transfer) in self.model.transfers.iter().enumerate() {
                let from = usize::from(transfer.from);
                if transfer.nonce == nonces[from] && pending.contains(&transfer.transaction.txid()) {
                    nonces[from] += 1;
                    transfers.push(number);
                }
            }
        }
        for from in 0..new {
            let nonce = nonces[usize::from(from)];
            transfers.push(self.make_transfer(from, nonce));
        }
        self.offer(parent, view, transfers);
    }

    fn offer(&mut self, parent: usize, view: usize, transfers: Vec<usize>) {
        let txs = self.transactions(&transfers);
        let block = self.test.forge(&self.model.blocks[parent].id, &self.model.burn[view].hash, txs);
        let id = block.block_id();
        if self.model.blocks.iter().any(|known| known.id == id) {
            assert_eq!(self.test.push(&block), StoreOutcome::AlreadyKnown(id, None));
            return;
        }
        match self.model.broken_rule(parent, view) {
            None => {
                assert_eq!(self.test.push(&block), StoreOutcome::Stored(id));
                assert_eq!(self.test.settle(), [Processed::Appended(id)]);
                self.model.append(id, parent, view, transfers);
            }
            Some(reason) => match self.test.push(&block) {
                StoreOutcome::Rejected(_, rejection) => assert_eq!(rejection.reason(), reason, "{rejection}"),
                other => panic!("{reason:?} was not found: {other:?}"),
            },
        }
    }

    fn transactions(&self, transfers: &[usize]) -> Vec<StacksTransaction> {
        transfers.iter().map(|number| self.model.transfers[*number].transaction.clone()).collect()
    }

    fn admit(&mut self, from: u8) {
        let pending = self.test.pending();
        let mut nonce = self.model.blocks[self.tip].accounts[usize::from(from)].nonce;
        let used = |nonce| {
            let mut transfers = self.model.transfers.iter().filter(|transfer| transfer.from == from);
            transfers.any(|transfer| transfer.nonce == nonce && pending.contains(&transfer.transaction.txid()))
        };
        while used(nonce) {
            nonce += 1;
        }
        let number = self.make_transfer(from, nonce);
        self.test.admit(&self.model.transfers[number].transaction);
        self.dear.insert(number);
    }

    fn assemble(&mut self) {
        let block = self.test.make_block();
        let transfer_of = |txid| self.model.transfers.iter().position(|transfer| transfer.transaction.txid() == txid);
        let transfers: Vec<_> = block.txs.iter().filter_map(|transaction| transfer_of(transaction.txid())).collect();
        let (parent, view) = (self.tip, self.model.burn_tip());
        assert_eq!(block.header.parent_block_id, self.model.blocks[parent].id);
        assert_eq!(block.header.bitcoin_block_hash, self.model.burn[view].hash);
        assert_eq!(self.test.push(&block), StoreOutcome::Stored(block.block_id()));
        assert_eq!(self.test.settle(), [Processed::Appended(block.block_id())]);
        self.model.append(block.block_id(), parent, view, transfers);
    }

    fn id(&self, block: usize) -> StacksBlockId {
        self.model.blocks[block].id
    }

    fn check(&mut self, op: &Op) {
        let old = std::mem::replace(&mut self.tip, self.model.canonical_on(self.model.burn_tip()));
        assert_eq!(self.test.burn_tip().hash, self.model.burn[self.model.burn_tip()].hash);
        assert_eq!(self.test.tip().block_id, self.id(self.tip), "after {op:?}");
        let canonical = self.test.chain.read(|reader| {
            let burn_tip = reader.burn_tip()?;
            get_canonical_stacks_block(reader.conn(), reader.burn(), &burn_tip)
        });
        assert_eq!(canonical.expect("readable"), self.id(self.tip));
        self.check_event(old);
        self.check_mempool();
    }

    /// Expects one event with the paths between the tips if the tip moved, and none otherwise.
    fn check_event(&mut self, old: usize) {
        let changes = tip_changes(&self.test).split_off(self.tip_changes);
        self.tip_changes += changes.len();
        if old == self.tip {
            assert_eq!(changes, []);
            return;
        }
        let (from, to) = (self.model.chain_of(old), self.model.chain_of(self.tip));
        let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
        let path = |blocks: &[usize]| blocks.iter().map(|block| self.id(*block)).collect::<Vec<_>>();
        let [moved] = &changes[..] else { panic!("{changes:?}") };
        let id = |block: &Option<nakamoto_proto::v1::BlockRef>| ids(block.as_slice())[0];
        assert_eq!(id(&moved.old_tip), self.id(old));
        assert_eq!(id(&moved.new_tip), self.id(self.tip));
        assert_eq!(id(&moved.common_ancestor), self.id(from[shared - 1]));
        let mut rolled_back = path(&from[shared..]);
        rolled_back.reverse();
        assert_eq!(ids(&moved.rolled_back), rolled_back);
        assert_eq!(ids(&moved.applied), path(&to[shared..]));
    }

    fn check_mempool(&mut self) {
        let chain = self.model.chain_of(self.tip);
        let mined: BTreeSet<usize> =
            chain.iter().flat_map(|block| self.model.blocks[*block].transfers.clone()).collect();
        self.dear.extend(&mined);
        let pending = self.test.pending();
        let accounts = &self.model.blocks[self.tip].accounts;
        let next = |transfer: &Transfer| accounts[usize::from(transfer.from)].nonce;
        let waiting: Vec<_> =
            self.model.transfers.iter().filter(|transfer| pending.contains(&transfer.transaction.txid())).collect();
        assert_eq!(waiting.len(), pending.len());
        for transfer in &waiting {
            assert!(transfer.nonce >= next(transfer), "a pending transfer can never be mined");
        }
        for number in &self.dear {
            let transfer = &self.model.transfers[*number];
            let waits = waiting.iter().any(|other| (other.from, other.nonce) == (transfer.from, transfer.nonce));
            let is_over = transfer.nonce < next(transfer);
            assert!(waits || is_over, "transfer {number} got lost");
            assert!(!(mined.contains(number) && pending.contains(&transfer.transaction.txid())));
        }
        let mut nonces: Vec<_> = (0..USERS)
            .filter(|user| waiting.iter().any(|transfer| transfer.from == *user))
            .map(|user| {
                let address = address("user", user);
                let bytes: Vec<u8> = std::iter::once(address.version()).chain(address.hash160().0).collect();
                (bytes, accounts[usize::from(user)].nonce)
            })
            .collect();
        nonces.sort();
        assert_eq!(mempool::next_nonces(&self.test), nonces);
    }

    /// Checks ancestors and state at every block of every fork.
    fn check_every_block(&self) {
        let checked = self.test.chain.read(|reader| {
            let ancestry = reader.ancestry();
            for (tip, block) in self.model.blocks.iter().enumerate() {
                let chain = self.model.chain_of(tip);
                for (height, ancestor) in (0..).zip(&chain) {
                    let found = reader.header_at(height, &block.id)?.expect("an ancestor");
                    assert_eq!(found.block_id, self.id(*ancestor));
                }
                assert!(reader.header_at(chain.len() as u64, &block.id)?.is_none(), "nothing is above a tip");
                for (other, model) in self.model.blocks.iter().enumerate() {
                    assert_eq!(ancestry.is_ancestor(&model.id, &block.id)?, chain.contains(&other));
                }
                for (number, expected) in (0..USERS).zip(&block.accounts) {
                    let account = reader.account(&user(number), Some(&block.id)).expect("an account");
                    assert_eq!(Account { nonce: account.nonce, available: account.available }, *expected);
                }
            }
            Ok::<_, StoreError>(())
        });
        checked.expect("readable");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_canonical_tip_its_event_and_the_mempool_are_as_a_simple_model_says(ops in prop::collection::vec(op(), 1..40)) {
        on_a_large_stack(move || Pair::new().run(ops));
    }
}
