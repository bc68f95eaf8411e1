//! Executes block 0: boot contracts, opening balances, liquid supply.
//!
//! Our own boot contracts (see `boot_contracts`) are few: the reference's others (BNS, lockup, signer voting) serve
//! functions that this chain mocks or leaves out, and would take most of the start-up time. The genesis adds those that
//! a project needs.
//!
//! # Invariants
//! - The block is a pure function of the chain's parameters.
//! - Execution is free of cost.
//!
//! # Not here
//! The boot block's header and event: the block rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use clarity::Dialect;
use clarity::costs::Cost;
use clarity::error::Stop;
use clarity::keys;
use clarity::principal::{ContractId, Principal, Standard};
use clarity::run::{Context, Event, EventBody, MAX_HELD_EVENTS};
use clarity::value::Value;
use stacks_types::ids::StacksBlockId;

use super::boot_contracts::{BootDeployment, brought_contracts, own_contracts};
use super::contract_store::Deployed;
use super::deployment::refusal;
use super::env::BlockEnv;
use super::facts::BurnView;
use super::failure::Done;
use super::session::{BlockContext, BlockSession, ExecutedBlock, SessionError};
use crate::params::{ChainParams, POX_PREPARE_LENGTH, boot_address};
use crate::transactions::{
    BootTransaction, MAX_RECEIPTS_BYTES, TransactionError, boot_deploy, boot_mints, interface_json,
};

/// The function of a PoX contract that takes the first burn height, the lengths of a prepare phase and of a cycle, then, until
/// `pox-3`, the per cent of the supply that can reject stacking, and from `pox-2` on the cycle from which it counts.
const CONFIGURE_POX: &str = "set-burnchain-parameters";
const REJECTION_FRACTION: u64 = 25;
const FIRST_CYCLE: u64 = 0;

/// Why the boot block could not be made.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// Executing the block failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A boot contract cannot be deployed. This never happens to our own.
    #[error("boot contract {contract}: {error}")]
    Contract {
        /// Its id.
        contract: String,
        /// The file of its text if the genesis brings it, the place in it, and the engine's error.
        error: String,
    },
}

/// The boot block, executed.
#[derive(Clone)]
pub struct BootBlock {
    /// To be committed like any other block; `receipts` belong to `transactions`, in order.
    pub executed: ExecutedBlock,
    /// What an observer gets (docs/COMPATIBILITY.md#boot-event): a deployment for each boot contract, then a transfer
    /// of 0 that carries the mint events. None of them is in a block body or signed.
    pub transactions: Vec<BootTransaction>,
}

/// Executes block 0.
///
/// # Errors
/// [`GenesisError`].
pub fn execute_boot_block(env: BlockEnv<'_>, burn_view: BurnView) -> Result<BootBlock, GenesisError> {
    let ctx = BlockContext {
        parent: StacksBlockId::SENTINEL,
        burn_view,
        tenure_height: 0,
        new_tenure: true,
        tenure_cost_so_far: Cost::default(),
    };
    let (params, rules) = (env.params, env.params.rules);
    let mut session = BlockSession::begin_boot(env, &ctx)?;
    session.run_chain("the epoch", |machine| {
        machine.put_text(keys::EPOCH, &format!("{:08x}", rules.number));
        Ok(())
    })?;
    session.write_heights(&ctx)?;

    let (mut transactions, mut nonces) = (Vec::new(), BTreeMap::new());
    for contract in own_contracts(params) {
        transactions.push(deploy(&mut session, &contract, &mut nonces)?);
    }
    credit(&mut session, &params.boot_balances)?;
    let boot_nonce: &mut u64 = nonces.entry(boot_address(params.mainnet).standard()).or_default();
    transactions.push(boot_mints(params, *boot_nonce, mint_events(&params.boot_balances)));
    *boot_nonce += 1;
    // After the balances, so that an account that owns something can deploy them.
    for contract in brought_contracts(params) {
        transactions.push(deploy(&mut session, &contract, &mut nonces)?);
        configure_pox(&mut session, &contract)?;
    }
    count_deployments(&mut session, &nonces)?;

    for (index, transaction) in (0_u32..).zip(&mut transactions) {
        transaction.receipt.tx_index = index;
        session.receipts.push(transaction.receipt.clone());
    }
    Ok(BootBlock { executed: session.seal()?, transactions })
}

/// Nonces of the boot block's transactions.
type Nonces = BTreeMap<Standard, u64>;

/// Deploys a boot contract.
fn deploy(
    session: &mut BlockSession<'_>,
    deployment: &BootDeployment<'_>,
    nonces: &mut Nonces,
) -> Result<BootTransaction, GenesisError> {
    let refused = |error: String| GenesisError::Contract { contract: deployment.id.to_string(), error };
    let (interface, events) = run(session, &deployment.id, deployment).map_err(|error| match error {
        TransactionError::Rejected { error } => refused(error),
        error => refused(format!("{}: {error}", deployment.file.unwrap_or_default())),
    })?;
    let issuer = deployment.id.issuer;
    let nonce = nonces.entry(issuer).or_default();
    let deployed = boot_deploy(session.params, issuer.into(), *nonce, deployment.payload(), interface, events);
    *nonce += 1;
    Ok(deployed)
}

