//! One signer process with several keys, each with a record of its own.

use std::process::Command;

use chainstate::test_support::{address, key};
use nakamoto_proto::v1::event::Body;
use stacks_types::ids::Hash160;
use tests::processes::{Admin, Cluster, Plan, Watch, binary, run};

use super::lost_record::move_record;
use super::sets::{signers_of, stacker};

/// A chain whose signers the test starts itself.
fn without_signers(weights: &[u32]) -> Cluster {
    Cluster::start_plan(Plan { weights: weights.to_vec(), running_signers: 0, ..Plan::default() })
}

fn stackers(indices: &[u8]) -> Vec<Hash160> {
    indices.iter().map(|index| stacker(*index)).collect()
}

/// Signers of the next block, and how many validations ended before it.
async fn next_block(watch: &mut Watch) -> (Vec<Hash160>, usize) {
    let mut validations = 0;
    let signers = watch.until("a block", |body| match body {
        Body::ValidationFinished(_) => {
            validations += 1;
            None
        }
        // Block 0 has no header.
        Body::BlockProcessed(block) => block.header.is_some().then(|| signers_of(block)),
        _ => None,
    });
    let signers = signers.await;
    (signers, validations)
}

#[test]
fn a_process_signs_with_all_of_its_keys_what_was_validated_once() {
    run(async {
        let cluster = without_signers(&[1, 1, 1]);
        let mut admin = Admin::new(&cluster.client());
        let mut watch = cluster.client().watch(0).await;
        let mut all = cluster.start_signers(&[0, 1, 2]);
        assert_eq!(next_block(&mut watch).await, (stackers(&[0, 1, 2]), 1));
        admin.mine_burn_blocks(1).await;
        assert_eq!(next_block(&mut watch).await, (stackers(&[0, 1, 2]), 1));
        // Each key has its own record: it continues in another process, and in another order.
        all.kill();
        let _two = cluster.start_signers(&[2, 0]);
        let _one = cluster.start_signers(&[1]);
        admin.mine_burn_blocks(1).await;
        assert_eq!(next_block(&mut watch).await.0, stackers(&[0, 1, 2]));
    });
}

#[test]
fn keys_that_are_not_in_the_set_do_not_keep_the_others_from_signing() {
    run(async {
        let cluster = without_signers(&[1, 1]);
        let mut watch = cluster.client().watch(0).await;
        let signers = cluster.start_signers(&[2, 0, 1]);
        assert_eq!(next_block(&mut watch).await.0, stackers(&[0, 1]));
        let address = address("stacker", 2).to_string();
        let log = signers.log();
        let said = log.lines().any(|line| line.contains(&address) && line.contains("not in the stacker set"));
        assert!(said, "{log}");
    });
}

#[test]
fn a_process_whose_keys_and_records_do_not_fit_does_not_start() {
    run(async {
        let cluster = without_signers(&[1, 1]);
        let mut watch = cluster.client().watch(0).await;
        let mut signers = cluster.start_signers(&[0, 1]);
        next_block(&mut watch).await;
        signers.kill();
        let folder = cluster.signer_folder(1);
        move_record(&folder, &folder.with_extension("aside"));
        let mut signers = cluster.start_signers(&[0, 1]);
        assert!(!signers.wait().success(), "it began a new record");
        let log = signers.log();
        assert!(log.contains("--new-record") && log.contains(folder.to_str().expect("a path")), "{log}");
        // These mistakes are reported before the node is asked.
        let [one, two] = [0, 1].map(|index| hex::encode(key("stacker", index).to_bytes()));
        let aside = folder.with_extension("none");
        for (keys, folders, said) in [
            (format!("{one},{two}"), 1, "2 key(s) and 1 --data-dir"),
            (one.clone(), 2, "1 key(s) and 2 --data-dir"),
            (format!("{one} 0x{}", &one[..64]), 2, "a key is given twice"),
            (format!("{one} {two}"), 2, "a --data-dir is given twice"),
            (vec![one.as_str(); 65].join(","), 65, "65 keys are too many"),
        ] {
            let mut command = Command::new(binary("mockamoto-signer-stub"));
            command.env("MOCKAMOTO_PRIVATE_KEY", keys).args(["--node", "http://127.0.0.1:1"]);
            for _ in 0..folders {
                command.arg("--data-dir").arg(&aside);
            }
            let output = command.output().expect("it runs");
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && text.contains(said), "{text}");
            assert!(!text.contains(&one), "{text}");
        }
        assert!(!aside.exists());
    });
}
