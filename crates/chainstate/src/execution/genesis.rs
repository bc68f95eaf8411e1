//! Executes block 0: boot contracts, opening balances, liquid supply.
//!
//! The boot contracts show what is counted by (see `boot_contracts`), and no more: the reference's others (PoX, BNS, lockup,
//! signer voting) serve things that this chain mocks or leaves out, and would cost most of the start-up time; contracts that
//! a user's project needs are deployed by transactions.
//!
//! # Invariants
//! - The block is a pure function of the chain's parameters.
//! - Execution is free of cost.
//!
//! # Not here
//! The boot block's header and event: the block rules.

use std::sync::Arc;

use engine::Dialect;
use engine::costs::Cost;
use engine::error::Stop;
use engine::names::ContractName;
use engine::run::{Context, Event, EventBody};
use engine::state::keys;
use engine::value::{ContractId, Principal};
use stacks_types::ids::StacksBlockId;

use super::boot_contracts::boot_contracts;
use super::env::BlockEnv;
use super::facts::BurnView;
use super::failure::Done;
use super::session::{BlockContext, BlockSession, ExecutedBlock, SessionError};
use crate::params::{ChainParams, boot_address};
use crate::transactions::{BootTransaction, TransactionError, boot_deploy, boot_mints};

/// Why the boot block could not be made.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    /// Execution.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A boot contract could not be deployed: a bug, as its text does not depend on anything.
    #[error("boot contract {name}: {error}")]
    Contract {
        /// Its name.
        name: &'static str,
        /// What the engine says.
        error: String,
    },
}

/// The boot block, executed.
#[derive(Clone)]
pub struct BootBlock {
    /// To be committed like any other block; `receipts` belong to `transactions`, in order.
    pub executed: ExecutedBlock,
    /// What an observer is told (docs/COMPATIBILITY.md#boot-event): a deployment a boot contract, then a transfer of
    /// nothing that carries the mint events. None of them is in a block body or signed.
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
        record_writes: false,
    };
    let (params, rules) = (env.params, env.params.rules);
    let mut session = BlockSession::begin_boot(env, &ctx)?;
    session.run_chain("the epoch", |machine| {
        machine.put_text(keys::EPOCH, &format!("{:08x}", rules.number));
        Ok(())
    })?;
    session.write_heights(&ctx)?;

    let mut transactions = Vec::new();
    for (nonce, (name, source)) in (0_u64..).zip(boot_contracts(rules)) {
        let id = boot_contract_id(params, name)?;
        let interface = deploy(&mut session, name, &id, &source)?;
        transactions.push(boot_deploy(params, id.name, &source, nonce, Some(interface)));
    }
    credit(&mut session, &params.boot_balances)?;
    let events = mint_events(&params.boot_balances);
    transactions.push(boot_mints(params, transactions.len() as u64, events));

    for (index, transaction) in (0_u32..).zip(&mut transactions) {
        transaction.receipt.tx_index = index;
        session.receipts.push(transaction.receipt.clone());
    }
    Ok(BootBlock { executed: session.seal()?, transactions })
}

/// Deploys a boot contract; gives its interface. The oldest version: cost functions are evaluated by its rules in the
/// reference too.
fn deploy(
    session: &mut BlockSession<'_>,
    name: &'static str,
    id: &ContractId,
    source: &str,
) -> Result<String, GenesisError> {
    let rules = session.rules;
    let context = Context { sender: Principal::Standard(id.issuer), sponsor: None };
    let deployed = session.run(Cost::MAX, |machine| {
        let contract = machine.publish(&context, id, Dialect::ALL[0], source);
        let contract = contract.map_err(|error| TransactionError::Rejected { error: error.to_string() })?;
        let interface = contract.interface.json(rules).to_string();
        machine.meter.set_spent(Cost::default());
        Ok(Done { value: interface, deployed: Some(contract) })
    });
    deployed.map_err(|error| GenesisError::Contract { name, error: error.to_string() })
}

/// The identifier of a boot contract, whose name is one.
fn boot_contract_id(params: &ChainParams, name: &'static str) -> Result<ContractId, GenesisError> {
    let parsed = ContractName::new(name);
    let parsed = parsed.ok_or_else(|| GenesisError::Contract { name, error: "not a contract's name".to_owned() })?;
    Ok(ContractId { issuer: boot_address(params.mainnet).standard(), name: parsed })
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
