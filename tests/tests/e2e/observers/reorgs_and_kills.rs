//! Bitcoin reorganizes, transactions replace each other, and the node is killed in between: every post still fits its
//! schema, the right fields are null, and the order holds.

use std::collections::BTreeMap;

use nakamoto_proto::v1;
use tests::processes::{Admin, Client, Cluster, Plan, run, stacksjs, transfer, transfer_paying, wallet};

use super::recorder::{Post, Recorder};
use super::{order, schema};

/// Number of rounds, each with a reorganization, a replacement and a kill.
const ROUNDS: u64 = 3;

#[test]
fn every_post_is_as_it_must_be_through_reorganizations_replacements_and_kills() {
    run(async {
        let observer = Recorder::start().await;
        let plan = Plan { node_config: observer.config(), ..Plan::default() };
        let mut cluster = Cluster::start_plan(plan);
        for round in 0..ROUNDS {
            let fork = turn(&cluster.client(), round).await;
            // The node is killed as soon as the fork's first block is posted; the other posts are then still in
            // progress.
            let is_posted = |posts: &Vec<Post>| posts.iter().any(|post| post.name() == name_of(&fork));
            observer.until("a block of the new fork", is_posted).await;
            cluster.restart_node("0");
        }
        let tip = Admin::new(&cluster.client()).mine_blocks(1).await.remove(0);
        observer.until("the last block", |posts| posts.iter().any(|post| post.name() == name_of(&tip))).await;
        let posts = observer.posts();
        posts.iter().for_each(|post| schema::check(&post.path, &post.body));
        order::check(&posts, usize::try_from(ROUNDS).expect("a few"));
        check_turmoil(&posts);
    });
}

/// Makes two tenures with transactions, one of which is replaced; then bitcoin forks below them. Returns the first
/// block on the fork.
async fn turn(client: &Client, round: u64) -> v1::BlockRef {
    let (mut admin, key) = (Admin::new(client), wallet(&stacksjs(), "wallet_8"));
    let waiting = 20 + round; // It waits for earlier nonces, which never come.
    let offers = [transfer(&key, round), transfer_paying(&key, waiting, 1_000), transfer_paying(&key, waiting, 2_000)];
    for offer in offers {
        let answer = client.submit(offer.encode()).await;
        assert!(answer.accepted, "{answer:?}");
    }
    for _ in 0..2 {
        admin.mine_burn_blocks(1).await;
        admin.mine_blocks(2).await;
    }
    let request = v1::ReorganizeBurnchainRequest { depth: Some(1), length: None, overtake: false };
    admin.client.reorganize_burnchain(request).await.expect("a reorganization");
    admin.mine_blocks(2).await.remove(0)
}

fn name_of(block: &v1::BlockRef) -> String {
    format!("block 0x{}", hex::encode(&block.block_id))
}

/// Checks that the run had the events for which it was made.
fn check_turmoil(posts: &[Post]) {
    let of = |path: &'static str| posts.iter().filter(move |post| post.path == path).map(|post| &post.body);
    let mut at_height: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for block in of("/new_block") {
        let id = block["index_block_hash"].as_str().expect("hex").to_owned();
        let ids = at_height.entry(block["block_height"].as_u64().expect("a height")).or_default();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let forked = at_height.values().filter(|ids| ids.len() > 1).count() as u64;
    assert!(forked >= ROUNDS, "blocks of both forks are posted: {at_height:?}");
    let replaced = of("/drop_mempool_tx").filter(|body| body["reason"] == "ReplaceByFee").count() as u64;
    assert!(replaced >= ROUNDS, "{replaced} replacements are posted");
    for path in ["/new_mempool_tx", "/stackerdb_chunks", "/proposal_response"] {
        assert!(of(path).next().is_some(), "{path} is posted");
    }
}
