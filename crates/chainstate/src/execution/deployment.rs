//! Deploys a contract: parse, check, evaluate its top level, check post-conditions.
//!
//! # Not here
//! Who may deploy which version: `transactions::rules`. How a contract is stored: `contract_store`.

use std::sync::Arc;

use clarity::Dialect;
use clarity::costs::CostError;
use clarity::engine::{Checked, PublishError};
use clarity::error::Stop;
use clarity::names::ContractName;
use clarity::principal::{ContractId, Principal};
use clarity::run::{Assets, Machine};
use clarity::syntax::Span;
use stacks_types::transaction::StacksTransaction;

use super::contract_store::Deployed;
use super::failure::Failure;
use super::outcome::{Origin, Outcome, burned, failed, judge, ok_true};
use crate::transactions::{ReceiptStatus, TransactionError};

/// A contract to be deployed.
pub(super) struct Deployment<'t> {
    pub(super) name: &'t ContractName,
    pub(super) code: &'t str,
    /// Its version of Clarity.
    pub(super) version: u8,
}

/// Deploys a contract of the origin.
pub(super) fn deploy(
    machine: &mut Machine<'_>,
    tx: &StacksTransaction,
    origin: &Origin<'_>,
    deployment: &Deployment<'_>,
) -> Result<Outcome, Failure> {
    let refused = |error: &str| TransactionError::Rejected { error: error.to_owned() };
    let Principal::Standard(issuer) = origin.principal else { return Err(refused("a contract cannot sign").into()) };
    let id = ContractId { issuer: *issuer, name: deployment.name.clone() };
    let dialect = Dialect::of_version(deployment.version);
    let dialect = dialect.filter(|dialect| dialect.version <= machine.rules().newest_version);
    let dialect = dialect.ok_or_else(|| TransactionError::NotInEpoch {
        what: format!("clarity version {} in epoch {}", deployment.version, machine.rules().epoch),
    })?;
    // A contract whose deployment failed has left nothing, so its name is free.
    if machine.has_contract(&id)? {
        return Err(TransactionError::ContractExists(id).into());
    }
    let checked = match machine.check(&id, dialect, deployment.code) {
        Ok(checked) => checked,
        Err(error) => return refused_text(machine, error),
    };
    let interface = Arc::clone(&checked.interface);
    let outcome = run(machine, tx, origin, checked, deployment.code)?;
    Ok(Outcome { interface: Some(interface), ..outcome })
}

/// Runs the contract's top level, and checks the post-conditions.
fn run(
    machine: &mut Machine<'_>,
    tx: &StacksTransaction,
    origin: &Origin<'_>,
    checked: Checked,
    code: &str,
) -> Result<Outcome, Failure> {
    let level = machine.begin();
    let contract = match machine.deploy_checked(&origin.context(), checked, code) {
        Ok(contract) => contract,
        Err(stop) => return failed(stop),
    };
    let assets = Assets::of(&machine.movements);
    let stx_burned = burned(&assets);
    if let Err(broken) = judge(tx, origin, &assets) {
        machine.roll_back(level);
        let status = ReceiptStatus::AbortByPostCondition;
        return Ok(Outcome::aborted(status, ok_true()?, Some(broken.to_string()), stx_burned));
    }
    let success = Outcome::success(ok_true()?, std::mem::take(&mut machine.events), stx_burned);
    Ok(Outcome { deployed: Some(Deployed::new(contract)?), ..success })
}

/// The result when parser or checker refuse the source: it is mined, unless the refusal is one that no receipt can
/// report.
fn refused_text(machine: &Machine<'_>, error: PublishError) -> Result<Outcome, Failure> {
    match error {
        PublishError::Run(stop) => Err(stop.into()),
        PublishError::Syntax(error) => match error.error.cost() {
            Some(cost) => out_of(cost),
            None if error.error.is_rejectable(machine.rules()) => {
                Err(TransactionError::Rejected { error: error.error.to_string() }.into())
            }
            None => Outcome::failure(located(error.span, &error.error)),
        },
        PublishError::Analysis(fault) => match fault.error.cost() {
            Some(cost) => out_of(cost),
            None if fault.error.is_rejectable(machine.rules()) => {
                Err(TransactionError::Rejected { error: fault.error.to_string() }.into())
            }
            None => Outcome::failure(located(fault.spans.first().copied(), &fault.error)),
        },
    }
}

/// Why a source is refused, with the place in it if that is known: `:line:column: message`.
pub(super) fn refusal(error: &PublishError) -> String {
    match error {
        PublishError::Run(stop) => format!(": its top level fails: {stop}"),
        PublishError::Syntax(error) => located(error.span, &error.error),
        PublishError::Analysis(fault) => located(fault.spans.first().copied(), &fault.error),
    }
}

/// The result when checking the source exceeds the allowed cost or memory.
fn out_of(cost: &CostError) -> Result<Outcome, Failure> {
    Err(Stop::from(cost.clone()).into())
}

/// `:line:column: message`, or the message alone.
fn located(span: Option<Span>, message: &dyn std::fmt::Display) -> String {
    match span {
        Some(span) => format!(":{}:{}: {message}", span.start_line, span.start_column),
        None => message.to_string(),
    }
}
