//! A signer that lost its record refuses to begin a new one once it has signed; the other signers go on.

use std::path::Path;

use nakamoto_proto::v1::event::Body;
use tests::processes::{Cluster, Plan, Watch, run};

/// Moves the record's files from one folder to another.
pub(super) fn move_record(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.file_name().to_string_lossy().starts_with("signer.sqlite") {
            std::fs::rename(entry.path(), to.join(entry.file_name())).expect("a file");
        }
    }
}

async fn blocks(watch: &mut Watch, count: usize) {
    for _ in 0..count {
        watch.block().await;
    }
}

#[test]
fn a_signer_without_its_record_does_not_sign_where_it_has_signed() {
    run(async {
        let plan = Plan {
            weights: vec![1; 4],
            running_signers: 4,
            block_interval: "100ms",
            burn_block_interval: "2s",
            ..Plan::default()
        };
        let mut cluster = Cluster::start_plan(plan);
        let mut watch = cluster.client().watch(0).await;
        // The signer has begun a record without being asked, and has signed.
        let signed = watch.until("the signer writes its slot", |body| match body {
            Body::StackerdbChunks(chunks) if chunks.contract_id.ends_with(".signers") => {
                chunks.chunks.iter().any(|chunk| chunk.slot_id == 0).then_some(())
            }
            _ => None,
        });
        signed.await;
        let (folder, aside) = (cluster.signer_folder(0), cluster.signer_folder(0).with_extension("aside"));
        cluster.signers[0].kill();
        move_record(&folder, &aside);
        for _ in 0..2 {
            let times = cluster.signers[0].log().matches("--new-record").count();
            cluster.restart_signer(0);
            assert!(!cluster.signers[0].wait().success(), "it began a new record");
            let log = cluster.signers[0].log();
            assert_eq!(log.matches("--new-record").count(), times + 1, "{log}");
            assert!(log.contains(folder.to_str().expect("a path")), "{log}");
            assert!(!folder.join("signer.sqlite").exists(), "the next start would not refuse");
        }
        blocks(&mut watch, 2).await;
        let started = |cluster: &Cluster| cluster.signers[0].log().matches("signer starts").count();
        let before = started(&cluster);
        move_record(&aside, &folder);
        cluster.restart_signer(0);
        cluster.signers[0]
            .wait_until("it goes on with its record", |log| log.matches("signer starts").count() > before);
        blocks(&mut watch, 2).await;
    });
}
