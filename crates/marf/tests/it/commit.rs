//! What a commit refuses, and when other threads see it.

use std::sync::atomic::{AtomicBool, Ordering};

use marf::{MAX_VALUE_BYTES, Marf, MarfError, OpenError, SENTINEL};
use sqlite::Durability;

use crate::support::{Home, id, insert_all};

#[test]
fn a_block_is_visible_only_when_it_is_published() {
    let mut home = Home::new();
    let mut trie = home.marf.begin(SENTINEL, id(0)).unwrap();
    trie.insert("key", "value").unwrap();
    let sealed = trie.seal().unwrap();
    let tx = home.conn.transaction().unwrap();
    let pending = home.marf.commit(&tx, &sealed, id(0)).unwrap();
    tx.commit().unwrap();
    assert!(!home.marf.contains(&id(0)));
    assert!(matches!(home.marf.get(&id(0), "key"), Err(MarfError::UnknownBlock(block)) if block == id(0)));
    assert!(matches!(home.marf.begin(id(0), id(1)), Err(MarfError::UnknownBlock(_))));
    home.marf.publish(pending);
    assert_eq!(home.marf.get(&id(0), "key").unwrap().as_deref(), Some(b"value".as_slice()));
}

#[test]
fn a_block_that_was_published_for_a_commit_that_failed_is_gone() {
    let mut home = Home::new();
    let mut trie = home.marf.begin(SENTINEL, id(0)).unwrap();
    trie.insert("key", "value").unwrap();
    let sealed = trie.seal().unwrap();
    let tx = home.conn.transaction().unwrap();
    let pending = home.marf.commit(&tx, &sealed, id(0)).unwrap();
    let published = home.marf.publish(pending);
    assert!(home.marf.contains(&id(0)));
    tx.rollback().unwrap();
    home.marf.retract(published);
    assert!(!home.marf.contains(&id(0)));
    home.store(&sealed, id(0));
    assert_eq!(home.marf.get(&id(0), "key").unwrap().as_deref(), Some(b"value".as_slice()));
}

#[test]
fn a_committed_row_that_was_not_published_is_not_overwritten() {
    let mut home = Home::new();
    let sealed = home.marf.begin(SENTINEL, id(0)).unwrap().seal().unwrap();
    let tx = home.conn.transaction().unwrap();
    drop(home.marf.commit(&tx, &sealed, id(0)).unwrap());
    let again = home.marf.commit(&tx, &sealed, id(1));
    assert!(matches!(again, Err(MarfError::NotPublished { stored: 1, published: 0 })), "twice in one transaction");
    tx.commit().unwrap();
    let tx = home.conn.transaction().unwrap();
    let next = home.marf.commit(&tx, &sealed, id(1));
    assert!(matches!(next, Err(MarfError::NotPublished { stored: 1, published: 0 })));
    tx.rollback().unwrap();
    drop(sealed);
    assert!(home.reopen().marf.contains(&id(0)), "the next start finds the committed block");
}

#[test]
fn ids_are_taken_once() {
    let mut home = Home::new();
    home.append(SENTINEL, id(0), &[]);
    let sealed = home.marf.begin(id(0), id(1)).unwrap().seal().unwrap();
    let tx = home.conn.transaction().unwrap();
    assert!(matches!(home.marf.commit(&tx, &sealed, id(0)), Err(MarfError::IdTaken(_))));
    assert!(matches!(home.marf.commit(&tx, &sealed, SENTINEL), Err(MarfError::IdTaken(_))));
}

