//! Checks that a devnet's folder is complete: a missing part is never made anew beside the others.

use std::path::Path;

use anyhow::{Context, bail};
use mockamoto_node::config::GenesisFile;
use sqlite::owner::Owner;
use stacks_types::vrf::VrfPrivateKey;

use super::{Devnet, GENESIS_FILE};

/// Refuses a folder that lacks a part or has one of another devnet. Writes nothing.
///
/// # Errors
/// Names the part.
pub(super) fn check(folder: &Path, devnet: Option<&Devnet>) -> anyhow::Result<()> {
    let Some(devnet) = devnet else { return nobody_yet(folder) };
    let genesis = folder.join(GENESIS_FILE);
    if !genesis.try_exists().with_context(|| genesis.display().to_string())? {
        bail!("{} is missing: {}", genesis.display(), remedy(folder));
    }
    let found = GenesisFile::read(&genesis).with_context(|| format!("{} is damaged", genesis.display()))?;
    if !is_of(&found, devnet)? {
        bail!("{} is not of the devnet in devnet.json: {}", genesis.display(), remedy(folder));
    }
    let chain = folder.join("node").join(Owner::Node.file());
    let actor = actors(devnet).map(|(name, file)| folder.join(name).join(file)).find(|record| record.exists());
    match actor {
        // The node starts first, so a producer or signer has a record only if there is a chain.
        Some(record) if !chain.exists() => {
            bail!("{} is missing, and {} is there: {}", chain.display(), record.display(), remedy(folder))
        }
        _ => Ok(()),
    }
}

/// Refuses a folder without `devnet.json` in which a process has run: it has lost that file.
fn nobody_yet(folder: &Path) -> anyhow::Result<()> {
    for part in ["node", "producer-0", "signer-0"].map(|name| folder.join(name)) {
        if part.exists() {
            bail!(
                "{} is missing, and {} is there: {}",
                folder.join(Owner::Devnet.file()).display(),
                part.display(),
                remedy(folder)
            );
        }
    }
    Ok(())
}

/// Folder and database name of each producer and signer.
fn actors(devnet: &Devnet) -> impl Iterator<Item = (String, &'static str)> {
    let producers = (0..devnet.producers.len()).map(|i| (format!("producer-{i}"), Owner::Producer.file()));
    producers.chain((0..devnet.signers.len()).map(|i| (format!("signer-{i}"), Owner::Signer.file())))
}

/// Whether the genesis names the participants of `devnet.json`.
fn is_of(genesis: &GenesisFile, devnet: &Devnet) -> anyhow::Result<bool> {
    let mut producers = Vec::new();
    for producer in &devnet.producers {
        let mut seed = [0; 32];
        hex::decode_to_slice(&producer.vrf_private_key, &mut seed).context("devnet.json is damaged: vrf key")?;
        producers.push((producer.address.as_str(), VrfPrivateKey::from_seed(&seed).public_key().to_hex()));
    }
    let named = genesis.producers.iter().map(|producer| (producer.address.as_str(), producer.vrf_public_key.clone()));
    let stackers = genesis.stackers.iter().map(|stacker| stacker.address.as_str());
    Ok(named.eq(producers) && stackers.eq(devnet.signers.iter().map(|signer| signer.address.as_str())))
}

fn remedy(folder: &Path) -> String {
    format!(
        "nothing was changed; put it back from a copy of {folder}, or give an empty folder for a new devnet",
        folder = folder.display()
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::Parser;

    use super::super::DataDir;
    use crate::args::Args;

    fn open(folder: &Path) -> Result<(), String> {
        let args = Args::parse_from(["mockamoto", "--data-dir", folder.to_str().unwrap()]);
        DataDir::open(&args, args.data_dir.as_deref()).map(drop).map_err(|error| format!("{error:#}"))
    }

    use super::*;

    /// A devnet that has run.
    fn devnet() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).unwrap();
        for (name, file) in [("node", Owner::Node), ("producer-0", Owner::Producer), ("signer-0", Owner::Signer)] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join(file.file()), "").unwrap();
        }
        open(folder.path()).unwrap();
        folder
    }

    fn files(folder: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.map(|path| (path.clone(), std::fs::read(path).ok())).collect();
        files.sort();
        files
    }

    #[test]
    fn a_part_that_is_missing_or_another_devnets_is_named_and_nothing_is_written() {
        let other = devnet();
        for part in ["devnet.json", "genesis.json", "node/chainstate.sqlite"] {
            for is_other in [false, true] {
                let folder = devnet();
                std::fs::remove_file(folder.path().join(part)).unwrap();
                if is_other {
                    std::fs::copy(other.path().join(part), folder.path().join(part)).unwrap();
                }
                let before = files(folder.path());
                // The node checks its own folder.
                if is_other && part.starts_with("node") {
                    continue;
                }
                let error = open(folder.path()).unwrap_err();
                let named = if is_other { "genesis.json" } else { part };
                assert!(error.contains(named) && error.contains("nothing was changed"), "{part}: {error}");
                assert_eq!(files(folder.path()), before, "{part}");
            }
        }
    }

    #[test]
    fn a_start_that_died_before_its_last_file_is_made_up_for() {
        let folder = devnet();
        for name in ["node", "producer-0", "signer-0"] {
            std::fs::remove_dir_all(folder.path().join(name)).unwrap();
        }
        std::fs::remove_file(folder.path().join("devnet.json")).unwrap();
        open(folder.path()).unwrap();
    }

    #[test]
    fn a_nodes_folder_is_not_made_a_devnets() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(Owner::Node.file()), "").unwrap();
        let error = open(folder.path()).unwrap_err();
        assert!(error.contains("it is the folder of a node"), "{error}");
        assert!(!folder.path().join("devnet.json").exists());
    }
}
