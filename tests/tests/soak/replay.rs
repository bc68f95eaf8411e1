//! A second chain that gets only the burn blocks and the canonical blocks has the same state roots.

use nakamoto_proto::v1;
use nakamoto_proto::v1::block_service_client::BlockServiceClient;
use stacks_types::ids::{BurnBlockHash, StateRoot};
use tests::processes::Cluster;
use tests::replay::{ANSWER_BYTES_MAX, BurnStep, Replay};

use super::follower::Reported;

/// Replays the reported blocks, read from the node.
pub(crate) async fn check(cluster: &Cluster, reported: &Reported) {
    // In the order in which they were seen: a burn block's hash depends on its older siblings.
    let burn: Vec<_> = reported
        .burn
        .iter()
        .map(|block| BurnStep {
            parent: BurnBlockHash(block.parent),
            hash: BurnBlockHash(block.hash),
            height: block.height,
            time_s: block.time_s,
        })
        .collect();
    let replay = Replay::start(&cluster.genesis_file(), burn);
    let mut blocks = BlockServiceClient::new(cluster.client().channel).max_decoding_message_size(ANSWER_BYTES_MAX);
    let canonical = reported.canonical();
    assert!(!canonical.is_empty(), "there is something to replay");
    for block_id in canonical {
        let block = Some(v1::get_block_request::Block::BlockId(block_id.to_vec().into()));
        let request = v1::GetBlockRequest { block, ..Default::default() };
        let block = blocks.get_block(request).await.expect("a block").into_inner();
        assert!(block.is_canonical, "the stream's tip is the node's");
        replay.append(block.block.to_vec(), StateRoot(reported.blocks[&block_id].root)).await;
    }
    replay.finish().await;
}
