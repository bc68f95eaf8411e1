//! Makes the StackerDBs of contracts follow the canonical tip.
//!
//! Every contract that the canonical fork deploys and whose two functions have the right types is an instance (the
//! first [`crate::stackerdb::MAX_CONTRACTS`] of them). The functions' answers may depend on anything in the state and
//! on the block, so all contracts are asked again whenever the tip has moved; tips that came and went between two
//! rounds are skipped.
//!
//! # Invariants
//! - Which contracts are instances, and their configuration, depends on the tip alone, not on how it was reached;
//!   except for the choice of those that are kept, or that have slots, when there are too many.
//! - An interrupted round is repeated, also after a crash: the followed tip is written last, and only now and then
//!   while there is no contract.
//! - A contract that fails to answer (an error, a limit, too long) keeps its last configuration, and the reason is
//!   stored. If it never had a configuration it has no slots.
//!
//! # Not here
//! Threads: evaluation takes time and must not hold up blocks, so the node runs this on a thread of its own.

use std::time::Duration;

use clarity::principal::{ContractId, Principal, Standard};
use stacks_types::ids::StacksBlockId;

use crate::chain::chain_meta::tip_of;
use crate::chain::processing::blocks_between;
use crate::chain::{ChainReader, NakamotoChainState, ReadStateError, lock};
use crate::db::StoreError;
use crate::execution::contract_store::select_contracts;
use crate::execution::read_only::{READ_ONLY_LIMIT, ReadError, ReadOnlyCall, StateReader};
use crate::stackerdb::{
    CONFIG_FUNCTION, ConfigureError, InstanceConfig, MAX_CONTRACTS, MAX_SLOTS_IN_ALL, SLOTS_FUNCTION, configure,
    delete_contract, insert_contract, is_stackerdb, list_contracts, producers_contract, read_config, read_signers,
    select_followed, signers_contract, update_followed, update_refusal,
};
use stacks_types::address::StacksAddress;

/// Time that both functions of one contract may take. All contracts at their worst keep a round below a minute.
const EVALUATION_TIME: Duration = Duration::from_millis(200);

/// What a round needs from its caller.
pub struct FollowContext<'a> {
    /// A clock that only goes forward.
    pub now: &'a dyn Fn() -> Duration,
    /// Whether to abandon the round.
    pub stopped: &'a dyn Fn() -> bool,
}

/// Blocks looked at, without a contract in any, from which on that is written down: doing so each time would cost a commit a
/// block that records only where the next round begins. After a restart fewer blocks than these are looked at again.
const UNWRITTEN_BLOCKS_MAX: usize = 64;

/// The tip that was followed after the stored one, without a contract at either.
#[derive(Debug, Clone, Copy)]
pub(in crate::chain) struct FollowedAhead {
    tip: StacksBlockId,
    /// Blocks that were looked at since the stored one.
    blocks: usize,
}

/// A contract's reply at a tip.
enum ContractReply {
    /// The tip's fork has no such contract, or another one of that name.
    Gone,
    /// Its configuration.
    Config(Vec<(StacksAddress, u32)>, InstanceConfig),
    /// It has no configuration, and why.
    Refused(String),
}

impl NakamotoChainState {
    /// Runs one round: brings the instances up to the tip. False when they were there already.
    ///
    /// Evaluates contracts: call it on a thread with [`crate::execution::STACK_BYTES`] of stack, and on one thread only.
    ///
    /// # Errors
    /// [`StoreError`]; the round is to be done again.
    pub fn follow_stackerdbs(&self, context: &FollowContext<'_>) -> Result<bool, StoreError> {
        let (tip, stored) =
            self.read(|reader| Ok::<_, StoreError>((tip_of(reader.conn())?, select_followed(reader.conn())?)))?;
        let ahead = *lock(&self.inner.followed_ahead);
        let followed = ahead.map(|ahead| ahead.tip).or(stored);
        if followed == Some(tip) {
            return Ok(false);
        }
        let Some(looked_at) = self.keep_deployed(followed, tip, context)? else { return Ok(false) };
        let kept = self.read(|reader| list_contracts(reader.conn()))?;
        let blocks = ahead.map_or(0, |ahead| ahead.blocks).saturating_add(looked_at);
        if kept.is_empty() && blocks < UNWRITTEN_BLOCKS_MAX {
            *lock(&self.inner.followed_ahead) = Some(FollowedAhead { tip, blocks });
            return Ok(true);
        }
        let full = kept.len() >= MAX_CONTRACTS;
        let mut removed = false;
        for kept in kept {
            let answer = self.ask(&kept.contract, &tip, context)?;
            if (context.stopped)() {
                return Ok(false);
            }
            removed |= matches!(answer, ContractReply::Gone);
            self.apply_reply(kept.contract, answer)?;
        }
        // Contracts that were skipped for lack of room get a chance: another round looks at the whole fork again.
        let next = (!(full && removed)).then_some(tip);
        self.inner.store.write(move |tx| update_followed(tx.sql(), next.as_ref()))?;
        *lock(&self.inner.followed_ahead) = None;
        Ok(true)
    }

