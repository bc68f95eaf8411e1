use super::configure::Configured;
use super::instance::{MAX_INSTANCES, PRODUCERS_CHUNK_BYTES};
use super::*;
use crate::db::{SCHEMA, StoreError, tables_in_memory};
use crate::journal::{JournalEvent, insert_event, prune, select_bounds};
use crate::test_support;
use nakamoto_proto::v1;
use proptest::prelude::*;
use rusqlite::{Connection, Transaction};
use sqlite::Schema;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Hash160;
use stacks_types::keys::{MessageSignature, PrivateKey};
use stacks_types::stackerdb::{ChunkHash, StackerDbChunk};
use std::collections::BTreeMap;

const CONTRACT: &str = "ST000000000000000000002AMW42H.test";
const CONFIG: InstanceConfig = InstanceConfig { chunk_size_bytes: 16, write_freq: 0, max_writes: 1000 };

fn key(number: u8) -> PrivateKey {
    test_support::key("stacker", number)
}

fn address(number: u8) -> StacksAddress {
    test_support::address("stacker", number)
}

fn config(conn: &Connection) -> Option<InstanceConfig> {
    rows::select_instance(conn, CONTRACT).unwrap().map(|instance| instance.config)
}

fn owner(number: u8) -> Hash160 {
    address(number).hash160()
}

fn database() -> Connection {
    tables_in_memory()
}

