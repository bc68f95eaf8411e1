//! The genesis file: what a chain is made of. It never changes during the chain's life.

use std::path::{Path, PathBuf};

use chainstate::params::COINBASE_USTX;
use clarity::Rules;
use serde::{Deserialize, Serialize};
use stacks_types::address::StacksAddress;
use stacks_types::limits::{CHAIN_ID_MAINNET, CHAIN_ID_TESTNET};

use super::boot_contracts::{BootContractEntry, BootContractError, check_boot_contracts, read_boot_contracts};
use super::bounded_file::read_text;
use super::choices::{CostLimit, Network, Signing};
use super::keys::{self, KeyProblem, Table, names};

/// A commented genesis file. A test parses it.
pub const SAMPLE_GENESIS: &str = include_str!("sample_genesis.toml");
/// Epoch of a chain whose genesis names none.
pub const DEFAULT_EPOCH: &str = "4.0";
/// Most entries of a list: the boot block must fit one event, and set look-ups are linear.
const MAX_ENTRIES: usize = 4096;
/// Most micro-STX that all balances may have together. With all possible coinbases the supply then fits 64 bits, which
/// is what clients read.
const MAX_OPENING_USTX: u64 = 10_000_000_000_000_000_000;
/// Latest time of a burn block, in seconds since 1970: the end of the year 9999; later dates have no usual form.
pub const MAX_TIME_S: u64 = 253_402_300_799;
/// All bitcoin that can exist.
const MAX_SATOSHIS: u64 = 2_100_000_000_000_000;

/// A burn block pays one coinbase, and heights have 32 bits.
const COINBASES_USTX: u128 = (u32::MAX as u128 + 1) * COINBASE_USTX;
const _: () = assert!(MAX_OPENING_USTX as u128 + COINBASES_USTX <= u64::MAX as u128);

/// Content of a genesis file. `Serialize` writes one that reads back equal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisFile {
    /// Network whose addresses are used.
    #[serde(default)]
    pub network: Network,
    /// Chain id that transactions must have; `None` = the network's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain_id: Option<u32>,
    /// Epoch whose rules hold: "3.0" to "4.1".
    #[serde(default = "default_epoch")]
    pub epoch: String,
    /// How blocks are signed.
    #[serde(default)]
    pub signing: Signing,
    /// Cost limit of a tenure.
    #[serde(default)]
    pub cost_limit: CostLimit,
    /// Tenures until a reward is paid: 1 or more.
    #[serde(default = "default_maturity")]
    pub reward_maturity: u32,
    /// Height of the first burn block.
    #[serde(default)]
    pub first_burn_height: u64,
    /// Time of the first burn block, seconds since 1970.
    #[serde(default = "default_time")]
    pub first_burn_time_s: u64,
    /// Satoshis that each election costs.
    #[serde(default = "default_satoshis")]
    pub satoshis_per_burn_block: u64,
    /// Number of burn blocks in a reward cycle.
    #[serde(default = "default_cycle")]
    pub reward_cycle_length: u64,
    /// Contracts of block 0, in the order of their deployment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boot_contract: Vec<BootContractEntry>,
    /// Opening balances of accounts and contracts.
    #[serde(default)]
    pub balances: Vec<Balance>,
    /// Producers, in the order in which they take turns.
    #[serde(default)]
    pub producers: Vec<ProducerEntry>,
    /// Stackers, in the order of their signatures.
    #[serde(default)]
    pub stackers: Vec<StackerEntry>,
}

/// An opening balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// Account or contract.
    pub address: String,
    /// Amount in micro-STX.
    pub amount_ustx: u64,
}

/// A producer of the first set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProducerEntry {
    /// Address of the key that signs its blocks.
    pub address: String,
    /// VRF public key: 32 bytes, hex.
    pub vrf_public_key: String,
}

/// A stacker of the first set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackerEntry {
    /// Address of the key that signs.
    pub address: String,
    /// Share in the set's total weight; 70 % of that must sign a block.
    pub weight: u32,
}

