use super::block::NO_PARENT;
use super::stackers::MAX_SET_MEMBERS;
use super::*;
use crate::params::{BurnParams, Producer, Stacker};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use sqlite::Durability;
use stacks_types::address::{HashMode, StacksAddress};
use stacks_types::ids::{BurnBlockHash, ConsensusHash, Hash160};
use stacks_types::vrf::VrfPublicKey;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const FIRST_HEIGHT: u64 = 100;
const FIRST_TIME_S: u64 = 1_700_000_000;
const CYCLE: u64 = 5;

fn address(byte: u8) -> StacksAddress {
    StacksAddress::of_key_hash(Hash160([byte; 20]), false)
}

fn multisig() -> StacksAddress {
    HashMode::P2sh.address(Hash160([99; 20]), false)
}

fn stackers(bytes: &[u8]) -> Vec<Stacker> {
    bytes.iter().map(|byte| Stacker { address: address(*byte), weight: u32::from(*byte) }).collect()
}

fn producer(byte: u8) -> Producer {
    Producer { address: address(byte), vrf_public_key: VrfPublicKey([byte; 32]) }
}

fn rules() -> BurnParams {
    BurnParams {
        first_height: FIRST_HEIGHT,
        first_time_s: FIRST_TIME_S,
        satoshis_per_block: 20_000,
        reward_cycle_length: CYCLE,
        producers: vec![producer(1), producer(2), producer(3)],
        stackers: stackers(&[10, 20, 30]),
    }
}

impl BurnDbWriter {
    fn open(path: &Path, rules: &BurnParams, durability: Durability) -> Result<Self, BurnOpenError> {
        Self::open_inspected(sqlite::inspect(path)?, rules, Arc::default(), durability)
    }

    /// Mines one block.
    fn mine(&mut self, on: &BurnBlockHash, time_s: u64) -> Result<BurnBlock, BurnLookupError> {
        self.mine_chain(on, 1, time_s).map(|mut blocks| blocks.pop().unwrap())
    }
}

struct Chain {
    folder: TempDir,
    db: BurnDbWriter,
}

fn chain() -> Chain {
    let folder = tempfile::tempdir().unwrap();
    let db = BurnDbWriter::open(&folder.path().join("burn.sqlite"), &rules(), Durability::Unsynced).unwrap();
    Chain { folder, db }
}

impl Chain {
    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("burn.sqlite")
    }

    fn tip(&self) -> BurnBlock {
        self.db.get_canonical_burn_block().unwrap().unwrap()
    }

    /// Mines `count` blocks on `on` and returns the last.
    fn mine(&mut self, on: &BurnBlock, count: usize) -> BurnBlock {
        let mut at = on.clone();
        for _ in 0..count {
            at = self.db.mine(&at.hash, at.time_s + 600).unwrap();
        }
        at
    }
}

#[test]
fn a_new_chain_has_exactly_the_first_block() {
    let chain = chain();
    let first = chain.tip();
    assert_eq!((first.height, first.time_s, first.seen), (FIRST_HEIGHT, FIRST_TIME_S, 1));
    assert_eq!(first.parent, NO_PARENT);
    assert_eq!(chain.db.burn_blocks_after(0, 10).unwrap(), vec![first.clone()]);
    assert_eq!(chain.db.get_burn_block(&first.hash).unwrap(), first);
    assert!(chain.db.is_ancestor_of(&first.hash, &first.hash).unwrap());
    assert_eq!(chain.db.get_burn_block_at_height(FIRST_HEIGHT - 1, &first.hash).unwrap(), None);
    assert_eq!(chain.db.get_burn_block_at_height(FIRST_HEIGHT + 1, &first.hash).unwrap(), None);
}

#[test]
fn a_block_follows_from_its_parent_by_the_mock_rules() {
    let mut chain = chain();
    let first = chain.tip();
    let child = chain.db.mine(&first.hash, FIRST_TIME_S + 7).unwrap();
    assert_eq!((child.parent, child.height, child.seen), (first.hash, FIRST_HEIGHT + 1, 2));
    assert_eq!((child.time_s, child.satoshis_spent), (FIRST_TIME_S + 7, 20_000));
    assert_eq!(child.consensus_hash, ConsensusHash::of_burn_block(&child.hash));
    let sortition = Sha256::new().chain_update(first.sortition_hash.0).chain_update(child.hash.0).finalize();
    assert_eq!(child.sortition_hash.0, <[u8; 32]>::from(sortition));
    assert_eq!(chain.db.get_burn_block_by_consensus_hash(&child.consensus_hash).unwrap(), child);
}

