//! A second node, which has only the genesis file and the blocks, reaches the same state roots.
//!
//! It is the chain as a library, in this process: nothing of the first node's memory can help it.

use chainstate::chain::{Chain, Processed, StoreOutcome};
use chainstate::clarity::STACK_BYTES;
use mockamoto_node::chain::chain_params;
use mockamoto_node::config::GenesisFile;
use nakamoto_proto::ids::{BurnBlockHash, StateRoot};
use nakamoto_proto::v1;
use nakamoto_proto::v1::block_service_client::BlockServiceClient;
use nakamoto_proto::v1::burnchain_service_client::BurnchainServiceClient;

use crate::processes::Cluster;

/// Largest answer: a block of 2 MiB with its header decoded beside it.
const ANSWER_BYTES_MAX: usize = 17 << 20;

/// Replays the canonical chain of a cluster's node and compares each state root.
///
/// # Panics
/// When the chains differ.
pub async fn check_roots(cluster: &Cluster) {
    let genesis = GenesisFile::read(&cluster.genesis_file()).expect("the genesis file");
    let params = chain_params(&genesis).expect("the genesis is good");
    let channel = cluster.client().channel;
    let mut blocks = BlockServiceClient::new(channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX);
    let tip = blocks.get_tip(v1::GetTipRequest {}).await.expect("a tip").into_inner();
    let (tip, view) = (tip.tip.expect("a tip"), tip.burn_view.expect("its burn view"));

    let mut burnchain = BurnchainServiceClient::new(channel);
    let mut burn_blocks = Vec::new();
    for height in params.burn.first_height + 1..=view.height {
        let block = Some(v1::get_burn_block_request::Block::Height(height));
        let request = v1::GetBurnBlockRequest { block, fork_tip: view.burn_block_hash.clone() };
        burn_blocks.push(burnchain.get_burn_block(request).await.expect("a burn block").into_inner());
    }
    let mut encoded = Vec::new();
    for height in 1..=tip.chain_length {
        let block = Some(v1::get_block_request::Block::ChainLength(height));
        let request = v1::GetBlockRequest { block, tip_block_id: tip.block_id.clone() };
        encoded.push(blocks.get_block(request).await.expect("a block").into_inner());
    }
    assert!(encoded.len() > 30, "there is something to replay");
    // Evaluation recurses.
    let replay = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (chain, _) = Chain::open(folder.path(), params, || 0).expect("a new chain");
        for block in burn_blocks {
            let block = block.burn_block.expect("a block");
            let mined = chain.mine_burn_block(None, block.timestamp_s).expect("a burn block");
            assert_eq!(Ok(mined.hash), BurnBlockHash::try_from(&block.burn_block_hash[..]));
        }
        for block in &encoded {
            while chain.announce().expect("storage works") {}
            let stored = chain.store_block(&block.block).expect("storage works");
            assert!(matches!(stored, StoreOutcome::Stored(_)), "{stored:?}");
            while chain.announce().expect("storage works") {}
            let done = chain.process_next().expect("storage works");
            assert!(matches!(done, Some(Processed::Appended(_))), "{done:?}");
            let root = chain.read(|reader| reader.tip()).expect("a tip").state_root;
            let header = block.header.as_ref().expect("a header");
            assert_eq!(Ok(root), StateRoot::try_from(&header.state_index_root[..]));
        }
    });
    replay.expect("a thread").join().expect("the replay agrees");
}
