//! The devnet's folder: the participants, their keys, the genesis of the chain, and a folder for each process.
//!
//! ```text
//! devnet.json     the participants with their private keys (mode 0600)
//! genesis.json    for the node
//! boot-contracts/ code of the contracts that the genesis brings
//! lock            held while a devnet runs here
//! node/ producer-0/ ... signer-0/ ...
//! ```
//!
//! # Invariants
//! - The settings with which a folder was made do not change: a flag that differs is an error that names the
//!   difference.
//! - `devnet.json` is written last, in one step, before any process has a folder. Without either, a folder is not a
//!   devnet yet.
//! - A folder that lacks a part is refused before anything is written to it (`integrity`).
//!
//! # Not here
//! Running anything: `processes`.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use mockamoto_node::chain::try_genesis;
use mockamoto_node::config::{
    Balance, CostLimit, DEFAULT_EPOCH, GenesisFile, Network, ProducerEntry, Signing, StackerEntry,
};
use serde::{Deserialize, Serialize};
use sqlite::owner::{self, Owner};
use sqlite::{AtomicFile, Durability, Visibility};
use stacks_types::address::StacksAddress;
use stacks_types::keys::{KeyEncoding, PrivateKey};
use stacks_types::vrf::VrfPrivateKey;

use crate::accounts::{ACCOUNTS, OPENING_BALANCE_USTX};
use crate::args::Args;

mod boot_contracts;
mod integrity;
mod opening;

pub(crate) use opening::Opening;
use opening::{Request, TemporaryFolder};

/// The node's genesis, inside the folder.
const GENESIS_FILE: &str = "genesis.json";

/// Version of `devnet.json`.
const FORMAT: u32 = 1;

/// Producers without `--producers`.
const DEFAULT_PRODUCERS: u8 = 1;

/// Signers without `--signers`: 70 % of four is three, so blocks are signed while one is down.
const DEFAULT_SIGNERS: u8 = 4;

/// Tenures until a reward is paid: few, so that users see it (docs/CONSENSUS.md#transactions-of-this-chain).
const REWARD_MATURITY: u32 = 2;

/// Above every height for which a Clarinet project waits before it deploys: the last epoch of its `Devnet.toml` starts
/// at burn height 162.
const FIRST_BURN_HEIGHT: u64 = 200;

/// The participants: the content of `devnet.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Devnet {
    format: u32,
    /// Epoch whose rules apply, as in `--epoch`.
    #[serde(default = "first_epoch")]
    pub epoch: String,
    /// How blocks are signed.
    pub signing: Signing,
    /// Producers, in the order in which they take turns.
    pub producers: Vec<Producer>,
    /// Signers, in the order of the stacker set.
    pub signers: Vec<Signer>,
}

/// A producer of the devnet: an entry of `devnet.json`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Producer {
    /// Address of the signing key.
    pub address: String,
    /// Key that signs blocks, hex: 33 bytes.
    pub private_key: String,
    /// Seed of the VRF key, hex: 32 bytes.
    pub vrf_private_key: String,
}

/// A signer of the devnet: an entry of `devnet.json`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signer {
    /// Address of the signing key.
    pub address: String,
    /// Key that signs blocks, hex: 33 bytes.
    pub private_key: String,
}

impl std::fmt::Debug for Producer {
    /// Leaves out the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Producer({})", self.address)
    }
}

impl std::fmt::Debug for Signer {
    /// Leaves out the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.address)
    }
}

/// An opened folder. Its lock is held until this is dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    /// Path of the folder.
    pub path: PathBuf,
    /// Content of its `devnet.json`.
    pub devnet: Devnet,
    /// Whether the folder is removed when this is dropped.
    pub is_temporary: bool,
    // Dropped in this order: the lock is released before the folder is removed.
    _lock: File,
    _temporary: Option<TemporaryFolder>,
}

impl DataDir {
    /// Opens the folder, or makes it; the caller removes a temporary one. Trying boot contracts can take long.
    ///
    /// # Errors
    /// When the folder cannot be used, is in use, or was made for something else.
    fn open_now(request: Request) -> anyhow::Result<Self> {
        let Request { args, path, is_temporary, trial } = request;
        owner::check(&path, Owner::Devnet).with_context(|| format!("{} is not a devnet's", path.display()))?;
        let devnet = read_devnet(&path)?;
        integrity::check(&path, devnet.as_ref())?;
        // A temporary one exists already, or was removed because the devnet was stopped meanwhile.
        if !is_temporary {
            make_folder(&path)?;
        }
        let lock = lock(&path)?;
        let devnet = match devnet {
            Some(devnet) => {
                same_as_asked(&path, &devnet, &args)
                    .with_context(|| format!("{} holds another devnet", path.display()))?;
                devnet
            }
            None => make_devnet(&path, &args, trial.as_deref())?,
        };
        Ok(Self { path, devnet, is_temporary, _lock: lock, _temporary: None })
    }

