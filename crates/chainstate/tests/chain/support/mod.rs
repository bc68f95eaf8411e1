//! A chain in a temporary folder, with all its keys: makes, signs and pushes blocks without any other process.

mod forge;
mod snapshot;

pub(crate) use snapshot::Snapshot;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use chainstate::assembly::TemplateOrder;
use chainstate::burn::BurnBlock;
use chainstate::chain::{NakamotoChainState, Processed, StoreOutcome};
use chainstate::db::OpenError;
use chainstate::params::ChainParams;
use chainstate::test_support::{FIRST_TIME_S, address, key, params, signed, vrf_key};
use clarity::principal::Principal;
use nakamoto_proto::v1;
use sqlite::Durability;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::{BurnBlockHash, SortitionHash, StacksBlockId, Txid};
use stacks_types::transaction::{StacksTransaction, TransactionPayload};

static NOW_MS: AtomicU64 = AtomicU64::new(1_800_000_000_000);

/// The tests' clock: it moves only when it is read.
pub(crate) fn clock() -> u64 {
    NOW_MS.fetch_add(1, Ordering::Relaxed)
}

/// A chain whose blocks are made by the test.
pub(crate) struct TestChain {
    pub(crate) chain: NakamotoChainState,
    pub(crate) folder: tempfile::TempDir,
    next_burn_time_s: u64,
}

impl TestChain {
    /// One producer, three stackers, and a burn block to begin the first tenure with.
    pub(crate) fn new() -> Self {
        Self::with(1, 3)
    }

    pub(crate) fn with(producers: u8, stackers: u8) -> Self {
        let mut test = Self::at_genesis(params(producers, stackers));
        test.mine(None);
        test
    }