#[test]
fn time_never_goes_back() {
    let mut chain = chain();
    let first = chain.tip();
    let child = chain.db.mine(&first.hash, 5).unwrap();
    assert_eq!(child.time_s, first.time_s);
}

#[test]
fn the_same_mining_gives_the_same_chain() {
    let (mut one, mut other) = (chain(), chain());
    let (first_one, first_other) = (one.tip(), other.tip());
    assert_eq!(one.mine(&first_one, 3), other.mine(&first_other, 3));
    assert_eq!(one.mine(&first_one, 2), other.mine(&first_other, 2));
}

#[test]
fn first_seen_wins_a_tie_and_greater_height_wins() {
    let mut chain = chain();
    let first = chain.tip();
    let one = chain.mine(&first, 2);
    let other = chain.mine(&first, 2);
    assert_ne!(one.hash, other.hash);
    assert_eq!(chain.tip(), one);
    let other = chain.mine(&other, 1);
    assert_eq!(chain.tip(), other);
    assert!(!chain.db.is_ancestor_of(&one.hash, &other.hash).unwrap());
}

#[test]
fn unknown_hashes_are_named() {
    let mut chain = chain();
    let first = chain.tip();
    let unknown = BurnBlockHash([0xee; 32]);
    let named = |error: BurnLookupError| match error {
        BurnLookupError::UnknownBurnBlock(hash) => assert_eq!(hash, unknown),
        other => panic!("{other}"),
    };
    named(chain.db.mine(&unknown, 1).unwrap_err());
    named(chain.db.get_burn_block(&unknown).unwrap_err());
    named(chain.db.get_burn_block_at_height(FIRST_HEIGHT, &unknown).unwrap_err());
    named(chain.db.is_ancestor_of(&unknown, &first.hash).unwrap_err());
    named(chain.db.is_ancestor_of(&first.hash, &unknown).unwrap_err());
    named(chain.db.get_producer_set(&unknown).unwrap_err());
    named(chain.db.elected_producer(&unknown).unwrap_err());
    named(chain.db.get_stacker_set(&unknown).unwrap_err());
    assert!(!chain.db.is_known(&unknown).unwrap());
    let hash = ConsensusHash([7; 20]);
    let error = chain.db.get_burn_block_by_consensus_hash(&hash).unwrap_err();
    assert!(error.to_string().contains(&hash.to_hex()), "{error}");
    assert_eq!(chain.db.burn_blocks_after(0, 10).unwrap().len(), 1, "a refused block leaves no trace");
}

#[test]
fn the_elected_producer_rotates_by_height() {
    let mut chain = chain();
    let first = chain.tip();
    let tip = chain.mine(&first, 4);
    let elected: Vec<u8> = (FIRST_HEIGHT..=tip.height)
        .map(|height| chain.db.get_burn_block_at_height(height, &tip.hash).unwrap().unwrap())
        .map(|block| chain.db.elected_producer(&block.hash).unwrap().address.hash160().0[0])
        .collect();
    assert_eq!(elected, [1, 2, 3, 1, 2]);
    assert_eq!(chain.db.get_producer_set(&tip.hash).unwrap(), rules().producers);
}

#[test]
fn a_future_cycle_can_have_its_own_stackers() {
    let mut chain = chain();
    let first = chain.tip();
    chain.db.set_stackers(2, &stackers(&[40])).unwrap();
    chain.db.set_stackers(2, &stackers(&[50, 60])).unwrap();
    let tip = chain.mine(&first, 15);
    let set_at = |height: u64| {
        let block = chain.db.get_burn_block_at_height(height, &tip.hash).unwrap().unwrap();
        chain.db.get_stacker_set(&block.hash).unwrap()
    };
    let default = rules().stackers;
    assert_eq!(set_at(FIRST_HEIGHT), StackerSet { cycle: 0, stackers: default.clone() });
    assert_eq!(set_at(FIRST_HEIGHT + 9), StackerSet { cycle: 1, stackers: default.clone() });
    assert_eq!(set_at(FIRST_HEIGHT + 10), StackerSet { cycle: 2, stackers: stackers(&[50, 60]) });
    assert_eq!(set_at(FIRST_HEIGHT + 15), StackerSet { cycle: 3, stackers: stackers(&[50, 60]) }, "until the next set");
}

