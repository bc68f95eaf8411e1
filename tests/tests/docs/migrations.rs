//! Migrations are never edited, as existing folders have the tables that they made; and each is a file of its own.

use std::collections::BTreeMap;
use std::path::Path;

use stacks_types::hashing::sha256;

use crate::repository;

/// Every migration with its SHA-256. A new migration gets a line; existing lines never change.
const PINNED: &[(&str, &str)] = &[
    (
        "crates/chainstate/migrations/burn/0001_burn.sql",
        "1f1be4c450c7a44bec618e89bc6dc746244808edd6d389289ec38044d5715e20",
    ),
    (
        "crates/chainstate/migrations/burn/0002_producer_sets.sql",
        "aebd380e47c9501cabb232ad21416505348a094a90d591bbc95233575cb0a748",
    ),
    (
        "crates/chainstate/migrations/burn/0003_identity.sql",
        "5e14bb665f8c241f4413b89dda8822db10472bb9186b28af2f62455af590f250",
    ),
    (
        "crates/chainstate/migrations/chainstate/0001_chain.sql",
        "c3dafe25fc88417c903da2c6c8cff3cf68b9fcf2e21282f98876c1fec40168ab",
    ),
    (
        "crates/chainstate/migrations/chainstate/0001_mempool.sql",
        "694a7fcc2a831e5275433427db211990f7fc0b50c957994eef7c6f6a65c87f7f",
    ),
    (
        "crates/chainstate/migrations/chainstate/0001_metadata.sql",
        "12b7f9ca35270abc385ae8baef909cc355ce134d57573d7940abea54dfdace1c",
    ),
    (
        "crates/chainstate/migrations/chainstate/0001_stackerdb.sql",
        "4ee1f792889d10b79abfe52fcaf3a52cae513089768982885af89318999a3d23",
    ),
    (
        "crates/chainstate/migrations/chainstate/0002_pruned_chain_events.sql",
        "8397ce436ef3193a981de7cd7a65764ba98ff44f24d13893c7243b817f7d72c7",
    ),
    (
        "crates/chainstate/migrations/chainstate/0003_mining.sql",
        "22448ffe95f9f36160fec9f8168850e04d50874005f975daa01c682f8337f420",
    ),
    (
        "crates/chainstate/migrations/chainstate/0004_job_results.sql",
        "d96e5344856ff1374d801c8509742414486a9af47c9f88c09ef1fc5a5869d8b7",
    ),
    (
        "crates/chainstate/migrations/chainstate/0005_stackerdb_contracts.sql",
        "e61902d9a65d8e89b539310012304e1342b66c00d46ed6efdadbcf23cb5ddc5f",
    ),
    (
        "crates/chainstate/migrations/chainstate/0006_rejected_sequence.sql",
        "df737b471bee95c204f7434f5f4a806ccfb2fc6240094adc3dcd0e01e573176f",
    ),
    (
        "crates/chainstate/migrations/chainstate/0007_mined_by_row.sql",
        "255b5d78f16670a9496d1822504a5f5af6b3e7ff264f518b1e2260b9e86c6e0c",
    ),
    (
        "crates/chainstate/migrations/chainstate/0008_bound.sql",
        "ad08bea6562c648b6a8013d58575aa4828c1df3e88985e78d6c81aefd4b0b8c6",
    ),
    (
        "crates/chainstate/migrations/chainstate/0009_dropped.sql",
        "28a9ebf27636adac15a48946e645f6eaaa32ccdccbfc709c9051db136699dfda",
    ),
    (
        "crates/chainstate/migrations/chainstate/0010_contracts.sql",
        "f7162ebf6a7828c4b1e131e233ededeb8bf5bf7fa74d65dd128dad4a269cc09f",
    ),
    (
        "crates/chainstate/migrations/chainstate/0011_chunk_in_event.sql",
        "ab4c6fa181f6aa3bb321d3854e06d3226d3388013ae66bd2995913dc9839c636",
    ),
    (
        "crates/chainstate/migrations/chainstate/0012_restored.sql",
        "2268b996df448e01e24c71859794f9b3ae3d293f9961efaf5ad98f78b0f4f750",
    ),
    (
        "crates/chainstate/migrations/staging/0001_staging.sql",
        "018eaf38d1677236950695b426850118a2b339916cb74fa0ae8f055bde19329d",
    ),
    (
        "crates/chainstate/migrations/staging/0002_identity.sql",
        "778fa2eb4e001b68e0507eb213cb8d2ef9a7161a80266574aa7aab95a40e2b56",
    ),
    ("crates/marf/migrations/marf/0001_blocks.sql", "c36143bfaf90f85427b823e1f81cec348b84f3d9bd4091ae6f2681a46debe26a"),
    (
        "node/migrations/observers/0001_observers.sql",
        "390d2e3a99caf7f5430af3caba3b70f8ee0c00b9c9c51ad0d3c0759a28843f7f",
    ),
    (
        "node/migrations/observers/0002_blocks_from.sql",
        "8d1059c11676d7aacbb2d25438f834638864ef4cc459f4d4087c360f88fac246",
    ),
    (
        "producer/migrations/producer/0001_record.sql",
        "0ba8345a27897199b36faf45896757f24983c94b970474b27dad1f805d0a1c4c",
    ),
    (
        "signer-stub/migrations/signer/0001_record.sql",
        "f4bb49dfd84294c164d9dd87c92dce20f4442d7cab12d492818f711ffa93111b",
    ),
    (
        "signer-stub/migrations/signer/0002_given_up.sql",
        "d2a5607d5a70780e3f2c73b37694c96d448d0ba91524357c023f1fa16a57bd40",
    ),
];

