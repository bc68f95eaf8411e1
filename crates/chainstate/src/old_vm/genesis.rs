//! Executes block 0: boot contracts, opening balances, liquid supply.
//!
//! The boot contracts are `costs-3` and `cost-voting`, and no more: they show what is counted by (see `costs`). The
//! reference's others (PoX, BNS, lockup, signer voting) serve things that this chain mocks or leaves out, and would
//! cost most of the start-up time; contracts that a user's project needs are deployed by transactions.
//!
//! # Invariants
//! - The block is a pure function of the chain's parameters.
//! - Execution is free of cost.
//!
//! # Not here
//! The boot block's header and event: the block rules.

use ::clarity::boot_util::boot_code_id;
use ::clarity::vm::ClarityVersion;
use ::clarity::vm::ast::ASTRules;
use ::clarity::vm::clarity::TransactionConnection as _;
use engine::costs::Cost;
use engine::value::Principal;
use stacks_types::ids::StacksBlockId;

use super::burn_view::BurnView;
use super::convert::vm_principal;
use super::costs::{COST_VOTING_CONTRACT, COST_VOTING_SOURCE, COSTS_CONTRACT, CostFiguresError, costs_source};
use super::session::{BlockContext, BlockEnv, BlockSession, ExecutedBlock, SessionError};
use crate::transactions::TransactionError;

/// Why the boot block could not be made.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// The figures of the cost contract are damaged.
    #[error(transparent)]
    Costs(#[from] CostFiguresError),
    /// Execution.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A boot contract could not be deployed: a bug, as its text does not depend on anything.
    #[error("boot contract {name}: {error}")]
    Contract {
        /// Name of the boot contract.
        name: &'static str,
        /// What the VM says.
        error: String,
    },
}

/// Executes block 0.
///
/// # Errors
/// [`GenesisError`].
pub fn execute_boot_block(env: BlockEnv<'_>, burn_view: BurnView) -> Result<ExecutedBlock, GenesisError> {
    let ctx = BlockContext {
        parent: StacksBlockId::SENTINEL,
        burn_view,
        tenure_height: 0,
        new_tenure: true,
        tenure_cost_so_far: Cost::default(),
        record_writes: false,
    };
    let params = env.params;
    let mut session = BlockSession::begin_boot(env, &ctx)?;
    session.run_chain("the epoch", |db| db.set_clarity_epoch_version(super::EPOCH))?;
    session.write_tenure_height(0)?;

    let contracts = [(COSTS_CONTRACT, costs_source()?), (COST_VOTING_CONTRACT, COST_VOTING_SOURCE.to_owned())];
    for (name, source) in contracts {
        deploy(&mut session, name, &source)?;
    }
    credit(&mut session, &params.boot_balances)?;
    Ok(session.seal()?)
}

fn deploy(session: &mut BlockSession<'_>, name: &'static str, source: &str) -> Result<(), GenesisError> {
    let id = boot_code_id(name, session.params.mainnet);
    let deployed = session.run(|scope| {
        // The oldest version: cost functions are evaluated by its rules in the reference too.
        let version = ClarityVersion::Clarity1;
        let refused = |error: ::clarity::vm::clarity::Error| TransactionError::Rejected { error: error.to_string() };
        let (mut ast, analysis) =
            scope.analyze_smart_contract(&id, version, source, ASTRules::PrecheckSize).map_err(refused)?;
        scope
            .initialize_smart_contract(&id, version, &mut ast, &analysis, source, None, |_, _| false)
            .map_err(refused)?;
        scope.save_analysis(&id, &analysis).map_err(|error| refused(error.into()))
    });
    deployed.map_err(|error| GenesisError::Contract { name, error: error.to_string() })
}

fn credit(session: &mut BlockSession<'_>, balances: &[(Principal, u128)]) -> Result<(), SessionError> {
    session.run_chain("the opening balances", |db| {
        let mut supply = 0_u128;
        for (principal, amount) in balances {
            let mut account = db.get_stx_balance_snapshot_genesis(&vm_principal(principal))?;
            account.credit(*amount)?;
            account.save()?;
            supply = supply.saturating_add(*amount);
        }
        db.increment_ustx_liquid_supply(supply)
    })
}