#[test]
fn one_sealed_trie_may_be_stored_as_several_blocks() {
    let mut home = Home::new();
    home.append(SENTINEL, id(0), &[("key", "old")]);
    let mut trie = home.marf.begin(id(0), id(9)).unwrap();
    trie.insert("key", "new").unwrap();
    let sealed = trie.seal().unwrap();
    home.store(&sealed, id(1));
    home.store(&sealed, id(2));
    for block in [id(1), id(2)] {
        assert_eq!(home.marf.get(&block, "key").unwrap().as_deref(), Some(b"new".as_slice()));
        assert_eq!(home.marf.root_of(&block), Some(sealed.root()));
    }
    assert!(!home.marf.is_ancestor(&id(1), &id(2)).unwrap());
}

#[test]
fn a_trie_of_another_handle_is_refused() {
    let (mut one, two) = (Home::new(), Home::new());
    let sealed = two.marf.begin(SENTINEL, id(0)).unwrap().seal().unwrap();
    let tx = one.conn.transaction().unwrap();
    assert!(matches!(one.marf.commit(&tx, &sealed, id(0)), Err(MarfError::ForeignTrie)));
}

#[test]
fn a_file_has_one_handle() {
    let home = Home::new();
    let second = Marf::open(&home.nodes(), &home.conn, Durability::Unsynced);
    assert!(matches!(second, Err(OpenError::InUse { path }) if path == home.nodes()));
}

#[test]
fn a_value_has_a_limit() {
    let home = Home::new();
    let mut trie = home.marf.begin(SENTINEL, id(0)).unwrap();
    let longest = "x".repeat(MAX_VALUE_BYTES);
    trie.insert("key", &longest).unwrap();
    assert_eq!(trie.get("key").unwrap().unwrap().len(), MAX_VALUE_BYTES);
    let longer = "x".repeat(MAX_VALUE_BYTES + 1);
    assert!(
        matches!(trie.insert("key", &longer), Err(MarfError::ValueTooLong { got, .. }) if got == MAX_VALUE_BYTES + 1)
    );
    let sealed = trie.seal().unwrap();
    let mut home = home;
    home.store(&sealed, id(0));
    assert_eq!(home.marf.get(&id(0), "key").unwrap().unwrap(), longest.as_bytes());
}

#[test]
fn tries_on_one_parent_do_not_see_each_other() {
    let mut home = Home::new();
    home.append(SENTINEL, id(0), &[("shared", "0")]);
    let mut one = home.marf.begin(id(0), id(1)).unwrap();
    let mut two = home.marf.begin(id(0), id(2)).unwrap();
    insert_all(&mut one, &[("shared", "1"), ("only one", "1")]);
    insert_all(&mut two, &[("shared", "2")]);
    assert_eq!(one.get("shared").unwrap().as_deref(), Some(b"1".as_slice()));
    assert_eq!(two.get("only one").unwrap(), None);
    let (one, two) = (one.seal().unwrap(), two.seal().unwrap());
    home.store(&two, id(2));
    home.store(&one, id(1));
    assert_eq!(home.marf.get(&id(2), "shared").unwrap().as_deref(), Some(b"2".as_slice()));
    assert_eq!(home.marf.get(&id(1), "shared").unwrap().as_deref(), Some(b"1".as_slice()));
}

#[test]
fn readers_on_other_threads_see_whole_blocks_while_blocks_are_stored() {
    let mut home = Home::new();
    home.append(SENTINEL, id(0), &[("counter", "0")]);
    let reader = home.marf.clone();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut reads = 0_usize;
            while !done.load(Ordering::Acquire) || reads == 0 {
                for number in (0..200).filter(|number| reader.contains(&id(*number))) {
                    let value = reader.get(&id(number), "counter").unwrap().unwrap();
                    assert_eq!(value, number.to_string().into_bytes());
                    reads += 1;
                }
            }
            reads
        });
        let finished = SetOnDrop(&done); // Set even if this thread panics: the scope waits for the reader.
        for number in 1..200 {
            let value = number.to_string();
            let other = format!("key {number}");
            home.append(id(number - 1), id(number), &[("counter", &value), (&other, &value)]);
        }
        drop(finished);
        assert!(reading.join().unwrap() > 0);
    });
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