#[test]
fn no_migration_was_edited_and_every_one_is_pinned() {
    let found: BTreeMap<String, String> =
        migrations().into_iter().map(|(name, text)| (name, hex::encode(sha256(&[text.as_bytes()])))).collect();
    let pinned: BTreeMap<String, String> =
        PINNED.iter().map(|(name, hash)| ((*name).to_owned(), (*hash).to_owned())).collect();
    assert_eq!(pinned.len(), PINNED.len(), "a migration is pinned twice");
    let mut wrong = Vec::new();
    for (name, hash) in &found {
        match pinned.get(name) {
            Some(pinned) if pinned == hash => {}
            Some(_) => wrong.push(format!("{name} was edited: put it back, and make a new one")),
            None => wrong.push(format!("a new one, to be pinned:\n    (\"{name}\", \"{hash}\"),")),
        }
    }
    wrong.extend(pinned.keys().filter(|name| !found.contains_key(*name)).map(|name| format!("{name} is gone")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_steps_of_a_database_are_numbered_without_gaps_and_every_one_is_used() {
    let sources = sources();
    let mut versions: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (name, _) in migrations() {
        let (folder, file) = name.rsplit_once('/').expect("a folder");
        let version = file.split_once('_').and_then(|(number, _)| number.parse().ok());
        versions.entry(folder.to_owned()).or_default().push(version.unwrap_or_else(|| panic!("{name} has no number")));
        let (_, place) = name.split_once("migrations/").expect("below its folder");
        let used = format!("migrations/{place}\")");
        assert!(sources.iter().any(|(_, text)| text.contains(&used)), "nobody applies {name}");
    }
    for (folder, mut found) in versions {
        found.dedup();
        let wanted: Vec<u32> = (1..).take(found.len()).collect();
        assert_eq!(found, wanted, "the steps of {folder}");
    }
}

#[test]
fn tables_are_made_by_migrations_alone() {
    let makes = ["CREATE TABLE", "ALTER TABLE", "CREATE INDEX", "CREATE TRIGGER"];
    let is_test = |path: &str| path.contains("tests") || path.contains("benches") || path.contains("test_support");
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path)) {
        let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for words in makes {
            assert!(!product.contains(words), "{path}: {words} is no migration");
        }
    }
}

/// Path from the repository's root, and content, of each migration.
fn migrations() -> Vec<(String, String)> {
    let all = files(&repository(), "sql");
    let migrations: Vec<_> = all.into_iter().filter(|(name, _)| name.contains("/migrations/")).collect();
    assert!(!migrations.is_empty());
    migrations
}

fn sources() -> Vec<(String, String)> {
    files(&repository(), "rs")
}

/// Files with this ending below a folder, in the order of their names.
fn files(root: &Path, ending: &str) -> Vec<(String, String)> {
    fn collect(root: &Path, folder: &Path, ending: &str, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    collect(root, &path, ending, found);
                }
            } else if path.extension().is_some_and(|found| found == ending) {
                let relative = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
                found.push((relative, std::fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    let mut found = Vec::new();
    collect(root, root, ending, &mut found);
    found.sort();
    found
}