/// The tables of the genesis file, with their paths in a config file.
pub(super) fn tables() -> [Table; 5] {
    [
        ("genesis", names::<GenesisFile>()),
        ("genesis.boot_contract", names::<BootContractEntry>()),
        ("genesis.balances", names::<Balance>()),
        ("genesis.producers", names::<ProducerEntry>()),
        ("genesis.stackers", names::<StackerEntry>()),
    ]
}

/// Why a genesis cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// The system cannot read the file.
    #[error("cannot read {}", path.display())]
    Read {
        /// Path of the genesis file.
        path: PathBuf,
        /// Error of the system.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML (or JSON) with the known keys and types.
    #[error("{}: {detail}", path.display())]
    Syntax {
        /// Path of the genesis file.
        path: PathBuf,
        /// Position and kind of the mistake.
        detail: String,
    },
    /// The file has keys that nothing reads.
    #[error("{}{}", path.display(), KeyProblem::list(problems))]
    Keys {
        /// Path of the genesis file.
        path: PathBuf,
        /// All such keys, not only the first.
        problems: Vec<KeyProblem>,
    },
    /// A value of the file is out of range.
    #[error("{}{}", path.display(), line.map_or_else(String::new, |line| format!(", line {line}")))]
    Line {
        /// Path of the genesis file.
        path: PathBuf,
        /// Line of the key, from 1; `None` in JSON, and when the key is left out.
        line: Option<usize>,
        /// Which key, and what is wrong.
        #[source]
        problem: Box<Self>,
    },
    /// The boot contracts cannot be used.
    #[error(transparent)]
    BootContract(#[from] BootContractError),
    /// A value is out of range.
    #[error("{key}: {detail}")]
    Value {
        /// Key of the genesis file that has the value.
        key: &'static str,
        /// What the value is, and what it may be.
        detail: String,
    },
}

impl GenesisFile {
    /// Reads and checks a genesis file: JSON when its name ends in `.json`, else TOML.
    ///
    /// # Errors
    /// [`GenesisError`]: the file cannot be read, or is not a valid genesis.
    pub fn read(path: &Path) -> Result<Self, GenesisError> {
        let text = read_text(path).map_err(|source| GenesisError::Read { path: path.to_owned(), source })?;
        let syntax = |detail: String| GenesisError::Syntax { path: path.to_owned(), detail };
        let mut genesis: Self = if path.extension().is_some_and(|extension| extension == "json") {
            serde_json::from_str(&text).map_err(|error| syntax(error.to_string()))?
        } else {
            let problems = keys::problems(&text, "genesis", &tables()).map_err(|error| syntax(error.to_string()))?;
            if !problems.is_empty() {
                return Err(GenesisError::Keys { path: path.to_owned(), problems });
            }
            toml::from_str(&text).map_err(|error| syntax(error.to_string()))?
        };
        genesis.read_texts(path.parent().unwrap_or(Path::new("")))?;
        genesis.check().map_err(|error| match error {
            GenesisError::Value { key, .. } => {
                let (path, line) = (path.to_owned(), keys::line(&text, key));
                GenesisError::Line { path, line, problem: Box::new(error) }
            }
            error => error,
        })?;
        Ok(genesis)
    }

    /// Reads the code of its boot contracts, whose paths are relative to `base`.
    pub(super) fn read_texts(&mut self, base: &Path) -> Result<(), GenesisError> {
        Ok(read_boot_contracts(&mut self.boot_contract, base)?)
    }

    /// Rules of the genesis's epoch.
    ///
    /// # Errors
    /// [`GenesisError::Value`]: there is no such epoch.
    pub fn rules(&self) -> Result<&'static Rules, GenesisError> {
        Rules::of_epoch(&self.epoch).ok_or_else(|| {
            let epochs = Rules::ALL.map(|rules| rules.epoch).join(", ");
            value("epoch", format!("`{}` is none of {epochs}", self.epoch))
        })
    }

    /// Whether addresses and transactions are of mainnet.
    #[must_use]
    pub fn is_mainnet(&self) -> bool {
        self.network == Network::Mainnet
    }

    /// Chain id that transactions must have.
    #[must_use]
    pub fn chain_id(&self) -> u32 {
        let own = if self.is_mainnet() { CHAIN_ID_MAINNET } else { CHAIN_ID_TESTNET };
        self.chain_id.unwrap_or(own)
    }

    /// Checks that a chain can be made of this genesis.
    pub(super) fn check(&self) -> Result<(), GenesisError> {
        let rules = self.rules()?;
        let lists = [
            ("balances", self.balances.len(), 0),
            ("producers", self.producers.len(), 1),
            ("stackers", self.stackers.len(), 1),
        ];
        for (key, length, least) in lists {
            if length < least || length > MAX_ENTRIES {
                return Err(value(key, format!("{length} entries, not {least} to {MAX_ENTRIES}")));
            }
        }
        // A tenure cannot be paid at its own start. `burn-block-height` and the cycle's length have 32 bits, and the
        // chain needs room to grow.
        for (key, given, least, most) in [
            ("reward_maturity", self.reward_maturity.into(), 1, u64::from(u32::MAX)),
            ("first_burn_height", self.first_burn_height, 0, u64::from(u32::MAX / 2)),
            ("first_burn_time_s", self.first_burn_time_s, 0, MAX_TIME_S),
            ("satoshis_per_burn_block", self.satoshis_per_burn_block, 0, MAX_SATOSHIS),
            ("reward_cycle_length", self.reward_cycle_length, 1, u64::from(u32::MAX)),
        ] {
            if !(least..=most).contains(&given) {
                return Err(value(key, format!("{given} is not {least} to {most}")));
            }
        }
        if self.stackers.iter().all(|stacker| stacker.weight == 0) {
            return Err(value("stackers", "no stacker has any weight"));
        }
        self.producers.iter().try_for_each(|producer| {
            self.member_address("producers.address", &producer.address)?;
            producer.key().map(drop)
        })?;
        self.stackers
            .iter()
            .try_for_each(|stacker| self.member_address("stackers.address", &stacker.address).map(drop))?;
        check_boot_contracts(&self.boot_contract, rules, self.is_mainnet())?;
        let total = self.balances.iter().map(|balance| u128::from(balance.amount_ustx)).sum::<u128>();
        if total > u128::from(MAX_OPENING_USTX) {
            let room = "so that the supply has 64 bits with the rewards to come";
            return Err(value("balances", format!("{total} micro-STX in all; at most {MAX_OPENING_USTX}, {room}")));
        }
        Ok(())
    }

    /// Parses the address of a producer or stacker on this network; the error names `key`.
    pub(crate) fn member_address(&self, key: &'static str, text: &str) -> Result<StacksAddress, GenesisError> {
        let address = StacksAddress::parse(text).map_err(|error| value(key, format!("{text}: {error}")))?;
        if address.is_mainnet() != Some(self.is_mainnet()) {
            return Err(value(key, format!("{text} is not an address of {}", self.network)));
        }
        if !address.is_p2pkh() {
            return Err(value(key, format!("{text} is not the address of a single key: nobody could sign for it")));
        }
        Ok(address)
    }
}

