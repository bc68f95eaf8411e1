//! Contracts as StackerDBs: found when deployed, followed with the tip, on every fork.

use std::time::Duration;

use chainstate::chain::{ChunkOutcome, FollowContext};
use chainstate::db::StoreError;
use chainstate::params::BootContract;
use chainstate::stackerdb::{
    MAX_CONTRACTS, PutOutcome, list_contracts, list_instances, list_metadata, signers_contract,
};
use clarity::principal::{ContractId, Principal};
use clarity::value::Value;
use stacks_types::stackerdb::StackerDbChunk;
use stacks_types::transaction::StacksTransaction;

use rusqlite::Connection;

use crate::support::TestChain;
use chainstate::test_support::{address, call_payload, deploy, key, on_a_large_stack, params, signed, user};

/// A contract with its signers in a variable that anybody may set, and with these limits.
fn source(limits: &str) -> String {
    let first = address("user", 0);
    let second = address("user", 1);
    format!(
        "(define-data-var signers (list 16 {{signer: principal, num-slots: uint}})
            (list {{signer: '{first}, num-slots: u2}} {{signer: '{second}, num-slots: u1}}))
         (define-data-var broken bool false)
         (define-public (set-second (who principal))
            (ok (var-set signers (list {{signer: '{first}, num-slots: u2}} {{signer: who, num-slots: u1}}))))
         (define-public (set-broken (value bool)) (ok (var-set broken value)))
         (define-read-only (stackerdb-get-signer-slots) (if (var-get broken) (err u7) (ok (var-get signers))))
         (define-read-only (stackerdb-get-config) (ok {{{limits}}}))"
    )
}

const LIMITS: &str = "chunk-size: u64, write-freq: u5, max-writes: u9, max-neighbors: u1, hint-replicas: (list)";

fn id(name: &str) -> String {
    format!("{}.{name}", address("user", 0))
}

fn call(nonce: u64, function: &str, argument: Value) -> StacksTransaction {
    let payload = call_payload(address("user", 0), "slots", function, vec![argument]);
    signed(&key("user", 0), nonce, 5_000, payload)
}

/// Runs rounds until nothing is left to follow; returns how many there were.
fn follow(test: &TestChain) -> usize {
    let begun = std::time::Instant::now();
    let around = FollowContext { now: &|| begun.elapsed(), stopped: &|| false };
    (0..).take_while(|_| test.chain.follow_stackerdbs(&around).expect("storage works")).count()
}

fn query<T>(test: &TestChain, query: impl FnOnce(&Connection) -> Result<T, StoreError>) -> T {
    test.chain.read(|reader| query(reader.conn())).expect("storage works")
}

/// Rows that say how far the chain was looked through: one or none.
fn followed(test: &TestChain) -> u32 {
    query(test, |conn| Ok(conn.query_row("SELECT COUNT(*) FROM stackerdb_followed", [], |row| row.get(0))?))
}

fn put(test: &TestChain, owner: u8, slot_id: u32, version: u32) -> ChunkOutcome {
    let chunk = StackerDbChunk::signed(slot_id, version, b"data".to_vec(), &key("user", owner));
    test.chain.put_chunk(id("slots"), chunk).expect("storage works")
}

fn versions(test: &TestChain, contract: &str) -> Option<Vec<u32>> {
    let slots = query(test, |conn| list_metadata(conn, contract));
    slots.map(|slots| slots.iter().map(|slot| slot.slot_version).collect())
}

fn refusal(test: &TestChain, name: &str) -> Option<String> {
    let contracts = query(test, list_contracts);
    contracts.into_iter().find(|kept| kept.contract == id(name)).map(|kept| kept.refusal)
}

fn code(outcome: ChunkOutcome) -> Option<u32> {
    match outcome {
        PutOutcome::Accepted(_) => None,
        PutOutcome::Refused { refusal, .. } => Some(refusal.code()),
        PutOutcome::NoSuchDb => panic!("there is no such instance"),
    }
}

#[test]
fn a_deployed_contract_is_an_instance_and_only_slots_whose_signer_changes_are_emptied() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        follow(&test);
        assert_eq!(put(&test, 0, 0, 1), PutOutcome::NoSuchDb);
        test.admit(&deploy(0, 0, "slots", &source(LIMITS)));
        test.grow();
        assert_eq!(follow(&test), 1);
        assert_eq!(follow(&test), 0, "the tip has not moved");
        assert_eq!(refusal(&test, "slots").as_deref(), Some(""));
        assert_eq!(versions(&test, &id("slots")), Some(vec![0, 0, 0]));
        let sql = "SELECT chunk_size_bytes, write_freq, max_writes FROM stackerdb_instances WHERE contract = ?1";
        let limits = query(&test, |conn| {
            Ok(conn.query_row(sql, [id("slots")], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?)
        });
        assert_eq!(limits, (64, 5, 9));

        assert_eq!(code(put(&test, 0, 0, 3)), None);
        assert_eq!(code(put(&test, 0, 1, 1)), None);
        assert_eq!(code(put(&test, 1, 2, 9)), None);
        assert_eq!(code(put(&test, 1, 2, 10)), Some(4), "the contract's ceiling");
        assert_eq!(code(put(&test, 1, 0, 4)), Some(2), "not the owner");
        assert_eq!(code(put(&test, 1, 3, 1)), Some(1), "no such slot");

        test.admit(&call(1, "set-second", Value::principal(user(2))));
        test.grow();
        assert_eq!(versions(&test, &id("slots")), Some(vec![3, 1, 9]), "as of the tip that was followed");
        follow(&test);
        assert_eq!(versions(&test, &id("slots")), Some(vec![3, 1, 0]), "only the slot with another owner is emptied");
        assert_eq!(code(put(&test, 1, 2, 10)), Some(2));
        assert_eq!(code(put(&test, 2, 2, 1)), None);
    });
}

/// A chain whose genesis brings the contract under this id.
fn brought(id: &str) -> TestChain {
    let mut params = params(1, 3);
    params.boot_contracts.brought.push(BootContract {
        id: ContractId::parse(id).expect("a contract"),
        source: source(LIMITS),
        clarity_version: 3,
        file: "slots.clar".to_owned(),
    });
    TestChain::at_genesis(params)
}

#[test]
fn a_contract_of_the_genesis_is_one_from_the_start() {
    on_a_large_stack(|| {
        let mut test = brought(&id("slots"));
        follow(&test);
        assert_eq!(versions(&test, &id("slots")), Some(vec![0, 0, 0]));
        assert_eq!(code(put(&test, 0, 0, 3)), None);
        test.mine(None);
        test.grow();
        follow(&test);
        assert_eq!(versions(&test, &id("slots")), Some(vec![3, 0, 0]));
    });
}

#[test]
fn a_contract_with_the_name_of_a_mocked_instance_leaves_it_as_it_is() {
    on_a_large_stack(|| {
        let signers = signers_contract(false);
        let test = brought(&signers);
        let before = versions(&test, &signers);
        assert_eq!(before.as_ref().map(Vec::len), Some(3), "a slot for each stacker");
        follow(&test);
        assert_eq!(versions(&test, &signers), before);
        assert!(query(&test, list_contracts).is_empty());
    });
}

#[test]
fn what_a_contract_cannot_answer_leaves_its_last_configuration_with_the_reason() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        test.admit(&deploy(0, 0, "slots", &source(LIMITS)));
        test.grow();
        follow(&test);
        assert_eq!(code(put(&test, 0, 0, 3)), None);

        test.admit(&call(1, "set-broken", Value::Bool(true)));
        test.grow();
        follow(&test);
        assert_eq!(refusal(&test, "slots").as_deref(), Some("stackerdb-get-signer-slots answers (err u7)"));
        assert_eq!(code(put(&test, 0, 0, 4)), None, "the last configuration is in force");

        let contract_signer = Value::principal(Principal::parse(&id("slots")).expect("a principal"));
        test.admit(&call(2, "set-broken", Value::Bool(false)));
        test.admit(&call(3, "set-second", contract_signer));
        test.grow();
        follow(&test);
        let reason = refusal(&test, "slots").expect("kept");
        assert!(reason.contains("is a contract"), "{reason}");
        assert_eq!(versions(&test, &id("slots")), Some(vec![4, 0, 0]));
    });
}

