//! The order of posts, on which the Hiro API relies, and which makes a copy of the chain possible.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::recorder::Post;

/// Checks the order: the boot block first, then its burn block; a block after its parent and after the burn block that
/// it cites; events by their index in the whole block, each of a transaction of the block. At most `repeats` posts may
/// come twice, each right after itself, when the answer to the first was lost.
pub(super) fn check(posts: &[Post], repeats: usize) {
    assert_eq!((posts[0].path.as_str(), &posts[0].body["block_height"]), ("/new_block", &json!(0)));
    let (mut known, mut burn_known) = (BTreeSet::new(), BTreeSet::new());
    let (mut again, mut last): (usize, Option<&Post>) = (0, None);
    for post in posts {
        let is_again = last.is_some_and(|last| last.path == post.path && last.body == post.body);
        last = Some(post);
        let text = |key: &str| post.body[key].as_str().expect("hex").to_owned();
        match post.path.as_str() {
            "/new_block" | "/new_burn_block" if is_again => again += 1,
            "/new_burn_block" => {
                assert!(!known.is_empty(), "a burn block comes before the boot block");
                assert!(burn_known.insert(text("burn_block_hash")), "a burn block comes twice");
            }
            "/new_block" => {
                if post.body["block_height"] != 0 {
                    assert!(known.contains(&text("parent_index_block_hash")), "a block comes before its parent");
                    assert!(burn_known.contains(&text("burn_block_hash")), "a block comes before its burn block");
                }
                assert!(known.insert(text("index_block_hash")), "a block comes twice");
                check_events(&post.body);
            }
            _ => {}
        }
    }
    assert!(again <= repeats, "{again} posts came again");
}

fn check_events(block: &Value) {
    let list = |key: &str| block[key].as_array().unwrap_or_else(|| panic!("{key} is a list"));
    let txids: BTreeSet<_> = list("transactions").iter().map(|one| one["txid"].as_str().expect("hex")).collect();
    for (index, event) in list("events").iter().enumerate() {
        assert_eq!(event["event_index"], index, "indices count over the whole block");
        assert!(txids.contains(event["txid"].as_str().expect("hex")), "an event of no transaction in the block");
    }
    for (index, transaction) in list("transactions").iter().enumerate() {
        assert_eq!(transaction["tx_index"], index, "transactions come in their order");
    }
}
