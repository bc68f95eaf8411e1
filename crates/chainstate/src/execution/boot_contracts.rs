//! The boot contracts: the tables of costs that the network has had up to the chain's epoch, to be read, and the vote on them.
//!
//! # Invariants
//! - Their texts follow from the engine's tables: equal on every node of every chain of one release.

use engine::Rules;
use engine::costs::CostTable;

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

/// Names and texts, in the order of their deployment.
pub(super) fn boot_contracts(rules: &Rules) -> Vec<(&'static str, String)> {
    let tables = [CostTable::COSTS_3, CostTable::COSTS_4, CostTable::COSTS_5];
    let newest = tables.iter().position(|table| table.name() == rules.costs.name()).unwrap_or(0);
    let mut contracts: Vec<_> = tables[..=newest].iter().map(|table| (table.name(), table.contract())).collect();
    contracts.push((COST_VOTING_CONTRACT, COST_VOTING_SOURCE.to_owned()));
    contracts
}
