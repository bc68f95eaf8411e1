//! The simplest model of burn chain and chain state: trees of burn blocks and Stacks blocks, and walks over them.

use nakamoto_proto::v1::RejectReason;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};
use stacks_types::transaction::StacksTransaction;

use chainstate::test_support::{OPENING_USTX, USERS};

/// Fee of each transfer.
pub(super) const FEE: u128 = 1_000;

pub(super) struct ModelBurnBlock {
    pub(super) hash: BurnBlockHash,
    pub(super) parent: Option<usize>,
    pub(super) height: u64,
}

/// A transfer to the next user.
pub(super) struct Transfer {
    pub(super) transaction: StacksTransaction,
    pub(super) from: u8,
    pub(super) nonce: u64,
    pub(super) amount: u64,
}

/// A user's account after a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Account {
    pub(super) nonce: u64,
    pub(super) available: u128,
}

pub(super) struct ModelBlock {
    pub(super) id: StacksBlockId,
    pub(super) parent: Option<usize>,
    pub(super) view: usize,
    pub(super) chain_length: u64,
    pub(super) transfers: Vec<usize>,
    pub(super) accounts: [Account; USERS as usize],
}

/// All burn blocks, processed blocks and transfers. Numbers are places in these lists.
pub(super) struct Model {
    pub(super) burn: Vec<ModelBurnBlock>,
    pub(super) blocks: Vec<ModelBlock>,
    pub(super) transfers: Vec<Transfer>,
}

impl Model {
    pub(super) fn new(first: ModelBurnBlock) -> Self {
        let account = Account { nonce: 0, available: OPENING_USTX };
        let boot = ModelBlock {
            id: StacksBlockId::BOOT,
            parent: None,
            view: 0,
            chain_length: 0,
            transfers: Vec::new(),
            accounts: [account; USERS as usize],
        };
        Self { burn: vec![first], blocks: vec![boot], transfers: Vec::new() }
    }

    /// The burn block of greatest height; of several, the one seen first.
    pub(super) fn burn_tip(&self) -> usize {
        let mut tip = 0;
        for (number, block) in self.burn.iter().enumerate() {
            if block.height > self.burn[tip].height {
                tip = number;
            }
        }
        tip
    }

    /// Whether `ancestor` is `of` or an ancestor of it.
    pub(super) fn is_burn_ancestor(&self, ancestor: usize, of: usize) -> bool {
        let mut at = Some(of);
        while let Some(number) = at {
            if number == ancestor {
                return true;
            }
            at = self.burn[number].parent;
        }
        false
    }

    /// The canonical Stacks block of the fork that ends in a burn block.
    pub(super) fn canonical_on(&self, burn_tip: usize) -> usize {
        let witnesses =
            (0..self.blocks.len()).filter(|block| self.is_burn_ancestor(self.blocks[*block].view, burn_tip));
        let place = |block: &usize| (self.burn[self.blocks[*block].view].height, self.blocks[*block].chain_length);
        witnesses.max_by_key(place).expect("the boot block")
    }

    /// A block and its ancestors, from the boot block.
    pub(super) fn chain_of(&self, block: usize) -> Vec<usize> {
        let mut chain = vec![block];
        while let Some(parent) = self.blocks[chain[chain.len() - 1]].parent {
            chain.push(parent);
        }
        chain.reverse();
        chain
    }

    /// The rule that a block at this place breaks, if any.
    pub(super) fn broken_rule(&self, parent: usize, view: usize) -> Option<RejectReason> {
        if !self.is_burn_ancestor(self.blocks[parent].view, view) {
            return Some(RejectReason::BurnViewRegressed);
        }
        let sibling = self
            .blocks
            .iter()
            .filter(|block| block.parent == Some(parent))
            .any(|block| self.is_burn_ancestor(block.view, view) || self.is_burn_ancestor(view, block.view));
        sibling.then_some(RejectReason::HasSibling)
    }

    /// Adds a valid block.
    pub(super) fn append(&mut self, id: StacksBlockId, parent: usize, view: usize, transfers: Vec<usize>) {
        let mut accounts = self.blocks[parent].accounts;
        for transfer in transfers.iter().map(|number| &self.transfers[*number]) {
            let from = usize::from(transfer.from);
            accounts[from].nonce += 1;
            accounts[from].available -= u128::from(transfer.amount) + FEE;
            accounts[(from + 1) % usize::from(USERS)].available += u128::from(transfer.amount);
        }
        let chain_length = self.blocks[parent].chain_length + 1;
        self.blocks.push(ModelBlock { id, parent: Some(parent), view, chain_length, transfers, accounts });
    }
}
