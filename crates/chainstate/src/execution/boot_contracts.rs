//! The contracts of block 0: tables of costs to be read and the vote on them, mocked PoX contracts, and those of the genesis.
//!
//! # Invariants
//! - The texts of our own follow from the engine's tables, the epoch and the burn chain's parameters: equal on every node of
//!   every chain of one [`BootRelease`]. A release's texts never change; a test pins them.

use std::borrow::Cow;

use clarity::Rules;
use clarity::costs::CostTable;
use clarity::names::ContractName;
use clarity::principal::ContractId;
use stacks_types::transaction::{ContractVersion, TransactionPayload};

use crate::params::{
    BootRelease, BurnParams, ChainParams, POX_5_MINIMUM_USTX, POX_PREPARE_LENGTH, boot_address, pox_4_minimum_part,
};

/// Name of the boot contract in which changes of cost functions were once confirmed.
const COST_VOTING_CONTRACT: &str = "cost-voting";

/// Nothing can be proposed: the variable and the map are what others look at.
const COST_VOTING_SOURCE: &str = "\
(define-data-var confirmed-proposal-count uint u0)
(define-map confirmed-proposals
  { confirmed-id: uint }
  { function-contract: principal, function-name: (string-ascii 128),
    cost-function-contract: principal, cost-function-name: (string-ascii 128), expiration-block-height: uint })
";

/// What both mocked PoX contracts have.
const POX_SOURCE: &str = include_str!("boot_contracts/pox.clar");
/// What is added in epoch 4.0.
const POX_5_SOURCE: &str = include_str!("boot_contracts/pox-5.clar");

/// A contract to be deployed in block 0.
pub(super) struct BootDeployment<'p> {
    pub(super) id: ContractId,
    pub(super) source: Cow<'p, str>,
    /// The version of Clarity.
    pub(super) version: u8,
    /// Where the text is from, if the genesis brings it.
    pub(super) file: Option<&'p str>,
}

impl BootDeployment<'_> {
    /// As a transaction would deploy it. The tables and the vote are older than versions.
    pub(super) fn payload(&self) -> TransactionPayload {
        let (name, code) = (self.id.name.clone(), self.source.clone().into_owned());
        match ContractVersion::from_byte(self.version) {
            Some(version) if self.version > 1 || self.file.is_some() => {
                TransactionPayload::VersionedSmartContract { version, name, code }
            }
            _ => TransactionPayload::SmartContract { name, code },
        }
    }
}

/// Our own, in the order of their deployment, without those that a contract of the genesis replaces.
pub(super) fn own_contracts(params: &ChainParams) -> Vec<BootDeployment<'static>> {
    let issuer = boot_address(params.mainnet).standard();
    let ours = texts(params).into_iter().filter_map(|(name, version, text)| {
        let id = ContractId { issuer, name: ContractName::new(name)? };
        Some(BootDeployment { id, source: Cow::Owned(text), version, file: None })
    });
    ours.filter(|own| params.boot_contracts.brought.iter().all(|brought| brought.id != own.id)).collect()
}

/// Those of the genesis, in its order.
pub(super) fn brought_contracts(params: &ChainParams) -> impl Iterator<Item = BootDeployment<'_>> {
    params.boot_contracts.brought.iter().map(|contract| BootDeployment {
        id: contract.id.clone(),
        source: Cow::Borrowed(&contract.source),
        version: contract.clarity_version,
        file: Some(&contract.file),
    })
}

/// Names, versions of Clarity and texts of our own.
fn texts(params: &ChainParams) -> Vec<(&'static str, u8, String)> {
    // Of the oldest version: cost functions are evaluated by its rules in the reference too.
    let mut contracts: Vec<_> = tables(params).iter().map(|table| (table.name(), 1, table.contract())).collect();
    contracts.push((COST_VOTING_CONTRACT, 1, COST_VOTING_SOURCE.to_owned()));
    contracts.extend(params.boot_contracts.pox_names(params.rules).iter().map(|name| pox(name, params)));
    contracts
}

/// Those that are shown, up to that of the epoch.
fn tables(params: &ChainParams) -> Vec<&'static CostTable> {
    let costs_2 = if params.mainnet { CostTable::COSTS_2 } else { CostTable::COSTS_2_TESTNET };
    let mut tables = match params.boot_contracts.release {
        BootRelease::CostsOnly => vec![CostTable::COSTS_3, CostTable::COSTS_4, CostTable::COSTS_5],
        // The network has no contract for the table of epoch 4.0.
        BootRelease::WithPox => vec![CostTable::COSTS_3, CostTable::COSTS_4],
        BootRelease::WithAllCosts | BootRelease::PoxInClarity4 => {
            vec![CostTable::COSTS, costs_2, CostTable::COSTS_3, CostTable::COSTS_4]
        }
    };
    if let Some(newest) = tables.iter().position(|table| table.name() == params.rules.costs.name()) {
        tables.truncate(newest.saturating_add(1));
    }
    tables
}

fn pox(name: &'static str, params: &ChainParams) -> (&'static str, u8, String) {
    if name == "pox-5" {
        let head = pox_head(&params.burn, &format!("u{POX_5_MINIMUM_USTX}"));
        let version = match params.boot_contracts.release {
            BootRelease::PoxInClarity4 => 4,
            _ => Rules::EPOCH_4_0.newest_version,
        };
        (name, version, head + POX_SOURCE + POX_5_SOURCE)
    } else {
        let part = pox_4_minimum_part(params.mainnet);
        (name, 2, pox_head(&params.burn, &format!("(/ stx-liquid-supply u{part})")) + POX_SOURCE)
    }
}

/// The lines that say of which chain a PoX contract is; `minimum` is the least amount that could be stacked.
fn pox_head(burn: &BurnParams, minimum: &str) -> String {
    format!(
        "(define-constant FIRST_BURN_HEIGHT u{})\n\
         (define-constant PREPARE_CYCLE_LENGTH u{POX_PREPARE_LENGTH})\n\
         (define-constant REWARD_CYCLE_LENGTH u{})\n\n\
         (define-read-only (get-stacking-minimum)\n  {minimum})\n\n",
        burn.first_height, burn.reward_cycle_length
    )
}
