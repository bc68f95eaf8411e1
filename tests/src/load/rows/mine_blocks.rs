//! Blocks on demand with a devnet's defaults: `MineBlocks` of many empty blocks, in a temporary folder and in a named
//! one.

use std::time::Instant;

use crate::figures::{Samples, Table};
use crate::load::Size;
use crate::processes::{Admin, Client, address_of, start_devnet};

/// Calls on one chain.
const ROUNDS: u32 = 3;

pub(in crate::load) async fn measure(size: &Size, table: &mut Table) {
    for is_named in [false, true] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let mut flags = vec!["--block-interval", "0", "--burn-block-interval", "0"];
        if is_named {
            flags.extend(["--data-dir", data.to_str().expect("UTF-8")]);
        }
        let (mut devnet, accounts) = start_devnet(folder.path(), &flags);
        let mut admin = Admin::new(&Client::new(&address_of(&accounts)));
        // Makes the first block of the tenure, and opens the connections of all processes.
        admin.mine_blocks(1).await;
        let mut samples = Samples::default();
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            admin.mine_blocks(size.blocks_on_demand).await;
            samples.push(begun.elapsed().as_secs_f64());
        }
        let folder = if is_named { "named" } else { "temporary" };
        table.samples(&format!("{} blocks on demand, {folder} folder", size.blocks_on_demand), "s", &samples);
        assert!(devnet.terminate().success(), "{}", devnet.log());
    }
}
