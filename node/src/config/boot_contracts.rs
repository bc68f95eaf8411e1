//! Contracts that a genesis deploys in block 0: their entries, and their code from separate files.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clarity::Rules;
use clarity::names::{ContractName, MAX_CONTRACT_NAME};
use clarity::principal::ContractId;
use serde::{Deserialize, Serialize};
use stacks_types::address::StacksAddress;
use stacks_types::limits::{BOOT_ADDRESS_MAINNET, BOOT_ADDRESS_TESTNET};
use stacks_types::transaction::is_source_character;

/// Most contracts in a genesis.
pub const MAX_BOOT_CONTRACTS: usize = 256;
/// Most bytes of their code together: the boot block must fit one event.
pub const MAX_BOOT_CONTRACT_BYTES: u64 = 4 << 20;

/// Why the contracts of a genesis cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BootContractError {
    /// The system cannot read a file with code.
    #[error("cannot read {}", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Error of the system.
        #[source]
        source: std::io::Error,
    },
    /// An entry, or the number of entries, cannot be used.
    #[error("boot_contract{key}: {detail}")]
    Value {
        /// The key after `boot_contract`; empty for the whole table.
        key: &'static str,
        /// What is wrong with it.
        detail: String,
    },
}

/// A contract of block 0: a table `[[boot_contract]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootContractEntry {
    /// Name of the contract.
    pub name: String,
    /// Address that deploys it; `None` = the network's boot address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Path of the file with its code, relative to the folder of the genesis file.
    pub source: PathBuf,
    /// Clarity version of the code; `None` = the epoch's newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clarity_version: Option<u8>,
    /// Content of `source`; empty before [`read_boot_contracts`].
    #[serde(skip)]
    pub text: String,
}

impl BootContractEntry {
    /// Text of the address that deploys it.
    #[must_use]
    pub fn address(&self, mainnet: bool) -> String {
        let boot = if mainnet { BOOT_ADDRESS_MAINNET } else { BOOT_ADDRESS_TESTNET };
        self.address.clone().unwrap_or_else(|| boot.to_string())
    }

    /// Id of the contract.
    ///
    /// # Errors
    /// [`BootContractError::Value`]: the address is not of the network, or the name is not one of a contract.
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

    /// Clarity version of the code, by the rules of the chain's epoch if the entry names none.
    #[must_use]
    pub fn clarity_version(&self, rules: &Rules) -> u8 {
        self.clarity_version.unwrap_or(rules.newest_version)
    }
}

/// Reads the code of all entries, and resolves their paths against `base`.
///
/// # Errors
/// [`BootContractError`]: there are too many contracts, their code is too long, or a file cannot be read.
pub fn read_boot_contracts(entries: &mut [BootContractEntry], base: &Path) -> Result<(), BootContractError> {
    if entries.len() > MAX_BOOT_CONTRACTS {
        return Err(value("", format!("{} entries, not up to {MAX_BOOT_CONTRACTS}", entries.len())));
    }
    let mut left = MAX_BOOT_CONTRACT_BYTES;
    for entry in entries {
        entry.source = base.join(&entry.source);
        let error = |source| BootContractError::Read { path: entry.source.clone(), source };
        // The bytes are counted while reading: not every file has a length.
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

/// Checks the contracts as far as possible before they are deployed.
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
        if let Some(at) = entry.text.find(|character| !is_source_character(character)) {
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
