//! Random fork trees, compared with one map per block. A map is a full copy of the parent's, so sharing cannot go wrong
//! in it.

use std::collections::{BTreeMap, BTreeSet};

use marf::{BlockId, Proof, SENTINEL, TrieHash, leaf_of_text};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::{Home, id};

/// Content of a block: path to text.
type Map = BTreeMap<TrieHash, String>;

#[derive(Debug, Clone)]
enum Op {
    /// Appends a block to one of the blocks, or to none.
    Append { parent: Option<Index>, writes: Vec<(TrieHash, String)>, placeholder: bool },
    /// Fills and seals a trie, and commits it in a transaction that is rolled back.
    RollBack { parent: Index, writes: Vec<(TrieHash, String)> },
    /// Closes and opens the files.
    Reopen,
}

/// Paths that share prefixes of all lengths, and paths that fan out under one prefix, so that nodes split and grow.
fn path() -> impl Strategy<Value = TrieHash> {
    let deep = (0..32_usize, 0..3_u8, 0..32_usize, 0..3_u8).prop_map(|(first, one, second, two)| {
        let mut path = [7; 32];
        path[first] = one;
        path[second] = two;
        TrieHash(path)
    });
    let wide = (prop::sample::select(vec![0_usize, 1, 5, 31]), any::<u8>()).prop_map(|(at, byte)| {
        let mut path = [9; 32];
        path[at] = byte;
        TrieHash(path)
    });
    prop_oneof![deep, wide.clone(), wide, any::<[u8; 32]>().prop_map(TrieHash)]
}

/// Texts below and above the lengths at which the form of storage changes.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,8}", "[a-z]{35,45}", "[a-z]{120,140}", "[a-z]{1000}"]
}

fn writes() -> impl Strategy<Value = Vec<(TrieHash, String)>> {
    prop_oneof![3 => prop::collection::vec((path(), text()), 0..12), 1 => prop::collection::vec((path(), text()), 100..300)]
}

fn op() -> impl Strategy<Value = Op> {
    let parent = prop::option::weighted(0.97, any::<Index>());
    prop_oneof![
        8 => (parent, writes(), any::<bool>())
            .prop_map(|(parent, writes, placeholder)| Op::Append { parent, writes, placeholder }),
        1 => (any::<Index>(), writes()).prop_map(|(parent, writes)| Op::RollBack { parent, writes }),
        1 => Just(Op::Reopen),
    ]
}

#[derive(Default)]
struct Model {
    blocks: Vec<(Option<usize>, Map, TrieHash)>,
}

impl Model {
    /// The parent that an index means, mostly a recent block, so that chains grow long.
    fn parent(&self, parent: Option<&Index>) -> Option<usize> {
        let count = self.blocks.len();
        (count > 0).then(|| parent.map(|parent| count - 1 - parent.index(count) / 2)).flatten()
    }

    fn map(&self, block: Option<usize>) -> Map {
        block.map(|block| self.blocks[block].1.clone()).unwrap_or_default()
    }

    fn ancestors(&self, block: usize) -> Vec<usize> {
        std::iter::successors(Some(block), |block| self.blocks[*block].0).collect()
    }
}

fn parent_id(parent: Option<usize>) -> BlockId {
    parent.map_or(SENTINEL, id)
}

/// Fills the next block's trie, checks reads from the open trie, and seals it.
fn fill(
    home: &Home,
    model: &Model,
    parent: Option<usize>,
    writes: &[(TrieHash, String)],
    opened_as: BlockId,
) -> (marf::SealedTrie, Map) {
    let mut trie = home.marf.begin(parent_id(parent), opened_as).unwrap();
    let mut map = model.map(parent);
    for (path, text) in writes {
        trie.insert_path(path, text).unwrap();
        map.insert(*path, text.clone());
    }
    for (path, text) in map.iter().take(50) {
        assert_eq!(trie.get_by_path(path).unwrap().as_deref(), Some(text.as_bytes()));
        assert_eq!(trie.get_leaf(path).unwrap(), Some(leaf_of_text(text)));
    }
    assert_eq!(trie.get_by_path(&TrieHash([0xab; 32])).unwrap(), None);
    (trie.seal().unwrap(), map)
}

