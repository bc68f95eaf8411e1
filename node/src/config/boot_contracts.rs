//! Contracts that a genesis brings for block 0: their entries, and their texts, which stand in files of their own.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clarity::Rules;
use clarity::names::{ContractName, MAX_CONTRACT_NAME};
use clarity::value::ContractId;
use serde::{Deserialize, Serialize};
use stacks_types::address::StacksAddress;
use stacks_types::limits::{BOOT_ADDRESS_MAINNET, BOOT_ADDRESS_TESTNET};

/// Most contracts that a genesis brings.
pub const MAX_BOOT_CONTRACTS: usize = 256;
/// Most bytes of their texts: the boot block must fit one event.
pub const MAX_BOOT_CONTRACT_BYTES: u64 = 4 << 20;

/// Why the contracts of a genesis cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BootContractError {
    /// A text cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A value is wrong.
    #[error("boot_contract{key}: {detail}")]
    Value {
        /// The key behind the table's name; empty for the table.
        key: &'static str,
        /// What is wrong.
        detail: String,
    },
}

/// A contract of block 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootContractEntry {
    /// Its name.
    pub name: String,
    /// Whose it is; `None` means the boot address of the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// File of its text, seen from the folder of the genesis file.
    pub source: PathBuf,
    /// Version of Clarity in which it is written; `None` means the epoch's newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clarity_version: Option<u8>,
    /// The text, once it is read.
    #[serde(skip)]
    pub text: String,
}

impl BootContractEntry {
    /// Its address, as text.
    #[must_use]
    pub fn address(&self, mainnet: bool) -> String {
        let boot = if mainnet { BOOT_ADDRESS_MAINNET } else { BOOT_ADDRESS_TESTNET };
        self.address.clone().unwrap_or_else(|| boot.to_string())
    }

    /// Its id.
    ///
    /// # Errors
    /// [`BootContractError::Value`]: the address is none of the network, or the name none of a contract.
    pub fn id(&self, mainnet: bool) -> Result<ContractId, BootContractError> {
        let text = self.address(mainnet);
        let address = StacksAddress::parse(&text).map_err(|error| value(".address", format!("{text}: {error}")))?;
        if address.is_mainnet() != Some(mainnet) {
            let network = if mainnet { "mainnet" } else { "testnet" };
            return Err(value(".address", format!("{text} is not an address of {network}")));
        }
        let name = ContractName::new(&self.name).filter(|name| name.len() <= MAX_CONTRACT_NAME);
        let name = name
            .ok_or_else(|| value(".name", format!("`{}` is no name of a contract of 1 to 40 characters", self.name)))?;
        Ok(ContractId { issuer: address.standard(), name })
    }

    /// Its version of Clarity.
    #[must_use]
    pub fn clarity_version(&self, rules: &Rules) -> u8 {
        self.clarity_version.unwrap_or(rules.newest_version)
    }
}

/// Reads the texts; paths are seen from `base` from then on.
///
/// # Errors
/// [`BootContractError`]: there are too many, they are too long, or one cannot be read.
pub fn read_boot_contracts(entries: &mut [BootContractEntry], base: &Path) -> Result<(), BootContractError> {
    if entries.len() > MAX_BOOT_CONTRACTS {
        return Err(value("", format!("{} entries, not up to {MAX_BOOT_CONTRACTS}", entries.len())));
    }
    let mut left = MAX_BOOT_CONTRACT_BYTES;
    for entry in entries {
        entry.source = base.join(&entry.source);
        let error = |source| BootContractError::Read { path: entry.source.clone(), source };
        // Counted as it is read: not every file says how long it is.
        let (mut text, file) = (String::new(), File::open(&entry.source).map_err(error)?);
        let size = file.take(left + 1).read_to_string(&mut text).map_err(error)?;
        left = left.checked_sub(size as u64).ok_or_else(|| {
            let detail =
                format!("{}: the texts have more than {MAX_BOOT_CONTRACT_BYTES} bytes", entry.source.display());
            value("", detail)
        })?;
        entry.text = text;
    }
    Ok(())
}

/// Whether a chain can have these contracts, as far as that shows before they are deployed.
pub(super) fn check_boot_contracts(
    entries: &[BootContractEntry],
    rules: &Rules,
    mainnet: bool,
) -> Result<(), BootContractError> {
    let mut seen = BTreeSet::new();
    for entry in entries {
        let id = entry.id(mainnet)?;
        if !seen.insert(id.clone()) {
            return Err(value("", format!("{id} is given twice")));
        }
        let (version, newest) = (entry.clarity_version(rules), rules.newest_version);
        if !(1..=newest).contains(&version) {
            let detail = format!("{id}: {version} is not 1 to {newest}, the versions of epoch {}", rules.epoch);
            return Err(value(".clarity_version", detail));
        }
        if let Some(at) = entry.text.find(|character: char| !is_source(character)) {
            let line = entry.text[..at].matches('\n').count() + 1;
            let detail = format!("{}:{line}: a character that is not ASCII, or not printable", entry.source.display());
            return Err(value(".source", detail));
        }
    }
    Ok(())
}

fn value(key: &'static str, detail: String) -> BootContractError {
    BootContractError::Value { key, detail }
}

/// What a transaction's source may hold.
const fn is_source(character: char) -> bool {
    matches!(character, ' '..='~' | '\t' | '\n')
}
