//! `merkle.json`: roots and inclusion paths of the transaction Merkle tree.

use serde_json::Value;
use stacks_types::ids::{MerkleRoot, Txid};
use stacks_types::merkle;

use crate::support::{array, items, list, load, number, text, unhex};

fn txid(text: &Value) -> Txid {
    Txid::try_from(unhex(text.as_str().expect("text")).as_slice()).expect("a txid")
}

#[test]
fn roots_and_paths() {
    let file = load("merkle.json");
    let mut paths_checked = 0;
    for case in list(&file, "cases") {
        let txids: Vec<Txid> = items(case, "txids").iter().map(txid).collect();
        assert_eq!(txids.len() as u64, number(case, "count"));
        let root = MerkleRoot(array(case, "root"));
        assert_eq!(merkle::root(&txids), root, "{} txids", txids.len());
        for path in items(case, "paths") {
            let leaf = usize::try_from(number(path, "leaf_index")).expect("index");
            let reached = items(path, "path").iter().fold(merkle::leaf(&txids[leaf]), |below, step| {
                let other = array(step, "hash");
                match text(step, "side") {
                    "left" => merkle::node(&below, &other),
                    "right" => merkle::node(&other, &below),
                    side => panic!("side {side}"),
                }
            });
            assert_eq!(MerkleRoot(reached), root, "leaf {leaf} of {}", txids.len());
            paths_checked += 1;
        }
    }
    assert!(paths_checked > 0);
}