fn check_all(home: &Home, model: &Model) {
    let paths: BTreeSet<TrieHash> = model.blocks.iter().flat_map(|(_, map, _)| map.keys().copied()).collect();
    for (number, (_, map, root)) in model.blocks.iter().enumerate() {
        let block = id(number);
        assert_eq!(home.marf.root_of(&block), Some(*root));
        for path in paths.iter().step_by(1 + paths.len() / 300) {
            let expected = map.get(path).map(String::as_bytes);
            assert_eq!(home.marf.get_by_path(&block, path).unwrap().as_deref(), expected, "{path} as of {number}");
        }
        let ancestors = model.ancestors(number);
        assert_eq!(home.marf.height_of(&block).unwrap() as usize, ancestors.len() - 1);
        for (height, ancestor) in ancestors.iter().rev().enumerate() {
            let height = u32::try_from(height).unwrap();
            assert_eq!(home.marf.ancestor_at_height(&block, height).unwrap(), Some(id(*ancestor)));
        }
        for other in 0..model.blocks.len() {
            assert_eq!(home.marf.is_ancestor(&id(other), &block).unwrap(), ancestors.contains(&other));
        }
    }
}

fn check_proofs(home: &Home, model: &Model) {
    for (number, (_, map, root)) in model.blocks.iter().enumerate() {
        // Only roots of this fork: blocks of two forks can have the same root, if they were opened under a placeholder.
        let ancestors = model.ancestors(number).into_iter();
        let roots: BTreeMap<TrieHash, BlockId> =
            ancestors.map(|ancestor| (model.blocks[ancestor].2, id(ancestor))).collect();
        for (path, text) in map.iter().step_by(1 + map.len() / 20) {
            let (value, proof) = home.marf.get_by_path_with_proof(&id(number), path).unwrap().unwrap();
            assert_eq!(value, text.as_bytes());
            let proof = Proof::decode(&proof.encode()).unwrap();
            let known = |root: &TrieHash| roots.get(root).copied();
            assert_eq!(proof.verify(path, &leaf_of_text(text), root, &known), Ok(()));
            assert!(proof.verify(path, &leaf_of_text("another"), root, &known).is_err());
        }
    }
}

fn run(ops: &[Op], reopen: bool) -> (Home, Model) {
    let mut home = Home::new();
    let mut model = Model::default();
    for op in ops {
        match op {
            Op::Append { parent, writes, placeholder } => {
                let parent = model.parent(parent.as_ref());
                let block = id(model.blocks.len());
                let opened_as = if *placeholder { BlockId([1; 32]) } else { block };
                let (sealed, map) = fill(&home, &model, parent, writes, opened_as);
                home.store(&sealed, block);
                model.blocks.push((parent, map, sealed.root()));
            }
            Op::RollBack { parent, writes } => {
                let parent = model.parent(Some(parent));
                let block = id(model.blocks.len());
                let (sealed, _) = fill(&home, &model, parent, writes, block);
                home.store_and_roll_back(&sealed, block);
                assert!(!home.marf.contains(&block));
            }
            Op::Reopen if reopen => home = home.reopen(),
            Op::Reopen => {}
        }
    }
    (home, model)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn reads_agree_with_a_map_at_every_block(ops in prop::collection::vec(op(), 1..40)) {
        let (home, model) = run(&ops, true);
        check_all(&home, &model);
        check_proofs(&home, &model);
        let home = home.reopen();
        check_all(&home, &model);
        let (_, other) = run(&ops, false);
        for (one, two) in model.blocks.iter().zip(&other.blocks) {
            prop_assert_eq!(one.2, two.2, "closing and opening the files changed a root");
        }
    }
}

/// A node that changes a little in each block is stored as patches of an older record, then as a full record again.
#[test]
fn long_chains_of_small_changes_read_back() {
    let mut home = Home::new();
    let mut model = Model::default();
    let path = |byte: usize| {
        let mut path = [3; 32];
        path[0] = u8::try_from(byte % 4).unwrap();
        path[1] = u8::try_from(byte / 4 % 256).unwrap();
        TrieHash(path)
    };
    for number in 0..300_usize {
        let writes: Vec<_> = (0..5).map(|part| (path(number * 37 + part * 11), format!("{number}-{part}"))).collect();
        let (sealed, map) = fill(&home, &model, number.checked_sub(1), &writes, id(number));
        home.store(&sealed, id(number));
        model.blocks.push((number.checked_sub(1), map, sealed.root()));
    }
    let home = home.reopen();
    check_proofs(&home, &model);
    for (number, (_, map, _)) in model.blocks.iter().enumerate() {
        for (path, text) in map {
            assert_eq!(home.marf.get_by_path(&id(number), path).unwrap().as_deref(), Some(text.as_bytes()));
        }
    }
}
