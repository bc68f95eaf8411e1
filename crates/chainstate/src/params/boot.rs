//! The contracts that block 0 of a chain deploys: some of our own, and those that the genesis brings.
//!
//! # Not here
//! The texts of our own: `execution::boot_contracts`.

use clarity::Rules;
use clarity::principal::ContractId;
use sha2::{Digest as _, Sha256};

/// The contracts that block 0 deploys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BootContracts {
    /// Release of our own contracts.
    pub release: BootRelease,
    /// The contracts of the genesis, in the order of their deployment, after our own. One with the id of one of ours
    /// replaces it.
    pub brought: Vec<BootContract>,
}

/// Which of our own contracts block 0 deploys. New chains take the newest release. A folder keeps the one that it was
/// made with: [`ChainParams::as_made`](super::ChainParams::as_made) finds it by the fingerprint, so the older ones
/// stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BootRelease {
    /// The cost tables up to the epoch's, and the vote on them.
    CostsOnly,
    /// The cost tables that epochs from 3.0 on had as contracts, the vote on them, and the mocked PoX contracts.
    WithPox,
    /// The same with the cost tables of earlier epochs.
    WithAllCosts,
    /// The same, with the mocked `pox-5` in Clarity 4 instead of 6: the Hiro API does not decode a deployment in a
    /// newer version, and refuses all blocks after it.
    #[default]
    PoxInClarity4,
}

impl BootRelease {
    /// All releases, newest first.
    pub const ALL: [Self; 4] = [Self::PoxInClarity4, Self::WithAllCosts, Self::WithPox, Self::CostsOnly];
}

/// A contract that the genesis brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootContract {
    /// Its id. The name has 1 to 40 characters.
    pub id: ContractId,
    /// Its text.
    pub source: String,
    /// Its version of Clarity.
    pub clarity_version: u8,
    /// The file of the text, for errors. Not part of the chain.
    pub file: String,
}

impl BootContracts {
    /// The part of the fingerprint for these contracts: the release, and each contract that the genesis brings. The
    /// oldest release, `CostsOnly`, adds no line, so folders from before there were releases keep their fingerprint.
    pub(super) fn described(&self) -> String {
        let mut text = match self.release {
            BootRelease::CostsOnly => String::new(),
            BootRelease::WithPox => "boot with-pox\n".to_owned(),
            BootRelease::WithAllCosts => "boot with-all-costs\n".to_owned(),
            BootRelease::PoxInClarity4 => "boot pox-in-clarity-4\n".to_owned(),
        };
        for contract in &self.brought {
            let hash = hex::encode(Sha256::digest(&contract.source));
            text += &format!("boot {} {} {hash}\n", contract.id, contract.clarity_version);
        }
        text
    }

    /// Names of our mocked PoX contracts in an epoch, oldest first; the last is the one in force.
    #[must_use]
    pub const fn pox_names(&self, rules: &Rules) -> &'static [&'static str] {
        match self.release {
            BootRelease::CostsOnly => &[],
            _ if rules.number < Rules::EPOCH_4_0.number => &["pox-4"],
            BootRelease::WithPox | BootRelease::WithAllCosts | BootRelease::PoxInClarity4 => &["pox-4", "pox-5"],
        }
    }
}

/// The least amount that can be stacked, in micro-STX, as the PoX contract in force reports it.
#[must_use]
pub(crate) const fn stacking_minimum(rules: &Rules, mainnet: bool, liquid_supply: u128) -> u128 {
    if rules.number < Rules::EPOCH_4_0.number {
        liquid_supply / pox_4_minimum_part(mainnet)
    } else {
        POX_5_MINIMUM_USTX
    }
}

/// `pox-4` divides the liquid supply by this.
pub(crate) const fn pox_4_minimum_part(mainnet: bool) -> u128 {
    if mainnet { 20_000 } else { 8_000 }
}

/// The fixed minimum of `pox-5`: 50,000 STX.
pub(crate) const POX_5_MINIMUM_USTX: u128 = 50_000_000_000;