/// Runs a boot contract's deployment; returns its interface and its events.
fn run(
    session: &mut BlockSession<'_>,
    id: &ContractId,
    deployment: &BootDeployment<'_>,
) -> Result<(String, Vec<Event>), TransactionError> {
    let rules = session.rules;
    let file = deployment.file.unwrap_or_default();
    let refused = |error: String| TransactionError::Rejected { error: format!("{file}{error}") };
    let dialect = Dialect::of_version(deployment.version).filter(|dialect| dialect.version <= rules.newest_version);
    let dialect = dialect.ok_or_else(|| {
        let (version, newest, epoch) = (deployment.version, rules.newest_version, rules.epoch);
        refused(format!(": clarity version {version} is above {newest}, the newest of epoch {epoch}"))
    })?;
    let context = Context { sender: Principal::Standard(id.issuer), sponsor: None };
    session.run(Cost::MAX, |machine| {
        if machine.has_contract(id)? {
            return Err(refused(": a contract with this id is deployed already".to_owned()).into());
        }
        let contract = machine.publish(&context, id, dialect, &deployment.source);
        let contract = contract.map_err(|error| refused(refusal(&error)))?;
        let interface = interface_json(&contract.interface, rules)
            .ok_or_else(|| refused(format!(": its interface has more than {MAX_RECEIPTS_BYTES} bytes as JSON")))?;
        machine.meter.set_spent(Cost::default());
        let events = std::mem::take(&mut machine.events);
        if events.len() >= MAX_HELD_EVENTS {
            return Err(refused(format!(": its top level has {MAX_HELD_EVENTS} events or more")).into());
        }
        Ok(Done { value: (interface, events), deployed: Some(Deployed::new(contract)?) })
    })
}

/// Gives a PoX contract of the network this chain's numbers, as the network does when the contract comes into force.
fn configure_pox(session: &mut BlockSession<'_>, deployment: &BootDeployment<'_>) -> Result<(), GenesisError> {
    let (params, id) = (session.params, &deployment.id);
    let more: &[u64] = match id.name.as_str() {
        "pox" => &[REJECTION_FRACTION],
        "pox-2" | "pox-3" => &[REJECTION_FRACTION, FIRST_CYCLE],
        "pox-4" | "pox-5" => &[FIRST_CYCLE],
        _ => return Ok(()),
    };
    if id.issuer != boot_address(params.mainnet).standard() {
        return Ok(());
    }
    let context = Context { sender: Principal::Standard(id.issuer), sponsor: None };
    let lengths = [params.burn.first_height, POX_PREPARE_LENGTH.into(), params.burn.reward_cycle_length];
    let arguments = lengths.iter().chain(more).map(|number| Value::UInt((*number).into())).collect();
    let configured = session.run(Cost::MAX, |machine| {
        let contract = machine.deployed(id)?;
        if contract.is_some_and(|contract| contract.interface.callable(CONFIGURE_POX).is_some()) {
            let answer = machine.call(&context, id, CONFIGURE_POX, arguments)?;
            if matches!(answer, Value::Err(_)) {
                return Err(TransactionError::Rejected { error: answer.to_string() }.into());
            }
        }
        machine.meter.set_spent(Cost::default());
        Ok(Done { value: (), deployed: None })
    });
    configured.map_err(|error| GenesisError::Contract {
        contract: id.to_string(),
        error: format!("{}: {CONFIGURE_POX} fails: {error}", deployment.file.unwrap_or_default()),
    })
}

/// Counts the nonces that deployers used. The boot address is left out: nobody signs for it.
fn count_deployments(session: &mut BlockSession<'_>, nonces: &Nonces) -> Result<(), GenesisError> {
    let boot = boot_address(session.params.mainnet).standard();
    for (account, nonce) in nonces.iter().filter(|(account, _)| **account != boot) {
        let owner = Principal::Standard(*account);
        session.run_chain("the nonces of those who deployed", |machine| {
            machine.set_nonce(&owner, *nonce);
            Ok(())
        })?;
    }
    Ok(())
}

/// Ids and texts of the contracts that block 0 deploys.
#[must_use]
pub(crate) fn boot_texts(params: &ChainParams) -> Vec<(String, String)> {
    let all = own_contracts(params).into_iter().chain(brought_contracts(params));
    all.map(|contract| (contract.id.to_string(), contract.source.into_owned())).collect()
}

fn credit(session: &mut BlockSession<'_>, balances: &[(Principal, u128)]) -> Result<(), GenesisError> {
    session.run_chain("the opening balances", |machine| {
        let mut supply = 0_u128;
        for (owner, amount) in balances {
            machine.credit(owner, *amount)?;
            supply = supply.saturating_add(*amount);
        }
        machine.grow_supply(supply)?;
        Ok::<(), Stop>(())
    })?;
    Ok(())
}

fn mint_events(balances: &[(Principal, u128)]) -> Vec<Event> {
    balances
        .iter()
        .map(|(recipient, amount)| {
            Event::Asset(EventBody::StxMint { recipient: Arc::new(recipient.clone()), amount: *amount })
        })
        .collect()
}
