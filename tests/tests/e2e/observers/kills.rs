//! kill -9 of the node while it posts to an observer: no post is missing, and only a post that was not acknowledged may
//! come again. Then status and replay over gRPC.

use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::observer_service_client::ObserverServiceClient;
use tests::processes::{Client, Cluster, Plan, run};

use super::recorder::{Post, Recorder};

/// Number of times that the node is killed.
const KILLS: usize = 4;

#[test]
fn a_killed_node_goes_on_posting_where_it_was() {
    run(async {
        let observer = Recorder::start().await;
        let node_config = observer.config();
        let (block_interval, burn_block_interval) = ("100ms", "1s");
        let plan = Plan { block_interval, burn_block_interval, node_config, ..Plan::default() };
        let mut cluster = Cluster::start_plan(plan);
        for _ in 0..KILLS {
            let goal = observer.posts().len() + 25;
            observer.until("posts keep coming", |posts| posts.len() >= goal).await;
            cluster.restart_node("1s");
        }
        let goal = observer.posts().len() + 25;
        observer.until("posts keep coming", |posts| posts.len() >= goal).await;
        let posted: Vec<_> = observer.posts().iter().map(key_of).collect();
        let expected = from_journal(&cluster.client(), posted.len()).await;
        let (mut next, mut again) = (0, 0);
        for (index, post) in posted.iter().enumerate() {
            if *post == expected[next] {
                next += 1;
            } else {
                assert!(index > 0 && *post == posted[index - 1], "{post} came, not {}", expected[next]);
                again += 1;
            }
        }
        assert!(again <= KILLS, "{again} posts came again");
        status_and_replay(&cluster.client(), &observer).await;
    });
}

/// A text that identifies a post and that the journal's events give too.
fn key_of(post: &Post) -> String {
    let body = &post.body;
    match post.path.as_str() {
        "/new_block" | "/new_burn_block" | "/new_mempool_tx" => post.name(),
        "/stackerdb_chunks" => {
            let (slot, name) = (&body["modified_slots"][0], body["contract_id"]["name"].as_str().unwrap_or_default());
            format!("chunk {name} {} {}", slot["slot_id"], slot["slot_version"])
        }
        "/proposal_response" => format!("verdict {}", body["signer_signature_hash"].as_str().unwrap_or_default()),
        other => format!("{other} {body}"),
    }
}

/// The first posts that an observer with every key should get, from the journal.
async fn from_journal(client: &Client, count: usize) -> Vec<String> {
    let mut watch = client.watch(0).await;
    let mut posts = Vec::new();
    let hash = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
    while posts.len() < count {
        match watch.try_next().await.expect("an event").body.expect("a body") {
            Body::BurnBlock(burn) => {
                let burn = burn.burn_block.expect("a burn block");
                if burn.height > 0 {
                    posts.push(format!("burn {}", hash(&burn.burn_block_hash)));
                }
            }
            Body::BlockProcessed(block) => {
                let names = block.block.expect("a block");
                posts.push(format!("block {}", hash(&names.block_id)));
                if names.chain_length == 0 {
                    posts.push(format!("burn {}", hash(&names.burn_block_hash)));
                }
            }
            Body::StackerdbChunks(chunks) => {
                let (_, name) = chunks.contract_id.split_once('.').expect("a name");
                posts.push(format!("chunk {name} {} {}", chunks.chunks[0].slot_id, chunks.chunks[0].slot_version));
            }
            Body::ValidationFinished(finished) => {
                if let Some(verdict) = finished.verdict {
                    posts.push(format!("verdict {}", hex::encode(&verdict.block_hash)));
                }
            }
            Body::MempoolAccepted(_) | Body::MempoolDropped(_) => panic!("nobody sends transactions"),
            _ => {}
        }
    }
    posts.truncate(count);
    posts
}

async fn status_and_replay(client: &Client, observer: &Recorder) {
    let mut service = ObserverServiceClient::new(client.channel.clone());
    let listed = service.list_observers(v1::ListObserversRequest {}).await.expect("an answer").into_inner().observers;
    let [status] = listed.as_slice() else { panic!("one observer: {listed:?}") };
    assert_eq!(status.endpoint, observer.endpoint);
    assert_eq!(status.events_keys, ["*", "stackerdb", "block_proposal"]);
    assert!(status.delivered > 0 && status.attempts >= status.delivered && status.next_sequence > 20, "{status:?}");
    assert!(status.delivered_height.is_some() && status.last_success_time.is_some(), "{status:?}");

    let replay = |endpoint: &str, from_height| v1::ReplayObserverRequest { endpoint: endpoint.to_owned(), from_height };
    let unknown = service.replay_observer(replay("nobody:1", 0)).await.expect_err("nobody");
    assert_eq!(unknown.code(), tonic::Code::NotFound);
    let second =
        |posts: &[Post]| posts.iter().position(|post| post.path == "/new_block" && post.body["block_height"] == 2);
    let (before, first) = (observer.posts().len(), second(&observer.posts()).expect("block 2 was posted"));
    service.replay_observer(replay(&observer.endpoint, 2)).await.expect("it is sent back");
    observer.until("block 2 again", |posts| second(&posts[before..]).is_some()).await;
    let posts = observer.posts();
    let again = before + second(&posts[before..]).expect("it came");
    assert_eq!(posts[again].name(), posts[first].name());
    // The burn block that the block cites comes right before it.
    assert_eq!(posts[again - 1].path, "/new_burn_block");
    assert_eq!(posts[again - 1].body["burn_block_hash"], posts[again].body["burn_block_hash"]);
    // Later blocks follow.
    observer
        .until("block 3 again", |posts| {
            let later = &posts[again..];
            later.iter().any(|post| post.path == "/new_block" && post.body["block_height"] == 3)
        })
        .await;
}