#[test]
fn contracts_with_other_types_are_none_and_those_beyond_a_limit_have_no_slots() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        let slots = "(define-read-only (stackerdb-get-signer-slots) (ok (list {signer: tx-sender, num-slots: u1})))";
        let config = format!("(define-read-only (stackerdb-get-config) (ok {{{LIMITS}}}))");
        let limit = |from: &str, to: &str| format!("{slots} {}", config.replace(from, to));
        let replica = "(list {addr: (list u0 u0 u0 u0 u0 u0 u0 u0 u0 u0 u255 u255 u10 u0 u0 u1), port: u1, \
                       public-key-hash: 0x0000000000000000000000000000000000000000})";
        let loops = "(define-private (spin (a uint) (b uint)) (fold more (list u1 u2 u3 u4 u5 u6 u7 u8 u9 u10) b))
             (define-private (more (a uint) (b uint)) (fold most (list u1 u2 u3 u4 u5 u6 u7 u8 u9 u10) b))
             (define-private (most (a uint) (b uint)) (fold last (list u1 u2 u3 u4 u5 u6 u7 u8 u9 u10) b))
             (define-private (last (a uint) (b uint)) (fold leaf (list u1 u2 u3 u4 u5 u6 u7 u8 u9 u10) b))
             (define-private (leaf (a uint) (b uint)) (fold tip (list u1 u2 u3 u4 u5 u6 u7 u8 u9 u10) b))
             (define-private (tip (a uint) (b uint)) (+ b (len (sha512 b)))) 
             (define-read-only (stackerdb-get-signer-slots)
                (ok (list {signer: tx-sender, num-slots: (fold spin (list u1 u2 u3 u4 u5 u6 u7 u8 u9 u10) u0)})))";
        let cases = [
            ("only-slots", slots.to_owned(), None),
            ("wrong-types", limit("chunk-size: u64", "chunk-size: 64"), None),
            ("missing", limit("max-writes: u9, ", ""), None),
            ("chunk-size", limit("u64", "u16777217"), Some("chunk-size is 16777217")),
            ("max-writes", limit("u9", "u4294967296"), Some("max-writes is 4294967296")),
            ("port", limit("(list)", replica), Some("port is 1,")),
            ("many", limit("", "").replace("num-slots: u1", "num-slots: u4097"), Some("num-slots is 4097")),
            ("sum", limit("", "").replace("u1})", "u4096} {signer: tx-sender, num-slots: u1})"), Some("4097 slots")),
            ("loops", format!("{loops} {config}"), Some("")),
            ("arguments", limit("(stackerdb-get-config)", "(stackerdb-get-config (n uint))"), None),
            ("good-public", limit("", "").replace("define-read-only", "define-public"), None),
            ("good", limit("", ""), None),
        ];
        for (nonce, (name, code, _)) in (0..).zip(&cases) {
            test.admit(&deploy(0, nonce, name, code));
        }
        test.grow();
        follow(&test);
        for (name, _, expected) in &cases {
            match expected {
                Some(text) => {
                    let reason = refusal(&test, name).unwrap_or_else(|| panic!("{name} is no StackerDB"));
                    assert!(!reason.is_empty() && reason.contains(text), "{name}: {reason}");
                    assert_eq!(versions(&test, &id(name)), None, "{name}");
                }
                None if name.starts_with("good") => assert_eq!(versions(&test, &id(name)), Some(vec![0])),
                None => assert_eq!(refusal(&test, name), None, "{name}"),
            }
        }
    });
}

