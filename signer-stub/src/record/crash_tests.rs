//! The process dies while it records a signature: what `claim` has granted stays recorded.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use super::*;

const FOLDER: &str = "CLAIM_TEST_FOLDER";
/// SIGABRT.
const ABORTED: i32 = 6;
const CLAIMS: u8 = 4;
const SIGNER: StacksAddress = StacksAddress::of_key_hash(Hash160([1; 20]), false);

fn open(folder: &Path) -> Record {
    Record::open(folder, SIGNER, 0x8000_0000, Durability::Synced).unwrap()
}

fn proposal(content: u8, parent: u8) -> Proposal {
    Proposal {
        slot_id: 0,
        put_by: None,
        block_hash: BlockHash([content; 32]),
        parent: StacksBlockId([parent; 32]),
        burn_view: BurnBlockHash([1; 32]),
        chain_length: 5,
        producer: None,
        bytes: Vec::new(),
    }
}

/// The child half of the test below: claims places one after the other, and writes down which were granted.
#[test]
#[ignore = "started by the other test of this file"]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let mut record = open(folder);
    let mut granted = std::fs::File::options().create(true).append(true).open(folder.join("granted")).unwrap();
    for number in 1..=CLAIMS {
        assert_eq!(record.claim(&proposal(number, number), &MessageSignature([7; 65]), &[]).unwrap(), Claim::Granted);
        granted.write_all(&[number]).unwrap();
    }
}

#[test]
fn a_promise_that_was_given_is_kept_after_a_crash_at_any_point() {
    for point in sqlite::CLAIM_POINTS {
        for count in 1..=CLAIMS {
            let folder = tempfile::tempdir().unwrap();
            let crash_at = format!("{point}:{count}");
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "record::crash_tests::child", "--ignored"])
                .env(FOLDER, folder.path())
                .env("MOCKAMOTO_CRASH_AT", &crash_at)
                .output()
                .unwrap();
            assert_eq!(child.status.signal(), Some(ABORTED), "{crash_at}: {child:?}");
            let granted = std::fs::read(folder.path().join("granted")).unwrap();
            assert_eq!(granted.len(), usize::from(count) - 1, "{crash_at}");
            let mut record = open(folder.path());
            for number in 1..=CLAIMS {
                let rival = record.claim(&proposal(100 + number, number), &MessageSignature([7; 65]), &[]).unwrap();
                // The claim during which it died may be there or not; later ones must not be.
                match number.cmp(&count) {
                    std::cmp::Ordering::Less => assert_ne!(rival, Claim::Granted, "{crash_at}: claim {number} is lost"),
                    std::cmp::Ordering::Equal => {}
                    std::cmp::Ordering::Greater => assert_eq!(rival, Claim::Granted, "{crash_at}: claim {number}"),
                }
            }
        }
    }
}

#[test]
fn a_damaged_record_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut record = open(folder.path());
    for number in 1..=CLAIMS {
        record.claim(&proposal(number, number), &MessageSignature([7; 65]), &[]).unwrap();
    }
    drop(record);
    let file = Owner::Signer.file();
    for name in [file.to_owned(), format!("{file}-wal")] {
        let path = folder.path().join(&name);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 3]).unwrap();
        let error = Record::open(folder.path(), SIGNER, 0x8000_0000, Durability::Synced).expect_err("it is damaged");
        assert!(error.to_string().contains(file), "{name}: {error}");
        std::fs::write(&path, &whole).unwrap();
        drop(open(folder.path()));
    }
}