#[test]
fn producers_may_change_with_a_cycle_and_rotate_by_height_all_the_same() {
    let mut chain = chain();
    let first = chain.tip();
    chain.db.set_producers(1, &[producer(7), producer(8)]).unwrap();
    chain.db.set_producers(3, &[producer(9)]).unwrap();
    let tip = chain.mine(&first, 16);
    let elected: Vec<u8> = (FIRST_HEIGHT..=tip.height)
        .map(|height| chain.db.get_burn_block_at_height(height, &tip.hash).unwrap().unwrap())
        .map(|block| chain.db.elected_producer(&block.hash).unwrap().address.hash160().0[0])
        .collect();
    // A cycle has five blocks. The rotation counts from the chain's first block, whatever the set.
    assert_eq!(elected, [1, 2, 3, 1, 2, 8, 7, 8, 7, 8, 7, 8, 7, 8, 7, 9, 9]);
    assert_eq!(chain.db.get_producer_set(&first.hash).unwrap(), rules().producers);
    assert_eq!(chain.db.get_producer_set(&tip.hash).unwrap(), [producer(9)]);
    let late = chain.db.set_producers(3, &[producer(1)]).unwrap_err();
    assert!(matches!(late, SetMembersError::CycleStarted { cycle: 3, .. }), "{late}");
    let unsigned = vec![Producer { address: multisig(), ..producer(1) }];
    for bad in [vec![], vec![producer(1), producer(1)], unsigned] {
        assert!(matches!(chain.db.set_producers(9, &bad), Err(SetMembersError::BadSet { .. })));
    }
}

#[test]
fn a_chain_of_blocks_is_mined_whole_or_not_at_all() {
    let mut chain = chain();
    let first = chain.tip();
    let blocks = chain.db.mine_chain(&first.hash, 3, 9).unwrap();
    assert_eq!(blocks.iter().map(|block| block.height).collect::<Vec<_>>(), [101, 102, 103]);
    assert_eq!(blocks[1].parent, blocks[0].hash);
    assert_eq!(chain.tip(), blocks[2]);
    assert!(chain.db.mine_chain(&first.hash, 0, 9).unwrap().is_empty());
    assert!(chain.db.mine_chain(&BurnBlockHash([7; 32]), 2, 9).is_err());
    assert_eq!(chain.db.burn_blocks_after(0, 10).unwrap().len(), 4);
}

#[test]
fn a_begun_cycle_keeps_its_stackers() {
    let mut chain = chain();
    let first = chain.tip();
    let fork = chain.mine(&first, 5);
    chain.mine(&first, 1);
    for cycle in [0, 1] {
        let error = chain.db.set_stackers(cycle, &stackers(&[40])).unwrap_err();
        assert!(matches!(error, SetMembersError::CycleStarted { highest, .. } if highest == fork.height), "{error}");
    }
    chain.db.set_stackers(2, &stackers(&[40])).unwrap();
}

#[test]
fn impossible_stacker_sets_are_refused() {
    let mut chain = chain();
    let many: Vec<Stacker> = (0..=u32::try_from(MAX_SET_MEMBERS).unwrap())
        .map(|index| {
            let mut hash = [0; 20];
            hash[..4].copy_from_slice(&index.to_be_bytes());
            Stacker { address: StacksAddress::of_key_hash(Hash160(hash), false), weight: 1 }
        })
        .collect();
    let unsigned = vec![Stacker { address: multisig(), weight: 1 }];
    for bad in [vec![], stackers(&[40, 40]), stackers(&[0]), many.clone(), unsigned] {
        let error = chain.db.set_stackers(3, &bad).unwrap_err();
        assert!(matches!(error, SetMembersError::BadSet { .. }), "{error}");
    }
    chain.db.set_stackers(3, &many[1..]).unwrap();
    assert!(matches!(chain.db.set_stackers(u64::MAX, &many[1..]), Err(SetMembersError::CycleTooFar { .. })));
}