#[test]
fn instances_follow_a_reorganization_there_and_back() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        test.grow();
        let fork_point = test.tip().burn_view;
        let left = test.mine(None);
        test.admit(&deploy(0, 0, "slots", &source(LIMITS)));
        test.grow();
        test.admit(&call(1, "set-second", Value::principal(user(2))));
        test.grow();
        follow(&test);
        assert_eq!(code(put(&test, 2, 2, 1)), None);

        let right = test.mine(Some(&fork_point));
        let right = test.mine(Some(&right));
        follow(&test);
        assert_eq!(versions(&test, &id("slots")), None, "nobody has deployed it on this fork");
        let instances = query(&test, list_instances);
        assert_eq!(instances.len(), 2, "{instances:?}");

        let left = test.mine(Some(&left));
        test.mine(Some(&left));
        assert_ne!(left, right);
        let test = test.reopen();
        follow(&test);
        assert_eq!(versions(&test, &id("slots")), Some(vec![0, 0, 0]), "nothing is kept over a fork without it");
        assert_eq!(code(put(&test, 2, 2, 1)), None, "the signers are those of this fork's tip");
        assert_eq!(code(put(&test, 1, 2, 2)), Some(2));
    });
}

/// Or each start would look through the whole chain again.
#[test]
fn a_start_does_not_look_again_at_a_long_chain_without_contracts() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        for _ in 0..70 {
            test.grow();
        }
        assert_eq!(follow(&test), 1);
        assert_eq!(followed(&test), 1, "it is written down");
    });
}

#[test]
fn a_stop_ends_the_look_through_the_chain() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        test.grow();
        let stopped = FollowContext { now: &|| Duration::ZERO, stopped: &|| true };
        assert!(!test.chain.follow_stackerdbs(&stopped).expect("storage works"));
        assert_eq!(followed(&test), 0);
        assert_eq!(follow(&test), 1, "the round is to be done again");
    });
}

#[test]
fn an_unfinished_round_is_done_again() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        test.admit(&deploy(0, 0, "slots", &source(LIMITS)));
        test.grow();
        let around = FollowContext { now: &|| Duration::ZERO, stopped: &|| true };
        assert!(!test.chain.follow_stackerdbs(&around).expect("storage works"));
        assert_eq!(versions(&test, &id("slots")), None);
        let test = test.reopen();
        assert_eq!(follow(&test), 1);
        assert_eq!(versions(&test, &id("slots")), Some(vec![0, 0, 0]));
    });
}

#[test]
fn a_contract_that_found_no_room_gets_its_turn_when_there_is_some() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        follow(&test);
        // Contracts that do not exist take all of the room, and are discovered in the following round.
        let file = Connection::open(test.folder.path().join("chainstate.sqlite")).expect("a database");
        for number in 0..MAX_CONTRACTS {
            let sql = "INSERT INTO stackerdb_contracts (contract) VALUES (?1)";
            file.execute(sql, [id(&format!("gone-{number}"))]).expect("a row");
        }
        test.admit(&deploy(0, 0, "slots", &source(LIMITS)));
        test.grow();
        assert_eq!(follow(&test), 2, "one that removes, and one that looks again");
        assert_eq!(query(&test, list_contracts).len(), 1);
        assert_eq!(versions(&test, &id("slots")), Some(vec![0, 0, 0]));
    });
}
