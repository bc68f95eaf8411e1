//! The contracts of block 0: readable cost tables and the vote on them, mocked PoX contracts, and those of the genesis.
//!
//! # Invariants
//! - Our own texts follow from the engine's tables, the epoch and the burn chain's parameters: equal on every node of
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

/// Nothing can be proposed; others read the variable and the map.
const COST_VOTING_SOURCE: &str = "\
(define-data-var confirmed-proposal-count uint u0)
(define-map confirmed-proposals
  { confirmed-id: uint }
  { function-contract: principal, function-name: (string-ascii 128),
    cost-function-contract: principal, cost-function-name: (string-ascii 128), expiration-block-height: uint })
";

/// The part that both mocked PoX contracts have.
const POX_SOURCE: &str = include_str!("pox.clar");
/// The part that epoch 4.0 adds.
const POX_5_SOURCE: &str = include_str!("pox-5.clar");

/// A contract to be deployed in block 0.
pub(super) struct BootDeployment<'p> {
    pub(super) id: ContractId,
    pub(super) source: Cow<'p, str>,
    /// Its version of Clarity.
    pub(super) version: u8,
    /// The file of the text, if the genesis brings it.
    pub(super) file: Option<&'p str>,
}

impl BootDeployment<'_> {
    /// The payload that would deploy it. The cost tables and the vote are older than Clarity versions.
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

/// Our own contracts, in the order of their deployment, without those that a contract of the genesis replaces.
pub(super) fn own_contracts(params: &ChainParams) -> Vec<BootDeployment<'static>> {
    let issuer = boot_address(params.mainnet).standard();
    let ours = texts(params).into_iter().filter_map(|(name, version, text)| {
        let id = ContractId { issuer, name: ContractName::new(name)? };
        Some(BootDeployment { id, source: Cow::Owned(text), version, file: None })
    });
    ours.filter(|own| params.boot_contracts.brought.iter().all(|brought| brought.id != own.id)).collect()
}

/// The contracts of the genesis, in its order.
pub(super) fn brought_contracts(params: &ChainParams) -> impl Iterator<Item = BootDeployment<'_>> {
    params.boot_contracts.brought.iter().map(|contract| BootDeployment {
        id: contract.id.clone(),
        source: Cow::Borrowed(&contract.source),
        version: contract.clarity_version,
        file: Some(&contract.file),
    })
}

/// Names, Clarity versions and texts of our own contracts.
fn texts(params: &ChainParams) -> Vec<(&'static str, u8, String)> {
    // In Clarity 1: the reference evaluates cost functions by its rules, too.
    let mut contracts: Vec<_> = tables(params).iter().map(|table| (table.name(), 1, table.contract())).collect();
    contracts.push((COST_VOTING_CONTRACT, 1, COST_VOTING_SOURCE.to_owned()));
    contracts.extend(params.boot_contracts.pox_names(params.rules).iter().map(|name| pox(name, params)));
    contracts
}

/// The cost tables that have a contract, up to the epoch's.
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

/// The lines that hold a chain's numbers in a PoX contract; `minimum` is the least amount that can be stacked.
fn pox_head(burn: &BurnParams, minimum: &str) -> String {
    format!(
        "(define-constant FIRST_BURN_HEIGHT u{})\n\
         (define-constant PREPARE_CYCLE_LENGTH u{POX_PREPARE_LENGTH})\n\
         (define-constant REWARD_CYCLE_LENGTH u{})\n\n\
         (define-read-only (get-stacking-minimum)\n  {minimum})\n\n",
        burn.first_height, burn.reward_cycle_length
    )
}