#[test]
fn the_threshold_is_seventy_percent_rounded_up() {
    let check = |weights: &[u8], expected| {
        assert_eq!(StackerSet { cycle: 0, stackers: stackers(weights) }.threshold(), expected, "{weights:?}");
    };
    check(&[1], 1);
    check(&[10], 7);
    check(&[1, 2], 3);
    check(&[11], 8);
    check(&[50, 49, 1], 70);
    check(&[50, 49, 2], 71);
}

#[test]
fn a_file_keeps_its_chain_and_refuses_other_rules() {
    let mut chain = chain();
    let first = chain.tip();
    let tip = chain.mine(&first, 3);
    let path = chain.path();
    let reader = ProcessedBurnDb::open(&path).unwrap();
    assert_eq!(reader.get_canonical_burn_block().unwrap(), Some(tip.clone()));
    let Chain { folder, db } = chain;
    drop(db);

    let again = BurnDbWriter::open(&path, &rules(), Durability::Unsynced).unwrap();
    assert_eq!(again.get_canonical_burn_block().unwrap(), Some(tip));
    drop(again);
    type Change = fn(&mut BurnParams);
    let changes: [(&str, Change); 6] = [
        ("first height", |rules| rules.first_height += 1),
        ("first time", |rules| rules.first_time_s += 1),
        ("spend per block", |rules| rules.satoshis_per_block += 1),
        ("reward cycle length", |rules| rules.reward_cycle_length += 1),
        ("producer set", |rules| rules.producers.reverse()),
        ("stacker set", |rules| rules.stackers.truncate(1)),
    ];
    for (expected, change) in changes {
        let mut other = rules();
        change(&mut other);
        let error = BurnDbWriter::open(&path, &other, Durability::Unsynced).unwrap_err();
        assert!(matches!(error, BurnOpenError::OtherRules { what } if what == expected), "{error}");
    }
    drop(folder);
}

#[test]
fn impossible_rules_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("burn.sqlite");
    let changes: [fn(&mut BurnParams); 6] = [
        |rules| rules.producers.clear(),
        |rules| rules.stackers.clear(),
        |rules| rules.reward_cycle_length = 0,
        |rules| rules.stackers.push(rules.stackers[0].clone()),
        |rules| rules.stackers[0].address = multisig(),
        |rules| rules.producers[0].address = multisig(),
    ];
    for change in changes {
        let mut bad = rules();
        change(&mut bad);
        let error = BurnDbWriter::open(&path, &bad, Durability::Unsynced).unwrap_err();
        assert!(matches!(error, BurnOpenError::BadRules { .. }), "{error}");
    }
}

#[test]
fn a_reader_cannot_write() {
    let chain = chain();
    let reader = ProcessedBurnDb::open(&chain.path()).unwrap();
    let error = reader.conn.execute("DELETE FROM burn_blocks", []).unwrap_err();
    assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::ReadOnly));
}

#[test]
fn files_that_are_not_a_burn_database_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing.sqlite");
    assert!(ProcessedBurnDb::open(&path).is_err());

    let text = folder.path().join("text.sqlite");
    std::fs::write(&text, [b'x'; 4096]).unwrap();
    assert!(BurnDbWriter::open(&text, &rules(), Durability::Unsynced).is_err());

    let foreign = folder.path().join("foreign.sqlite");
    sqlite::open(&foreign, Durability::Unsynced).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let error = BurnDbWriter::open(&foreign, &rules(), Durability::Unsynced).unwrap_err();
    assert!(matches!(error, BurnOpenError::File(sqlite::OpenError::WrongFile { .. })), "{error}");

    let newer = folder.path().join("newer.sqlite");
    drop(BurnDbWriter::open(&newer, &rules(), Durability::Unsynced).unwrap());
    sqlite::open(&newer, Durability::Unsynced).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = BurnDbWriter::open(&newer, &rules(), Durability::Unsynced).unwrap_err();
    assert!(matches!(error, BurnOpenError::File(sqlite::OpenError::SchemaTooNew { found: 99, .. })), "{error}");
}

