//! Roots, reads, bookkeeping and hashes of `marf.json`, compared with those of the crate `marf`.
//!
//! # Not here
//! Proofs: `marf_proofs`. Speed and large tries: `marf_workload`.

use std::path::Path;

use marf::{BlockId, Leaf, Marf, SENTINEL, TrieHash};
use rusqlite::Connection;
use serde_json::Value;
use sqlite::Durability;

use crate::support::load;

/// A MARF in a folder of its own, with its index.
pub(crate) struct Index {
    pub(crate) marf: Marf,
    pub(crate) conn: Connection,
    folder: tempfile::TempDir,
}

impl Index {
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (marf, conn) = open(folder.path());
        Self { marf, conn, folder }
    }

    /// Opens the trie of a block, fills it, and commits it; returns the root.
    pub(crate) fn append<'a>(
        &mut self,
        parent: BlockId,
        opened_as: BlockId,
        block_id: BlockId,
        inserts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> TrieHash {
        let mut trie = self.marf.begin(parent, opened_as).unwrap();
        for (key, value) in inserts {
            trie.insert(key, value).unwrap();
        }
        let sealed = trie.seal().unwrap();
        let tx = self.conn.transaction().unwrap();
        let pending = self.marf.commit(&tx, &sealed, block_id).unwrap();
        tx.commit().unwrap();
        self.marf.publish(pending);
        sealed.root()
    }

    /// Closes both files and opens them again.
    pub(crate) fn reopen(self) -> Self {
        let Self { marf, conn, folder } = self;
        drop((marf, conn));
        let (marf, conn) = open(folder.path());
        Self { marf, conn, folder }
    }
}

fn open(folder: &Path) -> (Marf, Connection) {
    let conn = Connection::open(folder.join("index.sqlite")).unwrap();
    conn.pragma_update(None, "journal_mode", "WAL").unwrap();
    let marf = Marf::open(&folder.join("nodes"), &conn, Durability::Unsynced).unwrap();
    (marf, conn)
}

/// Builds a chain of the vectors; also returns its blocks' ids.
pub(crate) fn build(chain: &Value) -> (Index, Vec<BlockId>) {
    let mut index = Index::empty();
    let mut ids = Vec::new();
    for block in array(&chain["blocks"]) {
        let block_id = id(&block["block_id"]);
        let opened_as = block.get("begin_as").map_or(block_id, id);
        let inserts = array(&block["inserts"]).iter().map(|insert| (text(&insert[0]), text(&insert[1])));
        let root = index.append(id(&block["parent"]), opened_as, block_id, inserts);
        let place = format!("{} block {}", chain["name"], ids.len());
        assert_eq!(root.to_string(), text(&block["root_hash"]), "{place}");
        assert_eq!(index.marf.root_of(&block_id), Some(root), "{place}");
        assert_eq!(index.marf.height_of(&block_id).map(u64::from), block["height"].as_u64(), "{place}");
        ids.push(block_id);
    }
    (index, ids)
}

pub(crate) fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    hex::decode(text(value)).unwrap().try_into().unwrap()
}

pub(crate) fn id(value: &Value) -> BlockId {
    BlockId(bytes(value))
}

/// The block that a read names by its index, the key, and the expected value as text.
fn read<'a>(get: &'a Value, ids: &[BlockId]) -> (BlockId, &'a str, Option<&'a str>) {
    let block = usize::try_from(get[0].as_u64().unwrap()).unwrap();
    (ids[block], text(&get[1]), get[2].as_str())
}

fn check_reads(index: &Index, chain: &Value, ids: &[BlockId]) -> usize {
    let mut checked = 0;
    for get in array(&chain["gets"]) {
        let (block, key, expected) = read(get, ids);
        let path = TrieHash::of_key(key);
        let got = index.marf.get(&block, key).unwrap();
        assert_eq!(got.as_deref(), expected.map(str::as_bytes), "{} {get}", chain["name"]);
        let leaf = index.marf.get_leaf(&block, &path).unwrap();
        assert_eq!(leaf, expected.map(marf::leaf_of_text), "{} {get}", chain["name"]);
        checked += 1;
    }
    for get in array(&chain["bookkeeping_gets"]) {
        let (block, key, expected) = read(get, ids);
        let leaf = index.marf.get_leaf(&block, &TrieHash::of_key(key)).unwrap();
        assert_eq!(leaf.map(hex::encode).as_deref(), expected, "{} {get}", chain["name"]);
        let got = index.marf.get(&block, key).unwrap();
        assert_eq!(got.map(hex::encode).as_deref(), expected, "{} {get}", chain["name"]);
        checked += 1;
    }
    checked
}

