//! Replays a chain: a second node that gets only the genesis file and the blocks must reach the same state roots.
//!
//! The second node is the chain as a library in this process; nothing in the first node's memory can help it.

use std::path::Path;

use chainstate::chain::{NakamotoChainState, Processed, StoreOutcome};
use chainstate::execution::STACK_BYTES;
use mockamoto_node::chain::chain_params;
use mockamoto_node::config::GenesisFile;
use nakamoto_proto::v1;
use nakamoto_proto::v1::block_service_client::BlockServiceClient;
use nakamoto_proto::v1::burnchain_service_client::BurnchainServiceClient;
use sqlite::Durability;
use stacks_types::ids::{BurnBlockHash, StateRoot};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::processes::Cluster;

/// Largest answer: a block of 2 MiB with its header decoded beside it.
pub const ANSWER_BYTES_MAX: usize = 17 << 20;
/// Blocks that may wait for the replay.
const QUEUE: usize = 64;

/// A burn block to mine; burn blocks are in the order in which the first node saw them.
#[derive(Debug, Clone)]
pub struct BurnStep {
    /// Hash of the burn block that it is mined on.
    pub parent: BurnBlockHash,
    /// Hash that it must have.
    pub hash: BurnBlockHash,
    /// Height that it must have.
    pub height: u64,
    /// Time in seconds since 1970.
    pub time_s: u64,
}

/// A replay in progress.
pub struct Replay {
    blocks: mpsc::Sender<(Vec<u8>, StateRoot)>,
    thread: JoinHandle<()>,
}

impl Replay {
    /// Opens a new chain and mines the burn blocks. Blocks are then passed to [`Self::append`].
    ///
    /// # Panics
    /// When the genesis file cannot be used.
    #[must_use]
    pub fn start(genesis: &Path, burn: Vec<BurnStep>) -> Self {
        let genesis = GenesisFile::read(genesis).expect("the genesis file");
        let params = chain_params(&genesis).expect("the genesis is good");
        let (blocks, mut queue) = mpsc::channel::<(Vec<u8>, StateRoot)>(QUEUE);
        let replay = move || {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let first_height = params.burn.first_height;
            let (chain, _) =
                NakamotoChainState::open(folder.path(), params, Durability::Unsynced, || 0).expect("a new chain");
            for step in burn.iter().filter(|step| step.height > first_height) {
                let mined = chain.mine_burn_block(Some(&step.parent), step.time_s).expect("a burn block");
                assert_eq!(mined.hash, step.hash);
            }
            while let Some((block, root)) = queue.blocking_recv() {
                append(&chain, &block, root);
            }
        };
        // Evaluation recurses, and tokio's pool threads have too small a stack.
        let on_large_stack = || {
            let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(replay).expect("a thread");
            thread.join().expect("the replay agrees");
        };
        Self { blocks, thread: tokio::task::spawn_blocking(on_large_stack) }
    }

    /// Passes the next block, and the root that the first node has after it.
    pub async fn append(&self, block: Vec<u8>, root: StateRoot) {
        // A replay that found a difference has ended, and `finish` reports it.
        let _ = self.blocks.send((block, root)).await;
    }

    /// Waits until all blocks are replayed.
    ///
    /// # Panics
    /// When a root differs.
    pub async fn finish(self) {
        drop(self.blocks);
        self.thread.await.expect("the replay agrees");
    }
}

fn append(chain: &NakamotoChainState, block: &[u8], root: StateRoot) {
    while chain.announce().expect("storage works") {}
    let stored = chain.store_block(block, |_| ()).expect("storage works");
    assert!(matches!(stored, StoreOutcome::Stored(_)), "{stored:?}");
    while chain.announce().expect("storage works") {}
    let done = chain.process_next().expect("storage works");
    assert!(matches!(done, Some(Processed::Appended(_))), "{done:?}");
    assert_eq!(chain.read(|reader| reader.tip()).expect("a tip").state_root, root);
}

/// Replays the canonical chain of a cluster's node, whose mocked bitcoin never forked, and compares each state root.
///
/// # Panics
/// When a root differs.
pub async fn check_roots(cluster: &Cluster) {
    let channel = cluster.client().channel;
    let mut blocks = BlockServiceClient::new(channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX);
    let tip = blocks.get_tip(v1::GetTipRequest {}).await.expect("a tip").into_inner();
    let (tip, view) = (tip.tip.expect("a tip"), tip.burn_view.expect("its burn view"));
    assert!(tip.chain_length > 30, "there is something to replay");

    let mut burnchain = BurnchainServiceClient::new(channel);
    let mut burn = Vec::new();
    let genesis = GenesisFile::read(&cluster.genesis_file()).expect("the genesis file");
    for height in genesis.first_burn_height + 1..=view.height {
        let block = Some(v1::get_burn_block_request::Block::Height(height));
        let request = v1::GetBurnBlockRequest { block, fork_tip: view.burn_block_hash.clone() };
        let block = burnchain.get_burn_block(request).await.expect("a burn block").into_inner().burn_block;
        let block = block.expect("a burn block");
        burn.push(BurnStep {
            parent: BurnBlockHash::try_from(&block.parent_burn_block_hash[..]).expect("32 bytes"),
            hash: BurnBlockHash::try_from(&block.burn_block_hash[..]).expect("32 bytes"),
            height,
            time_s: block.timestamp_s,
        });
    }
    let replay = Replay::start(&cluster.genesis_file(), burn);
    for height in 1..=tip.chain_length {
        let block = Some(v1::get_block_request::Block::ChainLength(height));
        let request = v1::GetBlockRequest { block, tip_block_id: tip.block_id.clone() };
        let block = blocks.get_block(request).await.expect("a block").into_inner();
        let root = &block.header.as_ref().expect("a header").state_index_root;
        let root = StateRoot::try_from(&root[..]).expect("32 bytes");
        replay.append(block.block.to_vec(), root).await;
    }
    replay.finish().await;
}