/// A walk from the tip of a long chain reads few rows: it is O(log n).
#[test]
fn walks_are_short_on_long_chains() {
    let mut chain = chain();
    let first = chain.tip();
    let tip = chain.mine(&first, 1000);
    let mut longest = 0;
    for height in FIRST_HEIGHT..=tip.height {
        let mut at = rows::select_link(&chain.db.conn, &tip.hash).unwrap().unwrap();
        let mut steps = 0;
        while at.height > height {
            let next = if at.skip_height >= height { at.skip_seen } else { at.parent_seen };
            at = rows::select_link_by_seen(&chain.db.conn, next).unwrap();
            steps += 1;
        }
        assert_eq!(at.height, height);
        longest = longest.max(steps);
    }
    assert!(longest <= 3 * 10, "{longest} steps for 1000 blocks"); // 3 * log2(n)
}

/// The burn chain as a list of parents.
#[derive(Default)]
struct Model {
    parents: Vec<Option<usize>>,
    heights: Vec<u64>,
}

impl Model {
    fn ancestors(&self, of: usize) -> Vec<usize> {
        std::iter::successors(Some(of), |at| self.parents[*at]).collect()
    }

    fn tip(&self) -> usize {
        let highest = self.heights.iter().max().unwrap();
        self.heights.iter().position(|height| height == highest).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_forks_agree_with_a_naive_model(choices in proptest::collection::vec((any::<u16>(), any::<bool>()), 1..60)) {
        let mut chain = chain();
        let mut blocks = vec![chain.tip()];
        let mut tips = blocks.clone();
        let mut model = Model { parents: vec![None], heights: vec![FIRST_HEIGHT] };
        for (choice, on_newest) in choices {
            // Half of the blocks go on the newest one, so that forks grow long.
            let parent = if on_newest { blocks.len() - 1 } else { usize::from(choice) % blocks.len() };
            let block = chain.mine(&blocks[parent].clone(), 1);
            model.parents.push(Some(parent));
            model.heights.push(model.heights[parent] + 1);
            prop_assert_eq!(block.height, *model.heights.last().unwrap());
            blocks.push(block);
            prop_assert_eq!(chain.tip(), blocks[model.tip()].clone());
            tips.push(chain.tip());
        }
        for (seen, tip) in (1..).zip(tips) {
            prop_assert_eq!(chain.db.canonical_as_of(seen).unwrap(), Some(tip), "what was canonical then stays so");
        }
        let distinct: std::collections::BTreeSet<_> = blocks.iter().map(|block| block.hash).collect();
        prop_assert_eq!(distinct.len(), blocks.len());
        let reader = ProcessedBurnDb::open(&chain.path()).unwrap();
        for one in 0..blocks.len() {
            let line = model.ancestors(one);
            for height in FIRST_HEIGHT..=model.heights[one] {
                let expected = line.iter().find(|at| model.heights[**at] == height).map(|at| blocks[*at].clone());
                prop_assert_eq!(reader.get_burn_block_at_height(height, &blocks[one].hash).unwrap(), expected);
            }
            for other in 0..blocks.len() {
                let is_ancestor = reader.is_ancestor_of(&blocks[other].hash, &blocks[one].hash).unwrap();
                prop_assert_eq!(is_ancestor, line.contains(&other));
            }
        }
    }
}

#[test]
fn no_burn_block_is_higher_than_contracts_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let rules = BurnParams { first_height: u64::from(u32::MAX) - 1, ..rules() };
    let mut db = BurnDbWriter::open(&folder.path().join("burn.sqlite"), &rules, Durability::Unsynced).unwrap();
    let mut mine = || {
        let tip = db.get_canonical_burn_block().unwrap().unwrap();
        db.mine(&tip.hash, FIRST_TIME_S)
    };
    assert_eq!(mine().unwrap().height, u64::from(u32::MAX));
    assert!(matches!(mine(), Err(BurnLookupError::TooHigh(height)) if height == u64::from(u32::MAX) + 1));
}

#[test]
fn what_was_canonical_then_is_found_without_looking_at_all_that_came_before() {
    let chain = chain();
    let db = rusqlite::Connection::open(chain.path()).unwrap();
    let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {}", rows::CANONICAL_AS_OF)).unwrap();
    let steps = explain.query_map([1], |row| row.get::<_, String>("detail")).unwrap();
    let steps: Vec<_> = steps.map(Result::unwrap).collect();
    assert_eq!(steps, ["SCAN burn_blocks USING INDEX burn_blocks_by_height"], "nothing is sorted");
}
