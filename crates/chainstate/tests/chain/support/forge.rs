//! Makes any block at any place: valid and signed by the right keys, for a test to modify.

use std::sync::atomic::AtomicBool;

use chainstate::blocks::{execute, plan_block};
use chainstate::db::StoreError;
use chainstate::execution::{BlockEnv, ContractCache, ExecutionLimits, Supervision};
use chainstate::headers::ChainHeaders;
use chainstate::test_support::{address, key, signed, vrf_key};
use stacks_types::address::StacksAddress;
use stacks_types::block::{NakamotoStacksBlock, NakamotoStacksBlockHeader, SigningMode};
use stacks_types::ids::{BurnBlockHash, MerkleRoot, StacksBlockId, StateRoot};
use stacks_types::keys::MessageSignature;
use stacks_types::transaction::{BlockTransaction, StacksTransaction, TransactionPayload};
use stacks_types::vrf::VrfProof;

use super::TestChain;

/// Number of keys of each kind that tests use.
const KEYS: u8 = 16;

fn index_of(kind: &str, wanted: &StacksAddress) -> u8 {
    (0..KEYS).find(|index| address(kind, *index) == *wanted).expect("one of the tests' keys")
}

impl TestChain {
    /// A valid block on a processed parent that witnesses a known burn block, with these transactions; in a new tenure
    /// the coinbase comes first. Its root is zeros if they cannot be executed.
    pub(crate) fn forge(
        &self,
        parent: &StacksBlockId,
        view: &BurnBlockHash,
        txs: Vec<StacksTransaction>,
    ) -> NakamotoStacksBlock {
        let (plan, nonce) = self
            .chain
            .read(|reader| {
                let parent = reader.header(parent)?.expect("a processed parent");
                let view = reader.burn_view(view)?;
                plan_block(self.chain.params(), reader.conn(), &reader.ancestry(), parent, view)
            })
            .map(|plan| (plan, self.nonce_at(parent, &address("producer", self.elected_at(view)))))
            .expect("a place");
        let payload = TransactionPayload::Coinbase { buffer: [7; 32] };
        let coinbase = plan.new_tenure.then(|| signed(&key("producer", self.elected_at(view)), nonce, 0, payload));
        let header = NakamotoStacksBlockHeader {
            version: 0,
            chain_length: plan.chain_length(),
            burn_spent: plan.burn_spent(),
            bitcoin_block_hash: *view,
            parent_block_id: *parent,
            tx_merkle_root: MerkleRoot::default(),
            state_index_root: StateRoot([0; 32]),
            vrf_proof: VrfProof([0; 80]),
            producer_signature: MessageSignature::default(),
            stacker_signatures: Vec::new(),
        };
        let txs = coinbase.into_iter().chain(txs).map(BlockTransaction::new).collect();
        let mut block = NakamotoStacksBlock { header, txs };
        self.finish(&mut block);
        block
    }

    /// Sets the fields that follow from the rest: state root, Merkle root, proof, signatures.
    pub(crate) fn finish(&self, block: &mut NakamotoStacksBlock) {
        if let Some(root) = self.executed_root(block) {
            block.header.state_index_root = root;
        }
        block.header.tx_merkle_root = block.computed_tx_merkle_root();
        let view = self.chain.read(|reader| reader.burn_view(&block.header.bitcoin_block_hash)).expect("a burn view");
        block.header.vrf_proof = vrf_key(self.elected_at(&view.hash)).prove(view.sortition_hash.as_bytes());
        self.resign(block);
    }

    /// Signs again as producer and stackers of the block's burn view, or of the first one if the view is unknown.
    pub(crate) fn resign(&self, block: &mut NakamotoStacksBlock) {
        if self.chain.params().signing == SigningMode::WellKnown {
            block.header.sign_well_known();
            return;
        }
        block.header.sign_producer(&key("producer", self.elected_at(&block.header.bitcoin_block_hash)));
        self.sign(block);
    }

    /// Adds the signatures of all stackers of the block's burn view.
    pub(crate) fn sign(&self, block: &mut NakamotoStacksBlock) {
        let stackers = self.stackers_at(&block.header.bitcoin_block_hash);
        self.sign_as(block, &stackers);
    }

    /// Signs as these stackers.
    pub(crate) fn sign_as(&self, block: &mut NakamotoStacksBlock, stackers: &[u8]) {
        let sign = |index: &u8| block.header.sign_stacker(&key("stacker", *index));
        block.header.stacker_signatures = stackers.iter().map(sign).collect();
    }

    /// The state root after execution on the block's parent; none if a transaction may not be in the block.
    fn executed_root(&self, block: &NakamotoStacksBlock) -> Option<StateRoot> {
        let root = self.chain.read(|reader| {
            let parent = reader.header(&block.header.parent_block_id)?.expect("a processed parent");
            let view = reader.burn_view(&block.header.bitcoin_block_hash)?;
            let ancestry = reader.ancestry();
            let (params, conn, burn, marf) = (self.chain.params(), reader.conn(), reader.burn(), ancestry.0);
            let plan = plan_block(params, conn, &ancestry, parent, view)?;
            let headers = ChainHeaders { params, conn, burn, marf, tip: plan.parent.block_id };
            let contracts = &ContractCache::default();
            let env = BlockEnv { params, marf, side: conn, contracts, facts: &headers };
            let supervision =
                Supervision { limits: ExecutionLimits::NONE, stop: &AtomicBool::new(false), gives_way: None };
            let executed = execute(env, &plan, &block.txs, supervision);
            Ok::<_, StoreError>(executed.ok().map(|execution| execution.executed.state_root))
        });
        root.expect("a place")
    }

    /// The producer elected at a burn block, or the first one if the block is unknown.
    pub(crate) fn elected_at(&self, view: &BurnBlockHash) -> u8 {
        let elected = self.chain.read(|reader| {
            let known = reader.burn().is_known(view)?;
            Ok::<_, StoreError>(if known { Some(reader.burn().elected_producer(view)?.address) } else { None })
        });
        elected.expect("readable").map_or(0, |address| index_of("producer", &address))
    }

    /// The stackers at a burn block, in order; those of the first cycle if the block is unknown.
    pub(crate) fn stackers_at(&self, view: &BurnBlockHash) -> Vec<u8> {
        let set = self.chain.read(|reader| {
            let known = reader.burn().is_known(view)?;
            Ok::<_, StoreError>(if known {
                reader.burn().get_stacker_set(view)?
            } else {
                reader.burn().stackers_of_cycle(0)?
            })
        });
        set.expect("readable").stackers.iter().map(|stacker| index_of("stacker", &stacker.address)).collect()
    }

    /// An account's next nonce after a block.
    pub(crate) fn nonce_at(&self, block: &StacksBlockId, account: &StacksAddress) -> u64 {
        let account = self.chain.read(|reader| reader.account(&account.to_principal(), Some(block)));
        account.expect("an account").nonce
    }
}