    /// Opens the folder, or makes it, and blocks until then; without a path, a temporary one.
    #[cfg(test)]
    pub(crate) fn open(args: &Args, data_dir: Option<&Path>) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async { Opening::begin(args, data_dir)?.finish().await })
    }

    /// Path of the genesis file.
    #[must_use]
    pub(crate) fn genesis_file(&self) -> PathBuf {
        self.path.join(GENESIS_FILE)
    }
}

/// Refuses flags that differ from the folder; the error names all of them.
fn same_as_asked(folder: &Path, devnet: &Devnet, args: &Args) -> anyhow::Result<()> {
    let mut differences = Vec::new();
    let mut differ = |flag: &str, asked: Option<String>, found: String| {
        if let Some(asked) = asked
            && asked != found
        {
            differences.push(format!("{flag} {asked} is asked for, it was made with {found}"));
        }
    };
    differ("--producers", args.producers.map(|n| n.to_string()), devnet.producers.len().to_string());
    differ("--signers", args.signers.map(|n| n.to_string()), devnet.signers.len().to_string());
    differ("--epoch", args.epoch.clone(), devnet.epoch.clone());
    differ("--signing", args.signing.map(|signing| signing.to_string()), devnet.signing.to_string());
    if let Some(asked) = &args.boot_contracts {
        let found = GenesisFile::read(&folder.join(GENESIS_FILE))?.boot_contract;
        differences.extend(boot_contracts::differences(&boot_contracts::read(asked)?, &found));
    }
    if !differences.is_empty() {
        bail!("{}; leave the flag out or take another folder", differences.join("; "));
    }
    Ok(())
}

/// The epoch of a folder that was made before folders named one.
fn first_epoch() -> String {
    "3.0".to_owned()
}

fn read_devnet(folder: &Path) -> anyhow::Result<Option<Devnet>> {
    let path = folder.join("devnet.json");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    let devnet: Devnet = serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?;
    if devnet.format != FORMAT {
        bail!("{} has format {}, this program knows {FORMAT}", path.display(), devnet.format);
    }
    Ok(Some(devnet))
}

fn make_devnet(folder: &Path, args: &Args, trial: Option<&Path>) -> anyhow::Result<Devnet> {
    let address = |key: &PrivateKey| StacksAddress::p2pkh(&key.public_key(), false).to_string();
    let producer = |_| -> anyhow::Result<Producer> {
        let key = random_key()?;
        Ok(Producer {
            address: address(&key),
            private_key: hex(&key.to_bytes()),
            vrf_private_key: hex(&random_bytes()?),
        })
    };
    let signer = |_| -> anyhow::Result<Signer> {
        let key = random_key()?;
        Ok(Signer { address: address(&key), private_key: hex(&key.to_bytes()) })
    };
    let devnet = Devnet {
        format: FORMAT,
        epoch: args.epoch.clone().unwrap_or_else(|| DEFAULT_EPOCH.to_owned()),
        signing: args.signing.unwrap_or_default(),
        producers: (0..args.producers.unwrap_or(DEFAULT_PRODUCERS)).map(producer).collect::<Result<_, _>>()?,
        signers: (0..args.signers.unwrap_or(DEFAULT_SIGNERS)).map(signer).collect::<Result<_, _>>()?,
    };
    let mut genesis = genesis(&devnet)?;
    if let (Some(brought), Some(trial)) = (&args.boot_contracts, trial) {
        genesis.boot_contract = boot_contracts::read(brought)?;
        // The trial would make the folder again, and nobody would remove it.
        if !trial.exists() {
            bail!("the devnet was stopped");
        }
        // A devnet that cannot deploy its contracts is never written.
        try_genesis(&genesis, trial)?;
        genesis.boot_contract = boot_contracts::keep(folder, genesis.boot_contract)?;
    }
    write_whole(&folder.join(GENESIS_FILE), &serde_json::to_string_pretty(&genesis)?)?;
    write_whole(&folder.join("devnet.json"), &serde_json::to_string_pretty(&devnet)?)?;
    Ok(devnet)
}

fn genesis(devnet: &Devnet) -> anyhow::Result<GenesisFile> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).context("the clock is before 1970")?;
    let producers = devnet.producers.iter().map(|producer| -> anyhow::Result<ProducerEntry> {
        let mut seed = [0; 32];
        hex::decode_to_slice(&producer.vrf_private_key, &mut seed).context("vrf key")?;
        let vrf_public_key = VrfPrivateKey::from_seed(&seed).public_key().to_hex();
        Ok(ProducerEntry { address: producer.address.clone(), vrf_public_key })
    });
    let producers = producers.collect::<Result<_, _>>()?;
    let stackers =
        devnet.signers.iter().map(|signer| StackerEntry { address: signer.address.clone(), weight: 1 }).collect();
    let balances = ACCOUNTS
        .iter()
        .map(|account| Balance { address: account.address.to_owned(), amount_ustx: OPENING_BALANCE_USTX })
        .collect();
    Ok(GenesisFile {
        network: Network::Testnet,
        chain_id: None,
        epoch: devnet.epoch.clone(),
        signing: devnet.signing,
        cost_limit: CostLimit::Helium20,
        reward_maturity: REWARD_MATURITY,
        first_burn_height: FIRST_BURN_HEIGHT,
        first_burn_time_s: now.as_secs(),
        satoshis_per_burn_block: 5_000,
        reward_cycle_length: 20,
        boot_contract: Vec::new(),
        balances,
        producers,
        stackers,
    })
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("data folder {} cannot be made", path.display()))
}

fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join("lock");
    let file = File::create(&path).with_context(|| format!("data folder {} cannot be written", folder.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("another devnet runs in {}", folder.display()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("{} cannot be locked", path.display())),
    }
}

/// Writes a file that only its owner can read: completely or not at all. It survives a power cut.
fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = AtomicFile::create(path, Visibility::Owner).and_then(|file| {
        file.file().write_all(text.as_bytes())?;
        file.publish(Durability::Synced)
    });
    written.map(drop).with_context(|| format!("{} cannot be written", path.display()))
}

fn random_key() -> anyhow::Result<PrivateKey> {
    // All but one in 2^127 numbers are valid keys.
    for _ in 0..4 {
        if let Ok(key) = PrivateKey::from_scalar(&random_bytes()?) {
            return Ok(key.with_encoding(KeyEncoding::Compressed));
        }
    }
    bail!("the system's random numbers are not random")
}

fn random_bytes() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.context("/dev/urandom cannot be read")?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use clap::Parser;

    use super::*;

    fn open(folder: &Path, more: &[&str]) -> anyhow::Result<DataDir> {
        DataDir::open(&Args::parse_from(["mockamoto"].iter().chain(more)), Some(folder))
    }

    #[test]
    fn a_folder_is_made_once_and_reopened_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a/b");
        let first = open(&folder, &["--producers", "2"]).unwrap();
        let made = first.devnet.clone();
        assert_eq!((made.producers.len(), made.signers.len(), made.signing.as_str()), (2, 4, "ecdsa"));
        assert_ne!(made.producers[0].private_key, made.producers[1].private_key);
        drop(first);
        assert_eq!(open(&folder, &[]).unwrap().devnet, made);
        assert_eq!(open(&folder, &["--producers", "2", "--signers", "4"]).unwrap().devnet, made);
        for file in ["devnet.json", "genesis.json"] {
            assert_eq!(std::fs::metadata(folder.join(file)).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(!format!("{made:?}").contains(&made.signers[0].private_key));
    }

    #[test]
    fn the_genesis_is_one_that_the_node_reads() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = open(folder.path(), &["--signing", "well-known"]).unwrap();
        let genesis = GenesisFile::read(&data_dir.genesis_file()).unwrap();
        assert_eq!((genesis.signing.as_str(), genesis.reward_maturity), ("well-known", 2));
        assert_eq!(genesis.epoch, DEFAULT_EPOCH);
        assert_eq!(genesis.chain_id(), 0x8000_0000);
        assert_eq!(genesis.balances.len(), ACCOUNTS.len());
        assert_eq!(genesis.producers[0].address, data_dir.devnet.producers[0].address);
        assert_eq!(genesis.stackers.len(), 4);
    }

    #[test]
    fn asking_for_something_else_says_what_differs() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path(), &[]).unwrap());
        let asked = ["--producers", "2", "--signing", "well-known", "--epoch", "3.4"];
        let error = format!("{:#}", open(folder.path(), &asked).unwrap_err());
        assert!(error.contains("--producers 2 is asked for, it was made with 1"), "{error}");
        assert!(error.contains("--epoch 3.4 is asked for, it was made with 4.0"), "{error}");
        assert!(error.contains("--signing well-known") && !error.contains("--signers"), "{error}");
    }

    #[test]
    fn a_folder_runs_one_devnet_and_damage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = open(folder.path(), &[]).unwrap();
        let second = open(folder.path(), &[]).unwrap_err().to_string();
        assert!(second.contains("another devnet runs"), "{second}");
        drop(data_dir);
        std::fs::write(folder.path().join("devnet.json"), "{").unwrap();
        let damaged = format!("{:#}", open(folder.path(), &[]).unwrap_err());
        assert!(damaged.contains("devnet.json is damaged"), "{damaged}");
    }

    #[test]
    fn a_temporary_folder_is_gone_at_the_end() {
        let data_dir = DataDir::open(&Args::parse_from(["mockamoto"]), None).unwrap();
        let path = data_dir.path.clone();
        assert!(data_dir.is_temporary && path.join("devnet.json").exists());
        drop(data_dir);
        assert!(!path.exists());
    }
}