fn write<T>(conn: &mut Connection, work: impl FnOnce(&Transaction<'_>) -> T) -> T {
    let tx = conn.transaction().unwrap();
    let value = work(&tx);
    tx.commit().unwrap();
    value
}

fn configured(conn: &mut Connection, signers: &[(u8, u32)]) -> Configured {
    let signers: Vec<_> = signers.iter().map(|(number, slots)| (address(*number), *slots)).collect();
    write(conn, |tx| configure(tx, CONTRACT, &signers, &CONFIG, MAX_SLOTS_IN_ALL)).unwrap()
}

fn put(conn: &mut Connection, signer: u8, slot_id: u32, slot_version: u32, data: &[u8]) -> PutOutcome {
    put_signed(conn, CONTRACT, StackerDbChunk::signed(slot_id, slot_version, data.to_vec(), &key(signer)))
}

/// Puts a chunk as the chain does, with its event.
fn put_signed(conn: &mut Connection, contract: &str, chunk: StackerDbChunk) -> PutOutcome {
    let chunk = check_signature(chunk);
    write(conn, |tx| {
        let sequence = select_bounds(tx).unwrap().newest + 1;
        let outcome = put_chunk(tx, contract, &chunk, sequence, false).unwrap();
        if matches!(outcome, PutOutcome::Accepted(_)) {
            let chunk = chunk.chunk();
            let written = v1::StackerDbChunk {
                slot_id: chunk.slot_id,
                slot_version: chunk.slot_version,
                signature: chunk.signature.0.to_vec().into(),
                data: chunk.data.clone().into(),
            };
            let body = v1::StackerDbChunks { contract_id: contract.to_owned(), chunks: vec![written] };
            let body = v1::event::Body::StackerdbChunks(body);
            let event = JournalEvent::new(sequence, 0, v1::EventKind::StackerdbChunks, body, 0);
            insert_event(tx, &event, 0, None).unwrap();
        }
        outcome
    })
}

fn refused(outcome: PutOutcome) -> (u32, Option<u32>) {
    match outcome {
        PutOutcome::Refused { refusal, stored } => (refusal.code(), stored.map(|stored| stored.slot_version)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn slots_are_numbered_in_list_order_and_start_empty() {
    let mut conn = database();
    let made = configured(&mut conn, &[(1, 2), (2, 0), (3, 1)]);
    assert_eq!(made, Configured { created: true, reset: vec![], added: 3, removed: 0 });
    let slots = list_metadata(&conn, CONTRACT).unwrap().unwrap();
    let expected: Vec<SlotMetadata> = [(0, 1), (1, 1), (2, 3)]
        .into_iter()
        .map(|(slot_id, number)| SlotMetadata {
            slot_id,
            slot_version: 0,
            data_hash: ChunkHash([0; 32]),
            signature: MessageSignature([0; 65]),
            owner: owner(number),
        })
        .collect();
    assert_eq!(slots, expected);
    assert_eq!(get_chunk(&conn, CONTRACT, 0, None).unwrap(), None);
    assert_eq!(list_instances(&conn).unwrap(), vec![CONTRACT.to_owned()]);
    assert_eq!(config(&conn), Some(CONFIG));
}

#[test]
fn a_chunk_of_somebody_else_is_refused_with_both_addresses() {
    let mut conn = database();
    configured(&mut conn, &[(1, 1)]);
    let said = |outcome| match outcome {
        PutOutcome::Refused { refusal, .. } => refusal.to_string(),
        other => panic!("{other:?}"),
    };
    let (owner, other) = (address(1), address(2));
    assert_eq!(said(put(&mut conn, 2, 0, 1, b"data")), format!("the slot is {owner}'s, and {other} signed"));
    let unsigned = StackerDbChunk {
        signature: MessageSignature([0; 65]),
        ..StackerDbChunk::signed(0, 1, b"data".to_vec(), &key(1))
    };
    assert_eq!(
        said(put_signed(&mut conn, CONTRACT, unsigned)),
        format!("the slot is {owner}'s, and the signature is nobody's")
    );
}

#[test]
fn an_accepted_chunk_replaces_the_older_one() {
    let mut conn = database();
    configured(&mut conn, &[(1, 1)]);
    let first = StackerDbChunk::signed(0, 1, b"one".to_vec(), &key(1));
    assert!(matches!(put(&mut conn, 1, 0, 1, b"one"), PutOutcome::Accepted(_)));
    assert_eq!(get_chunk(&conn, CONTRACT, 0, None).unwrap(), Some(first));
    let second = StackerDbChunk::signed(0, 9, b"nine".to_vec(), &key(1));
    let metadata = SlotMetadata {
        slot_id: 0,
        slot_version: 9,
        data_hash: second.data_hash(),
        signature: second.signature,
        owner: owner(1),
    };
    assert_eq!(put(&mut conn, 1, 0, 9, b"nine"), PutOutcome::Accepted(metadata.clone()));
    assert_eq!(list_metadata(&conn, CONTRACT).unwrap(), Some(vec![metadata]));
    assert_eq!(get_chunk(&conn, CONTRACT, 0, Some(9)).unwrap(), Some(second));
    assert_eq!(get_chunk(&conn, CONTRACT, 0, Some(1)).unwrap(), None);
}

#[test]
fn a_chunk_that_was_written_before_data_was_in_events_is_found() {
    let mut conn = Connection::open_in_memory().unwrap();
    let steps = SCHEMA.migrations.partition_point(|step| step.version < 11);
    Schema { migrations: &SCHEMA.migrations[..steps], ..SCHEMA }.migrate(&mut conn).unwrap();
    conn.execute_batch(
        "INSERT INTO stackerdb_instances VALUES (1, 'ST1.slots', 64, 0, 9);
         INSERT INTO stackerdb_slots VALUES (1, 1, 0, zeroblob(20), 3, zeroblob(32), zeroblob(65));
         INSERT INTO stackerdb_slots VALUES (2, 1, 1, zeroblob(20), 0, zeroblob(32), zeroblob(65));
         INSERT INTO stackerdb_chunks VALUES (1, x'0102');",
    )
    .unwrap();
    SCHEMA.migrate(&mut conn).unwrap();
    let data = |slot| get_chunk(&conn, "ST1.slots", slot, None).unwrap().map(|chunk| chunk.data);
    assert_eq!((data(0), data(1)), (Some(vec![1, 2]), None));
}

/// Number of slots that hold their chunk's data themselves.
fn held(conn: &Connection) -> u32 {
    conn.query_row("SELECT COUNT(*) FROM stackerdb_chunks", [], |row| row.get(0)).unwrap()
}

#[test]
fn data_is_in_the_event_and_with_the_slot_once_that_is_gone() {
    let mut conn = database();
    configured(&mut conn, &[(1, 3)]);
    put(&mut conn, 1, 0, 1, b"old");
    put(&mut conn, 1, 1, 1, b"one");
    put(&mut conn, 1, 2, 1, b"two");
    put(&mut conn, 1, 0, 2, b"new");
    assert_eq!(held(&conn), 0);
    let data = |conn: &Connection| -> Vec<_> {
        (0..3).map(|slot| get_chunk(conn, CONTRACT, slot, None).unwrap().unwrap().data).collect()
    };
    let expected = [&b"new"[..], b"one", b"two"];
    assert_eq!(data(&conn), expected);
    write(&mut conn, |tx| {
        keep_chunks_of_events(tx, 3).unwrap();
        prune(tx, 3).unwrap();
    });
    assert_eq!(
        (held(&conn), data(&conn)),
        (1, expected.map(<[u8]>::to_vec).to_vec()),
        "one of the two was overwritten"
    );
    put(&mut conn, 1, 1, 2, b"again");
    assert_eq!((held(&conn), &data(&conn)[1][..]), (0, &b"again"[..]));
    // A slot whose event was removed together with the data is an error, and not an empty slot.
    write(&mut conn, |tx| prune(tx, 4).unwrap());
    assert!(get_chunk(&conn, CONTRACT, 2, None).is_err());
}

#[test]
fn each_rule_has_its_code_and_the_stored_metadata() {
    let mut conn = database();
    configured(&mut conn, &[(1, 1), (2, 1)]);
    put(&mut conn, 1, 0, 5, b"five");
    assert_eq!(refused(put(&mut conn, 1, 0, 5, b"five")), (0, Some(5)));
    assert_eq!(refused(put(&mut conn, 1, 0, 4, b"four")), (0, Some(5)));
    assert_eq!(refused(put(&mut conn, 2, 1, 0, b"zero")), (0, Some(0)), "version 0 is the empty slot's");
    assert_eq!(refused(put(&mut conn, 1, 2, 1, b"none")), (1, None));
    assert_eq!(refused(put(&mut conn, 2, 0, 6, b"six")), (2, Some(5)));
    assert_eq!(refused(put(&mut conn, 1, 0, 6, &[0; 17])), (3, Some(5)));
    assert_eq!(refused(put(&mut conn, 1, 0, 1001, b"top")), (4, Some(5)));
    assert!(matches!(put(&mut conn, 1, 0, 1000, &[0; 16]), PutOutcome::Accepted(_)));
}

#[test]
fn rules_are_checked_in_the_references_order() {
    let mut conn = database();
    configured(&mut conn, &[(1, 1)]);
    put(&mut conn, 1, 0, 5, b"five");
    assert_eq!(refused(put(&mut conn, 2, 9, 1001, &[0; 17])).0, 3, "size before slot");
    assert_eq!(refused(put(&mut conn, 2, 9, 1001, b"x")).0, 1, "slot before signer");
    assert_eq!(refused(put(&mut conn, 2, 0, 1001, b"x")).0, 2, "signer before version");
    let mut conn = database();
    let none = InstanceConfig { max_writes: 3, ..CONFIG };
    write(&mut conn, |tx| configure(tx, CONTRACT, &[(address(1), 1)], &none, MAX_SLOTS_IN_ALL)).unwrap();
    put(&mut conn, 1, 0, 3, b"x");
    assert_eq!(refused(put(&mut conn, 1, 0, 3, b"x")).0, 0, "version before ceiling");
}

#[test]
fn a_signature_that_nobody_made_is_a_bad_signer() {
    let mut conn = database();
    configured(&mut conn, &[(1, 1)]);
    for signature in [[0; 65], [0xff; 65], [1; 65]] {
        let chunk =
            StackerDbChunk { slot_id: 0, slot_version: 1, signature: MessageSignature(signature), data: vec![1] };
        let outcome = put_signed(&mut conn, CONTRACT, chunk);
        assert_eq!(refused(outcome).0, 2);
    }
    // With other data, another slot or another version, the signature recovers to another key.
    let mut chunk = StackerDbChunk::signed(0, 1, vec![1], &key(1));
    chunk.slot_version = 2;
    let outcome = put_signed(&mut conn, CONTRACT, chunk);
    assert_eq!(refused(outcome).0, 2);
}

#[test]
fn an_unknown_instance_is_said_so() {
    let mut conn = database();
    assert_eq!(put(&mut conn, 1, 0, 1, b"x"), PutOutcome::NoSuchDb);
    assert_eq!(list_metadata(&conn, CONTRACT).unwrap(), None);
    assert_eq!(config(&conn), None);
    assert_eq!(get_chunk(&conn, CONTRACT, 0, None).unwrap(), None);
}

#[test]
fn only_slots_with_a_new_owner_are_emptied() {
    let mut conn = database();
    configured(&mut conn, &[(1, 1), (2, 1), (3, 1), (4, 1)]);
    for (slot_id, signer) in [(0, 1), (1, 2), (2, 3), (3, 4)] {
        put(&mut conn, signer, slot_id, 7, b"data");
    }
    let changed = configured(&mut conn, &[(1, 1), (5, 1), (3, 1)]);
    assert_eq!(changed, Configured { created: false, reset: vec![1], added: 0, removed: 1 });
    let versions: Vec<u32> =
        list_metadata(&conn, CONTRACT).unwrap().unwrap().iter().map(|slot| slot.slot_version).collect();
    assert_eq!(versions, [7, 0, 7]);
    assert_eq!(get_chunk(&conn, CONTRACT, 1, None).unwrap(), None);
    assert_eq!(configured(&mut conn, &[(1, 1), (5, 1), (3, 1)]), Configured::default(), "twice is once");
    assert!(matches!(put(&mut conn, 5, 1, 1, b"new"), PutOutcome::Accepted(_)));
    let grown = configured(&mut conn, &[(1, 1), (5, 1), (3, 1), (4, 1)]);
    assert_eq!(grown, Configured { added: 1, ..Configured::default() });
    assert_eq!(get_chunk(&conn, CONTRACT, 3, None).unwrap(), None, "removed data does not come back");
}

#[test]
fn limits_are_enforced_and_leave_no_trace() {
    let mut conn = database();
    let too_many = write(&mut conn, |tx| {
        configure(tx, CONTRACT, &[(address(1), 4000), (address(2), 97)], &CONFIG, MAX_SLOTS_IN_ALL)
    });
    assert!(matches!(too_many, Err(ConfigureError::TooManySlots { slots: 4097 })));
    let huge = write(&mut conn, |tx| configure(tx, CONTRACT, &[(address(1), u32::MAX); 3], &CONFIG, MAX_SLOTS_IN_ALL));
    assert!(matches!(huge, Err(ConfigureError::TooManySlots { .. })));
    let config = InstanceConfig { chunk_size_bytes: 16 * 1024 * 1024 + 1, ..CONFIG };
    let size = write(&mut conn, |tx| configure(tx, CONTRACT, &[], &config, MAX_SLOTS_IN_ALL));
    assert!(matches!(size, Err(ConfigureError::ChunkSize { .. })));
    assert_eq!(list_instances(&conn).unwrap(), Vec::<String>::new());
    assert_eq!(configured(&mut conn, &[(1, 4096)]).added, 4096);
    for number in 1..MAX_INSTANCES {
        write(&mut conn, |tx| configure(tx, &format!("{CONTRACT}{number}"), &[], &CONFIG, MAX_SLOTS_IN_ALL)).unwrap();
    }
    let more = write(&mut conn, |tx| configure(tx, "one-more", &[], &CONFIG, MAX_SLOTS_IN_ALL));
    assert!(matches!(more, Err(ConfigureError::TooManyInstances)));
}

#[test]
fn all_instances_together_have_so_many_slots_and_what_one_has_it_keeps() {
    let mut conn = database();
    let set = |conn: &mut Connection, name: &str, slots: u32, most: usize| {
        write(conn, |tx| configure(tx, name, &[(address(1), slots)], &CONFIG, most))
    };
    for name in ["a", "b", "c", "d"] {
        set(&mut conn, name, 4096, MAX_SLOTS_IN_ALL).unwrap();
    }
    let refused = set(&mut conn, "e", 1, MAX_SLOTS_IN_ALL).unwrap_err();
    assert_eq!(refused.to_string(), "all StackerDBs together would have 16385 slots, more than 16384");
    assert_eq!(list_instances(&conn).unwrap(), ["a", "b", "c", "d"]);
    set(&mut conn, "e", 0, MAX_SLOTS_IN_ALL).unwrap();
    assert_eq!(set(&mut conn, "a", 4095, MAX_SLOTS_IN_ALL).unwrap().removed, 1);
    assert_eq!(set(&mut conn, "e", 1, MAX_SLOTS_IN_ALL).unwrap().added, 1);
    // One that has more than there may be, from before there was this limit, goes on with other owners.
    set(&mut conn, "f", 4096, usize::MAX).unwrap();
    let changed = write(&mut conn, |tx| configure(tx, "f", &[(address(2), 4096)], &CONFIG, MAX_SLOTS_IN_ALL));
    assert_eq!(changed.unwrap().reset.len(), 4096);
}

#[test]
fn contracts_are_kept_as_long_as_there_is_room() {
    let mut conn = database();
    let keep = |conn: &mut Connection, number: usize| {
        write(conn, |tx| insert_contract(tx, &format!("{CONTRACT}{number}"))).unwrap()
    };
    for number in 0..MAX_CONTRACTS {
        assert!(keep(&mut conn, number), "{number}");
    }
    assert_eq!(MAX_CONTRACTS, 254, "and the two mocked ones");
    assert!(!keep(&mut conn, MAX_CONTRACTS));
    assert_eq!(list_contracts(&conn).unwrap().len(), MAX_CONTRACTS);
    write(&mut conn, |tx| delete_contract(tx, &format!("{CONTRACT}7"))).unwrap();
    assert!(keep(&mut conn, MAX_CONTRACTS), "one is gone");
}

#[test]
fn new_limits_apply_to_the_next_chunk() {
    let mut conn = database();
    configured(&mut conn, &[(1, 1)]);
    put(&mut conn, 1, 0, 1, &[0; 16]);
    let smaller = InstanceConfig { chunk_size_bytes: 8, ..CONFIG };
    write(&mut conn, |tx| configure(tx, CONTRACT, &[(address(1), 1)], &smaller, MAX_SLOTS_IN_ALL)).unwrap();
    assert_eq!(config(&conn), Some(smaller));
    assert_eq!(refused(put(&mut conn, 1, 0, 2, &[0; 9])), (3, Some(1)));
}

#[test]
fn the_mocked_instances_hold_what_they_are_for() {
    assert_eq!(producers_contract(false), "ST000000000000000000002AMW42H.producers");
    assert_eq!(signers_contract(false), "ST000000000000000000002AMW42H.signers");
    assert_eq!(producers_contract(true), "SP000000000000000000002Q6VF78.producers");
    assert_eq!(PRODUCERS_CHUNK_BYTES, (2 * 1024 + 64) * 1024);
    let mut conn = database();
    let contract = producers_contract(false);
    write(&mut conn, |tx| configure(tx, &contract, &[(address(1), 1)], &PRODUCERS_CONFIG, MAX_SLOTS_IN_ALL)).unwrap();
    let chunk = StackerDbChunk::signed(0, 1, vec![7; PRODUCERS_CHUNK_BYTES as usize], &key(1));
    let outcome = put_signed(&mut conn, &contract, chunk);
    assert!(matches!(outcome, PutOutcome::Accepted(_)));
}

#[test]
fn a_rolled_back_write_leaves_no_trace() {
    let mut conn = database();
    configured(&mut conn, &[(1, 1)]);
    let chunk = check_signature(StackerDbChunk::signed(0, 1, vec![1], &key(1)));
    let tx = conn.transaction().unwrap();
    assert!(matches!(put_chunk(&tx, CONTRACT, &chunk, 1, false), Ok::<_, StoreError>(PutOutcome::Accepted(_))));
    drop(tx);
    assert_eq!(list_metadata(&conn, CONTRACT).unwrap().unwrap()[0].slot_version, 0);
    assert_eq!(get_chunk(&conn, CONTRACT, 0, None).unwrap(), None);
}

#[derive(Debug, Clone)]
enum Op {
    Configure(Vec<(u8, u32)>),
    Put {
        signer: u8,
        slot_id: u32,
        version: u32,
        data: Vec<u8>,
    },
    /// Removes all events except the newest `keep`.
    Prune {
        keep: u64,
    },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => proptest::collection::vec((1..5_u8, 0..3_u32), 0..4).prop_map(Op::Configure),
        5 => (1..5_u8, 0..6_u32, 0..5_u32, proptest::collection::vec(any::<u8>(), 0..18))
            .prop_map(|(signer, slot_id, version, data)| Op::Put { signer, slot_id, version, data }),
        1 => (1..4_u64).prop_map(|keep| Op::Prune { keep }),
    ]
}

/// Owner, version, data of each slot.
type Model = BTreeMap<u32, (u8, u32, Vec<u8>)>;

fn model_configure(model: &mut Model, signers: &[(u8, u32)]) {
    let owners = signers.iter().flat_map(|(signer, slots)| std::iter::repeat_n(*signer, *slots as usize));
    let mut next = Model::new();
    for (slot_id, signer) in (0_u32..).zip(owners) {
        let kept = model.remove(&slot_id).filter(|(owner, _, _)| *owner == signer);
        next.insert(slot_id, kept.unwrap_or((signer, 0, vec![])));
    }
    *model = next;
}

/// The code with which a put should fail; none when it is accepted.
fn model_put(model: &mut Model, signer: u8, slot_id: u32, version: u32, data: &[u8]) -> Option<u32> {
    if data.len() > 16 {
        return Some(3);
    }
    let Some(slot) = model.get_mut(&slot_id) else { return Some(1) };
    if slot.0 != signer {
        return Some(2);
    }
    if version <= slot.1 {
        return Some(0);
    }
    *slot = (signer, version, data.to_vec());
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_histories_agree_with_a_model(ops in proptest::collection::vec(op(), 1..40)) {
        let mut conn = database();
        let mut model = Model::new();
        configured(&mut conn, &[(1, 2), (2, 1)]);
        model_configure(&mut model, &[(1, 2), (2, 1)]);
        for op in ops {
            match op {
                Op::Configure(signers) => {
                    configured(&mut conn, &signers);
                    model_configure(&mut model, &signers);
                }
                Op::Put { signer, slot_id, version, data } => {
                    let code = match put(&mut conn, signer, slot_id, version, &data) {
                        PutOutcome::Accepted(_) => None,
                        outcome => Some(refused(outcome).0),
                    };
                    prop_assert_eq!(code, model_put(&mut model, signer, slot_id, version, &data));
                }
                Op::Prune { keep } => write(&mut conn, |tx| {
                    let first = (select_bounds(tx).unwrap().newest + 1).saturating_sub(keep);
                    keep_chunks_of_events(tx, first).unwrap();
                    prune(tx, first).unwrap();
                }),
            }
            let slots = list_metadata(&conn, CONTRACT).unwrap().unwrap();
            prop_assert_eq!(slots.len(), model.len());
            for (slot, (slot_id, (signer, version, data))) in slots.iter().zip(&model) {
                prop_assert_eq!((slot.slot_id, slot.slot_version, slot.owner), (*slot_id, *version, owner(*signer)));
                let stored = get_chunk(&conn, CONTRACT, *slot_id, None).unwrap().map(|chunk| chunk.data);
                prop_assert_eq!(stored, (*version > 0).then(|| data.clone()));
            }
        }
    }
}