#[test]
fn every_chain_has_its_roots_and_reads() {
    let vectors = load("marf.json");
    let (mut blocks, mut reads) = (0, 0);
    for chain in array(&vectors["chains"]) {
        let (index, ids) = build(chain);
        reads += check_reads(&index, chain, &ids);
        let index = index.reopen();
        assert_eq!(
            check_reads(&index, chain, &ids),
            array(&chain["gets"]).len() + array(&chain["bookkeeping_gets"]).len()
        );
        blocks += ids.len();
    }
    assert!(blocks > 400 && reads > 1_000, "{blocks} blocks, {reads} reads: the vectors are not all there");
}

/// The index's answers from memory equal the bookkeeping keys: for every block and height, on every fork.
#[test]
fn heights_and_ancestors_agree_with_the_bookkeeping_keys() {
    let vectors = load("marf.json");
    for chain in array(&vectors["chains"]) {
        let (index, ids) = build(chain);
        let marf = &index.marf;
        for tip in &ids {
            let height = marf.height_of(tip).unwrap();
            assert_eq!(marf.ancestor_at_height(tip, height).unwrap(), Some(*tip));
            assert_eq!(marf.ancestor_at_height(tip, height + 1).unwrap(), None);
            for lower in 0..height {
                let ancestor = marf.ancestor_at_height(tip, lower).unwrap().unwrap();
                let by_height = TrieHash::of_key(&marf::id_at_height_key(lower));
                assert_eq!(marf.get_leaf(tip, &by_height).unwrap(), Some(marf::leaf_of_id(&ancestor)));
                assert!(marf.is_ancestor(&ancestor, tip).unwrap());
                assert!(!marf.is_ancestor(tip, &ancestor).unwrap());
            }
            for other in &ids {
                let by_id = TrieHash::of_key(&marf::height_of_id_key(other));
                let recorded = marf.get_leaf(tip, &by_id).unwrap();
                let expected = marf.is_ancestor(other, tip).unwrap() && (other != tip || opened_under_own_id(chain));
                assert_eq!(recorded.is_some(), expected, "{} {other} as of {tip}", chain["name"]);
            }
        }
    }
}

fn opened_under_own_id(chain: &Value) -> bool {
    array(&chain["blocks"]).iter().all(|block| block.get("begin_as").is_none())
}

#[test]
fn keys_values_and_heights_are_encoded_as_the_reference_does() {
    let vectors = load("marf.json");
    assert_eq!(id(&vectors["sentinel"]), SENTINEL);
    assert_eq!(TrieHash::of_key("").to_string(), text(&vectors["empty_hash"]));
    for example in array(&vectors["key_examples"]) {
        assert_eq!(TrieHash::of_key(text(&example["key"])).to_string(), text(&example["path"]));
    }
    for example in array(&vectors["value_examples"]) {
        assert_eq!(marf::leaf_of_text(text(&example["value"])), bytes::<40>(&example["marf_value"]));
    }
    for example in array(&vectors["height_examples"]) {
        let height = u32::try_from(example["height"].as_u64().unwrap()).unwrap();
        assert_eq!(marf::leaf_of_height(height), bytes::<40>(&example["marf_value"]));
    }
}

#[test]
fn hand_made_nodes_have_their_hashes() {
    let vectors = load("marf.json");
    let cases = array(&vectors["node_hashes"]);
    assert!(!cases.is_empty());
    for case in cases {
        let path = hex::decode(text(&case["path"])).unwrap();
        let hash = if text(&case["kind"]) == "leaf" {
            let value: Leaf = bytes(&case["value"]);
            marf::hash_of_leaf(&path, &value)
        } else {
            let child = |child: &Value| marf::HashedChild {
                id: u8::try_from(child["id"].as_u64().unwrap()).unwrap(),
                chr: u8::try_from(child["chr"].as_u64().unwrap()).unwrap(),
                back_block: (!child["back_block"].is_null()).then(|| id(&child["back_block"])),
                child_hash: bytes(&child["child_hash"]),
            };
            let children: Vec<_> = array(&case["children_in_insertion_order"]).iter().map(child).collect();
            let capacity = text(&case["kind"]).strip_prefix("node").unwrap().parse().unwrap();
            marf::hash_of_node(capacity, &path, &children)
        };
        assert_eq!(hash.unwrap().to_string(), text(&case["hash"]), "{case}");
    }
}
