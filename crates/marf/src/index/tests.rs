use super::*;

fn row(number: u32, parent: Option<(u32, u32)>) -> BlockRow {
    let mut id = [0; 32];
    id[..4].copy_from_slice(&number.to_be_bytes());
    let start = HEADER_BYTES + u64::from(number) * 10;
    BlockRow {
        id: BlockId(id),
        root: TrieHash(id),
        parent: parent.map(|(number, _)| number),
        height: parent.map_or(0, |(_, height)| height + 1),
        start,
        end: start + 10,
        root_at: start,
        checksum: 0,
    }
}

/// Two branches from block 0, the even and the odd numbers: the parent of block n is n - 2.
fn two_branches(blocks: u32) -> Index {
    let mut index = Index::default();
    for number in 0..blocks {
        let parent = number.checked_sub(2).or((number == 1).then_some(0));
        let parent = parent.map(|parent| (parent, index.entry(parent).unwrap().height));
        let row = row(number, parent);
        index.check_next(&row).unwrap();
        index.push(&row);
    }
    index
}

#[test]
fn ancestors_are_those_that_a_walk_finds() {
    let index = two_branches(400);
    for number in 0..400 {
        let mut walked = Some(number);
        while let Some(at) = walked {
            let entry = index.entry(at).unwrap();
            assert_eq!(index.ancestor(number, entry.height), Some(at));
            walked = entry.parent();
        }
        assert_eq!(index.ancestor(number, index.entry(number).unwrap().height + 1), None);
    }
}

#[test]
fn ancestor_roots_are_at_powers_of_two() {
    let index = two_branches(400);
    for number in 0..400 {
        let entry = index.entry(number).unwrap();
        let expected: Vec<TrieHash> = (0..32)
            .map_while(|power| entry.height.checked_sub(1 << power))
            .map(|height| index.entry(index.ancestor(number, height).unwrap()).unwrap().root)
            .collect();
        assert_eq!(index.ancestor_roots(entry.parent()), expected);
    }
}

#[test]
fn a_far_ancestor_takes_few_steps() {
    let mut index = Index::default();
    for number in 0..100_000_u32 {
        index.push(&row(number, number.checked_sub(1).map(|parent| (parent, parent))));
    }
    let mut number = 99_999;
    let mut steps = 0;
    while number != 1 {
        let entry = index.entry(number).unwrap();
        number = if entry.jump >= 1 { entry.jump } else { entry.parent().unwrap() };
        steps += 1;
    }
    assert!(steps <= 3 * 17, "{steps} steps");
    assert_eq!(index.ancestor(99_999, 1), Some(1));
}

#[test]
fn bytes_belong_to_the_segment_that_holds_them() {
    let index = two_branches(3);
    assert_eq!(index.block_at(HEADER_BYTES - 1), None);
    assert_eq!(index.block_at(HEADER_BYTES), Some(0));
    assert_eq!(index.block_at(HEADER_BYTES + 9), Some(0));
    assert_eq!(index.block_at(HEADER_BYTES + 10), Some(1));
    assert_eq!(index.block_at(HEADER_BYTES + 30), None);
}

#[test]
fn rows_that_contradict_each_other_are_refused() {
    let index = two_branches(3);
    let good = row(3, Some((1, 1)));
    assert_eq!(index.check_next(&good), Ok(()));
    assert!(index.check_next(&BlockRow { id: SENTINEL, ..good }).is_err());
    assert!(index.check_next(&BlockRow { id: row(1, None).id, ..good }).is_err());
    assert!(index.check_next(&BlockRow { parent: Some(3), ..good }).is_err());
    assert!(index.check_next(&BlockRow { height: 3, ..good }).is_err());
    assert!(index.check_next(&BlockRow { parent: None, ..good }).is_err());
    assert!(index.check_next(&BlockRow { start: good.start + 1, ..good }).is_err());
    assert!(index.check_next(&BlockRow { root_at: good.end, ..good }).is_err());
}

#[test]
fn the_table_refuses_what_no_block_has() {
    let mut conn = Connection::open_in_memory().unwrap();
    create_tables(&conn).unwrap();
    create_tables(&conn).unwrap();
    let tx = conn.transaction().unwrap();
    assert_eq!(count_rows(&tx).unwrap(), 0);
    insert_row(&tx, 0, &row(0, None)).unwrap();
    assert_eq!(count_rows(&tx).unwrap(), 1);
    let next = row(1, Some((0, 0)));
    assert!(insert_row(&tx, 0, &next).is_err(), "a number twice");
    assert!(insert_row(&tx, 1, &BlockRow { id: row(0, None).id, ..next }).is_err(), "an id twice");
    assert!(insert_row(&tx, 1, &BlockRow { parent: Some(1), ..next }).is_err(), "its own parent");
    assert!(insert_row(&tx, 1, &BlockRow { end: next.start, ..next }).is_err(), "an empty segment");
    let short = "INSERT INTO marf_blocks VALUES (1, x'01', 0, 1, zeroblob(32), 26, 36, 26, zeroblob(8))";
    assert!(tx.execute(short, []).is_err(), "a short id");
    insert_row(&tx, 1, &next).unwrap();
    tx.commit().unwrap();
    let (index, checksums) = load(&conn).unwrap();
    assert_eq!((index.len(), checksums), (2, vec![0, 0]));
}
