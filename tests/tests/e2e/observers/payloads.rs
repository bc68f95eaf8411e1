//! The reference's own transactions, and the posts about them to an observer with every key.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::processes::{Client, Cluster, Plan, run, stacksjs, transfer_paying, wallet};

use super::recorder::{Post, Recorder};
use super::{order, schema};

#[test]
fn an_observer_gets_what_the_reference_would_send_it() {
    run(async {
        let observer = Recorder::start().await;
        let node_config = observer.config();
        let (block_interval, burn_block_interval) = ("500ms", "2s");
        let plan = Plan { block_interval, burn_block_interval, node_config, epoch: "3.0", ..Plan::default() };
        let cluster = Cluster::start_plan(plan);
        let expected = play(&cluster.client()).await;
        let is_expected = |transaction: &&Value| expected.contains_key(transaction["txid"].as_str().expect("hex"));
        let all_mined = |posts: &Vec<Post>| transactions(posts).filter(is_expected).count() == expected.len();
        observer.until("every transaction was mined", all_mined).await;
        observer.until("a reward was paid", |posts| blocks(posts).any(|block| first_reward(block).is_some())).await;
        for path in ["/new_mempool_tx", "/drop_mempool_tx", "/stackerdb_chunks", "/proposal_response"] {
            observer.until(path, |posts| posts.iter().any(|post| post.path == path)).await;
        }
        let posts = observer.posts();
        posts.iter().for_each(|post| schema::check(&post.path, &post.body));
        order::check(&posts, 0);
        assert_eq!(posts[1].path, "/new_burn_block");
        check_once(&posts);
        check_boot(&posts[0].body);
        check_transactions(&posts, &expected);
        check_samples(&posts);
    });
}

/// Sends the transactions that the reference mined, and two of which one replaces the other. Returns the reference's
/// results, by txid.
async fn play(client: &Client) -> BTreeMap<String, Value> {
    let mut watch = client.watch(0).await;
    watch.block().await;
    watch.block().await;
    let vectors = stacksjs();
    let key = wallet(&vectors, "wallet_8");
    // They wait for earlier nonces, which never come.
    for fee in [1_000, 2_000] {
        let answer = client.submit(transfer_paying(&key, 20, fee).encode()).await;
        assert!(answer.accepted, "{answer:?}");
    }
    let mut expected = BTreeMap::new();
    for case in vectors["transactions"].as_array().expect("transactions") {
        if case.get("refused").is_some() {
            continue;
        }
        let raw = hex::decode(case["raw"].as_str().expect("raw")).expect("hex");
        let answer = client.submit(raw).await;
        assert!(answer.accepted, "{}: {answer:?}", case["label"]);
        watch.receipt(&answer.txid).await;
        expected.insert(format!("0x{}", hex::encode(&answer.txid)), case.clone());
    }
    expected
}

fn blocks(posts: &[Post]) -> impl Iterator<Item = &Value> {
    posts.iter().filter(|post| post.path == "/new_block").map(|post| &post.body)
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("{key} is a list"))
}

fn first_reward(block: &Value) -> Option<&Value> {
    list(block, "matured_miner_rewards").first()
}

/// Transactions in blocks after the boot block.
fn transactions(posts: &[Post]) -> impl Iterator<Item = &Value> {
    blocks(posts).filter(|block| block["block_height"] != 0).flat_map(|block| list(block, "transactions"))
}

/// Checks that no post comes twice.
fn check_once(posts: &[Post]) {
    // Except verdicts, as each signer asks for its own.
    let names: Vec<_> = posts.iter().filter(|post| post.path != "/proposal_response").map(Post::name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "something comes twice");
}