    /// Keeps the StackerDB contracts of the blocks that are new since the followed tip; without one, those of all blocks.
    /// Returns how many blocks it looked at; none if it was stopped.
    fn keep_deployed(
        &self,
        followed: Option<StacksBlockId>,
        tip: StacksBlockId,
        context: &FollowContext<'_>,
    ) -> Result<Option<usize>, StoreError> {
        let mainnet = self.params().mainnet;
        let found = self.read(|reader| {
            let boot = followed.is_none().then_some(StacksBlockId::BOOT);
            let blocks = blocks_between(reader.conn(), &followed.unwrap_or(StacksBlockId::BOOT), &tip)?;
            let (mut found, looked_at) = (Vec::new(), blocks.len());
            for block in boot.into_iter().chain(blocks) {
                if (context.stopped)() {
                    return Ok(None);
                }
                for contract in select_contracts(reader.conn(), &block)? {
                    if is_candidate(reader, mainnet, &tip, &contract)? {
                        found.push(contract);
                    }
                }
            }
            Ok::<_, StoreError>(Some((found, looked_at)))
        })?;
        let Some((found, looked_at)) = found else { return Ok(None) };
        if found.is_empty() {
            return Ok(Some(looked_at));
        }
        self.inner.store.write(move |tx| {
            for contract in found {
                if !insert_contract(tx.sql(), &contract)? {
                    tracing::warn!(contract, "no StackerDB: there are {MAX_CONTRACTS} already");
                }
            }
            Ok(Some(looked_at))
        })
    }

    fn ask(
        &self,
        contract: &str,
        tip: &StacksBlockId,
        context: &FollowContext<'_>,
    ) -> Result<ContractReply, StoreError> {
        let Some(id) = ContractId::parse(contract) else { return Ok(ContractReply::Gone) };
        let begun = (context.now)();
        let expired = || (context.stopped)() || (context.now)().saturating_sub(begun) > EVALUATION_TIME;
        let asked = self.read(|reader| reader.state_until(Some(tip), &expired, |state| evaluate(state, &id)));
        match asked {
            Ok(answer) => Ok(answer),
            Err(ReadStateError::Store(error)) => Err(error),
            Err(ReadStateError::Read(ReadError::Storage(text))) => Err(StoreError::Corrupt(text)),
            Err(ReadStateError::Read(ReadError::DeadlinePassed)) => {
                Ok(ContractReply::Refused(format!("evaluation takes more than {EVALUATION_TIME:?}")))
            }
            Err(error) => Ok(ContractReply::Refused(error.to_string())),
        }
    }

    fn apply_reply(&self, contract: String, answer: ContractReply) -> Result<(), StoreError> {
        self.inner.store.write(move |tx| {
            let refusal = match answer {
                ContractReply::Gone => return delete_contract(tx.sql(), &contract),
                ContractReply::Refused(refusal) => refusal,
                ContractReply::Config(signers, config) => {
                    match configure(tx.sql(), &contract, &signers, &config, MAX_SLOTS_IN_ALL) {
                        Ok(_) => String::new(),
                        Err(ConfigureError::Store(error)) => return Err(error),
                        Err(refused) => refused.to_string(),
                    }
                }
            };
            if !refusal.is_empty() {
                tracing::debug!(contract, refusal, "a StackerDB contract stays with its last configuration");
            }
            update_refusal(tx.sql(), &contract, &refusal)
        })
    }
}

fn is_candidate(reader: &ChainReader, mainnet: bool, tip: &StacksBlockId, contract: &str) -> Result<bool, StoreError> {
    let Some(id) = ContractId::parse(contract) else { return Ok(false) };
    // A project may bring a contract with such a name: the mocked instance takes precedence.
    if [producers_contract(mainnet), signers_contract(mainnet)].iter().any(|mocked| mocked == contract) {
        return Ok(false);
    }
    let interface = reader.state_at(Some(tip), |state| state.interface(&id));
    let interface = interface.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(interface.is_some_and(|interface| is_stackerdb(&interface)))
}

/// Asks both functions, at one state.
fn evaluate(state: &StateReader<'_>, contract: &ContractId) -> Result<ContractReply, ReadError> {
    match state.interface(contract)? {
        Some(interface) if is_stackerdb(&interface) => {}
        Some(_) | None => return Ok(ContractReply::Gone),
    }
    let sender = Principal::Standard(Standard::transient());
    let call = |function: &str| {
        let call =
            ReadOnlyCall { contract, function, arguments: &[], sender: &sender, sponsor: None, limit: READ_ONLY_LIMIT };
        state.call_read_only(&call)
    };
    let signers = match read_signers(call(SLOTS_FUNCTION)?) {
        Ok(signers) => signers,
        Err(refusal) => return Ok(ContractReply::Refused(refusal.to_string())),
    };
    match read_config(call(CONFIG_FUNCTION)?) {
        Ok(config) => Ok(ContractReply::Config(signers, config)),
        Err(refusal) => Ok(ContractReply::Refused(refusal.to_string())),
    }
}