    /// A chain with these parameters and only its first burn block and its boot block.
    pub(crate) fn at_genesis(params: ChainParams) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (chain, _) =
            NakamotoChainState::open(folder.path(), params, Durability::Unsynced, clock).expect("a new chain opens");
        Self { chain, folder, next_burn_time_s: FIRST_TIME_S }
    }

    /// Closes the chain and opens it again.
    pub(crate) fn reopen(self) -> Self {
        let Self { chain, folder, next_burn_time_s } = self;
        let params = chain.params().clone();
        drop(chain);
        let chain = open_chain(folder.path(), params, Durability::Unsynced);
        Self { chain, folder, next_burn_time_s }
    }

    /// The chain in a folder that outlives this value, made if it does not exist. Mines nothing.
    pub(crate) fn at(path: &std::path::Path, durability: Durability) -> Self {
        let chain = open_chain(path, params(1, 3), durability);
        let folder = tempfile::tempdir_in(path).expect("a temporary folder");
        Self { chain, folder, next_burn_time_s: FIRST_TIME_S }
    }

    /// Mines a burn block and announces it.
    pub(crate) fn mine(&mut self, on: Option<&BurnBlockHash>) -> BurnBlockHash {
        let hash = self.mine_in_silence(on);
        self.settle();
        hash
    }

    /// Mines a burn block that the journal has not announced yet.
    pub(crate) fn mine_in_silence(&mut self, on: Option<&BurnBlockHash>) -> BurnBlockHash {
        self.next_burn_time_s += 30;
        self.chain.mine_burn_block(on, self.next_burn_time_s).expect("a burn block").hash
    }

    /// Does the coordinator's work until none is left.
    pub(crate) fn settle(&self) -> Vec<Processed> {
        let mut processed = Vec::new();
        loop {
            while self.chain.announce().expect("announcing") {}
            match self.chain.process_next().expect("processing") {
                Some(done) => processed.push(done),
                None => return processed,
            }
        }
    }

    /// The canonical burn tip.
    pub(crate) fn burn_tip(&self) -> BurnBlock {
        self.chain.read(|reader| reader.burn_tip()).expect("a burn tip")
    }

    pub(crate) fn elected(&self) -> u8 {
        self.elected_at(&self.burn_tip().hash)
    }

    pub(crate) fn nonce(&self, principal: &Principal) -> u64 {
        self.account(principal).nonce
    }

    pub(crate) fn account(&self, principal: &Principal) -> chainstate::execution::read_only::Account {
        self.chain.read(|reader| reader.account(principal, None)).expect("an account")
    }

    pub(crate) fn tip(&self) -> chainstate::headers::ProcessedHeader {
        self.chain.read(|reader| reader.tip()).expect("a tip")
    }

    /// The coinbase that the elected producer would sign at present.
    pub(crate) fn coinbase(&self) -> StacksTransaction {
        let index = self.elected();
        let nonce = self.nonce(&address("producer", index).to_principal());
        let payload = TransactionPayload::Coinbase { buffer: [7; 32] };
        signed(&key("producer", index), nonce, 0, payload)
    }

    /// A template on the tip.
    pub(crate) fn template(&self) -> v1::BlockTemplate {
        let new_tenure = self.tip().burn_view != self.burn_tip().hash;
        let order = TemplateOrder {
            coinbase: new_tenure.then(|| self.coinbase().encode()),
            allow_empty: true,
            ..TemplateOrder::default()
        };
        let assembled = self.chain.assemble(&order, Duration::MAX, &AtomicBool::new(false)).expect("storage works");
        assembled.expect("a template").template
    }

    /// Adds proof and signature of the elected producer to a template.
    pub(crate) fn proposal(&self, template: &v1::BlockTemplate) -> NakamotoStacksBlock {
        let mut block = NakamotoStacksBlock::decode(&template.block).expect("a block");
        let sortition = SortitionHash::try_from(&template.sortition_hash[..]).expect("32 bytes");
        let index = self.elected_at(&block.header.bitcoin_block_hash);
        block.header.vrf_proof = vrf_key(index).prove(sortition.as_bytes());
        block.header.sign_producer(&key("producer", index));
        block
    }

    /// A block on the tip with whatever the mempool has, signed by all.
    pub(crate) fn make_block(&self) -> NakamotoStacksBlock {
        let mut block = self.proposal(&self.template());
        self.sign(&mut block);
        block
    }

    pub(crate) fn push(&self, block: &NakamotoStacksBlock) -> StoreOutcome {
        self.chain.store_block(&block.encode(), |_| ()).expect("storage works")
    }

    /// Makes a block, pushes it and processes it.
    pub(crate) fn grow(&self) -> StacksBlockId {
        let block = self.make_block();
        let id = block.block_id();
        assert_eq!(self.push(&block), StoreOutcome::Stored(id));
        assert_eq!(self.settle(), [Processed::Appended(id)]);
        id
    }

    /// Admits a transaction; a refusal fails the test.
    pub(crate) fn admit(&self, transaction: &StacksTransaction) {
        self.chain.admit_transaction(transaction.encode()).expect("storage works").expect("a good transaction");
    }

    /// Txids of the pending transactions.
    pub(crate) fn pending(&self) -> BTreeSet<Txid> {
        self.chain.pending_list(None, usize::MAX).into_iter().map(|pending| pending.txid).collect()
    }

    /// All events so far.
    pub(crate) fn events(&self) -> Vec<v1::Event> {
        let events = self.chain.read(|reader| {
            chainstate::journal::select_events(reader.conn(), reader.staging(), 1, usize::MAX >> 1, usize::MAX)
        });
        events.expect("a journal").iter().map(|event| v1::Event::clone(&event.event)).collect()
    }
}

/// Opens a folder that was just closed.
fn open_chain(path: &std::path::Path, params: ChainParams, durability: Durability) -> NakamotoChainState {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        match NakamotoChainState::open(path, params.clone(), durability, clock) {
            // A process that another test just started has our locks until it runs its own program.
            Err(OpenError::File(sqlite::OpenError::InUse { .. })) if std::time::Instant::now() < end => {
                std::thread::park_timeout(std::time::Duration::from_millis(1));
            }
            opened => break opened.expect("the folder opens").0,
        }
    }
}