fn check_boot(boot: &Value) {
    let (zeros, sentinel) = (format!("0x{}", "00".repeat(32)), format!("0x{}", "ff".repeat(32)));
    assert_eq!((&boot["block_hash"], &boot["miner_txid"]), (&json!(zeros), &json!(zeros)));
    assert_eq!((&boot["parent_index_block_hash"], &boot["parent_block_hash"]), (&json!(sentinel), &json!(sentinel)));
    assert_eq!(boot["consensus_hash"], format!("0x{}", "00".repeat(20)));
    assert_eq!((&boot["block_time"], &boot["tenure_height"]), (&Value::Null, &json!(0)));
    assert_eq!(boot["parent_burn_block_hash"], boot["burn_block_hash"]);
    // The reference's boot block has the same id.
    let sample: Value = serde_json::from_str(include_str!("samples/new_block.first.json")).expect("JSON");
    assert_eq!(boot["index_block_hash"], sample["index_block_hash"]);
    // The opening balances are minted by the last transaction, in order.
    let (transactions, events) = (list(boot, "transactions"), list(boot, "events"));
    let last = &transactions.last().expect("transactions")["txid"];
    assert_eq!(events.len(), stacksjs()["accounts"].as_object().expect("accounts").len());
    for (index, event) in events.iter().enumerate() {
        assert_eq!((&event["type"], &event["txid"]), (&json!("stx_mint_event"), last));
        assert_eq!(event["event_index"], index);
    }
}

/// Checks that each transaction is posted as by the reference, byte for byte.
fn check_transactions(posts: &[Post], expected: &BTreeMap<String, Value>) {
    let mut seen = 0;
    for block in blocks(posts) {
        for transaction in list(block, "transactions") {
            let Some(case) = expected.get(transaction["txid"].as_str().expect("hex")) else { continue };
            let (label, said) = (&case["label"], &case["expected"]);
            for key in ["status", "raw_result", "execution_cost"] {
                assert_eq!(transaction[key], said[key], "{key} of {label}");
            }
            assert_eq!(transaction["raw_tx"], format!("0x{}", case["raw"].as_str().expect("hex")), "{label}");
            let events = list(block, "events").iter().filter(|event| event["txid"] == transaction["txid"]);
            assert_eq!(events.map(without_index).collect::<Vec<_>>(), events_of(said), "{label}");
            seen += 1;
        }
    }
    assert_eq!(seen, expected.len());
    let deploys = transactions(posts).filter(|transaction| transaction["contract_interface"].is_object()).count();
    assert!(deploys > 0, "a deployment shows its contract's interface");
}

fn without_index(event: &Value) -> Value {
    let mut event = event.clone();
    event.as_object_mut().expect("an object").remove("event_index");
    event
}

/// Events in the form in which nodes of 2026 post them: without `value`, and without undone events.
fn events_of(said: &Value) -> Vec<Value> {
    let committed = list(said, "events").iter().filter(|event| event["committed"] == true);
    let stripped = committed.map(|event| {
        let (mut event, kind) = (event.clone(), event["type"].as_str().expect("a type").to_owned());
        event[kind].as_object_mut().expect("an object").remove("value");
        event
    });
    stripped.collect()
}

/// Checks that our posts have every field of the reference's real posts.
fn check_samples(posts: &[Post]) {
    let of = |path: &str| posts.iter().rev().find(|post| post.path == path).map(|post| &post.body).expect("a post");
    let sample = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let block = sample(include_str!("samples/new_block.larger.json"));
    has_keys_of(of("/new_block"), &block);
    let with_transfer = sample(include_str!("samples/new_block.withtx.json"));
    has_keys_of(of("/new_block"), &with_transfer);
    has_keys_of(transactions(posts).next().expect("a transaction"), &list(&block, "transactions")[0]);
    let reward = blocks(posts).find_map(first_reward).expect("a reward");
    has_keys_of(reward, &list(&block, "matured_miner_rewards")[0]);
    has_keys_of(of("/new_burn_block"), &sample(include_str!("samples/new_burn_block.larger.json")));
    has_keys_of(of("/drop_mempool_tx"), &sample(include_str!("samples/drop_mempool_tx.first.json")));
    assert_eq!(of("/drop_mempool_tx")["reason"], "ReplaceByFee");
}

fn has_keys_of(ours: &Value, sample: &Value) {
    for key in sample.as_object().expect("an object").keys() {
        assert!(ours.get(key).is_some(), "{key} is missing in {ours:#}");
    }
}