impl ProducerEntry {
    /// Decodes the VRF public key.
    pub(crate) fn key(&self) -> Result<[u8; 32], GenesisError> {
        let mut key = [0; 32];
        hex::decode_to_slice(&self.vrf_public_key, &mut key)
            .map_err(|error| value("producers.vrf_public_key", format!("{}: {error}", self.vrf_public_key)))?;
        Ok(key)
    }
}

pub(crate) fn value(key: &'static str, detail: impl std::fmt::Display) -> GenesisError {
    GenesisError::Value { key, detail: detail.to_string() }
}

/// The epoch of the network today.
fn default_epoch() -> String {
    DEFAULT_EPOCH.to_owned()
}

/// The reference's value.
fn default_maturity() -> u32 {
    100
}

/// The time is fixed, so that equal genesis files make equal chains.
fn default_time() -> u64 {
    1_700_000_000
}

/// The value of the reference's mock mode.
fn default_satoshis() -> u64 {
    5000
}

fn default_cycle() -> u64 {
    20
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> GenesisFile {
        toml::from_str(SAMPLE_GENESIS).unwrap()
    }

    #[test]
    fn the_sample_holds_the_defaults() {
        let sample = sample();
        sample.check().unwrap();
        let lists = SAMPLE_GENESIS.split_once("# Opening balances").unwrap().1;
        let short: GenesisFile = toml::from_str(&format!("# {lists}")).unwrap();
        assert_eq!(short.chain_id(), sample.chain_id());
        assert_eq!(GenesisFile { chain_id: sample.chain_id, ..short }, sample);
    }

    #[test]
    fn it_reads_back_from_json_and_toml() {
        let folder = tempfile::tempdir().unwrap();
        let (json, toml_file) = (folder.path().join("g.json"), folder.path().join("g.toml"));
        std::fs::write(&json, serde_json::to_string(&sample()).unwrap()).unwrap();
        std::fs::write(&toml_file, toml::to_string(&sample()).unwrap()).unwrap();
        assert_eq!(GenesisFile::read(&json).unwrap(), sample());
        assert_eq!(GenesisFile::read(&toml_file).unwrap(), sample());
    }

    #[test]
    fn balances_leave_room_for_the_rewards() {
        let with = |amounts: &[u64]| {
            let mut genesis = sample();
            let address = genesis.balances[0].address.clone();
            let balance = |amount_ustx: &u64| Balance { address: address.clone(), amount_ustx: *amount_ustx };
            genesis.balances = amounts.iter().map(balance).collect();
            genesis.check().map_err(|error| error.to_string())
        };
        assert_eq!(with(&[MAX_OPENING_USTX]), Ok(()));
        for amounts in [&[u64::MAX][..], &[MAX_OPENING_USTX, 1], &[u64::MAX, u64::MAX]] {
            let error = with(amounts).unwrap_err();
            assert!(error.starts_with("balances: ") && error.contains("at most 10000000000000000000"), "{error}");
        }
    }

    #[test]
    fn wrong_values_are_named() {
        const MULTISIG: &str = "SN3WPRTBGHTF1VB14NNEDF330AQJ3JWBN5M66R7TH";
        let check = |change: fn(&mut GenesisFile), key: &str| {
            let mut genesis = sample();
            change(&mut genesis);
            let error = genesis.check().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{key}: ")), "{error}");
        };
        check(|genesis| genesis.reward_maturity = 0, "reward_maturity");
        check(|genesis| genesis.first_burn_time_s = u64::MAX, "first_burn_time_s");
        check(|genesis| genesis.satoshis_per_burn_block = 1 << 63, "satoshis_per_burn_block");
        check(|genesis| genesis.first_burn_height = 1 << 31, "first_burn_height");
        check(|genesis| genesis.reward_cycle_length = 1 << 32, "reward_cycle_length");
        check(|genesis| genesis.producers.clear(), "producers");
        check(|genesis| genesis.stackers[0].weight = 0, "stackers");
        check(|genesis| genesis.reward_cycle_length = 0, "reward_cycle_length");
        check(|genesis| genesis.network = Network::Mainnet, "producers.address");
        check(|genesis| genesis.producers[0].vrf_public_key = "00".to_owned(), "producers.vrf_public_key");
        check(|genesis| genesis.stackers[0].address = "STX".to_owned(), "stackers.address");
        check(|genesis| genesis.stackers[0].address = MULTISIG.to_owned(), "stackers.address");
        check(|genesis| genesis.producers[0].address = MULTISIG.to_owned(), "producers.address");
    }
}
