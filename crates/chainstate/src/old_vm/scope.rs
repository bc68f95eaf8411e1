//! One transaction's nested view of the state: everything it writes is kept or dropped as one.
//!
//! A scope gives the VM's own connection traits, from which analysis, deployment, calls and transfers come.
//!
//! # Invariants
//! - Nothing reaches the state before [`Scope::commit`]; a dropped scope leaves no trace but spent cost.
//! - The tracker is back in its place whenever no VM code runs, except after a panic (see `session`).
//!
//! # Not here
//! What a transaction does: `transactions::process`. Storage: `store`.

use std::sync::Arc;

use ::clarity::vm::analysis::AnalysisDatabase;
use ::clarity::vm::clarity::{ClarityConnection, Error as ClarityError, TransactionConnection};
use ::clarity::vm::contexts::{AssetMap, OwnedEnvironment};
use ::clarity::vm::costs::{CostTracker as _, ExecutionCost, LimitedCostTracker};
use ::clarity::vm::database::{BurnStateDB, ClarityDatabase, HeadersDB, RollbackWrapper, RollbackWrapperPersistedLog};
use ::clarity::vm::errors::{Error as VmError, InterpreterError};
use ::clarity::vm::events::StacksTransactionEvent;
use ::clarity::vm::types::{PrincipalData, QualifiedContractIdentifier};
use ::clarity::vm::{SymbolicExpression, Value};
use stacks_common::types::StacksEpochId;

use super::interrupt::Watch;
use super::kept_contracts::{self, LoadedContract};
use super::store::StateStore;
use crate::execution::Expired;

/// What the VM has to know about the chain, for one block.
#[derive(Clone, Copy)]
pub(crate) struct ChainView<'a> {
    /// Which address versions are the chain's.
    pub(crate) mainnet: bool,
    /// Visible to contracts as `chain-id`.
    pub(crate) chain_id: u32,
    /// The VM's rules.
    pub(crate) epoch: StacksEpochId,
    /// Facts about ancestors.
    pub(crate) headers: &'a dyn HeadersDB,
    /// Facts about the burn chain.
    pub(crate) burn: &'a dyn BurnStateDB,
}

/// A nested view of the state.
pub(crate) struct Scope<'s, 'a> {
    store: &'s mut StateStore<'a>,
    chain: ChainView<'s>,
    tracker: &'s mut Option<LimitedCostTracker>,
    log: Option<RollbackWrapperPersistedLog>,
    watched: Option<(Expired<'s>, u64)>,
}

impl<'s, 'a> Scope<'s, 'a> {
    /// Opens a scope on `store`. The tracker is borrowed for its time.
    pub(crate) fn begin(
        store: &'s mut StateStore<'a>,
        chain: ChainView<'s>,
        tracker: &'s mut Option<LimitedCostTracker>,
    ) -> Self {
        let mut log = RollbackWrapperPersistedLog::new();
        log.nest();
        Self { store, chain, tracker, log: Some(log), watched: None }
    }

    /// Has every evaluation unwind once the time is over or it holds more than so many bytes.
    pub(crate) const fn watch(&mut self, watched: Option<(Expired<'s>, u64)>) {
        self.watched = watched;
    }

    /// Writes everything into the state.
    ///
    /// # Errors
    /// A storage failure, which the store keeps as its fault too.
    pub(crate) fn commit(mut self) -> Result<(), InterpreterError> {
        let log = self.log.take().unwrap_or_else(nested);
        RollbackWrapper::from_persisted_log(&mut *self.store, log).commit()
    }

    /// What the block has cost so far, this transaction included.
    pub(crate) fn cost(&self) -> ExecutionCost {
        self.tracker.as_ref().map_or_else(ExecutionCost::zero, LimitedCostTracker::get_total)
    }

    /// Runs `work` on the database of this scope; keeps its writes unless it fails.
    pub(crate) fn with_db<R, E>(&mut self, work: impl FnOnce(&mut ClarityDatabase<'_>) -> Result<R, E>) -> Result<R, E>
    where
        E: From<VmError>,
    {
        self.with_database(|mut db| {
            db.begin();
            let result = match work(&mut db) {
                Ok(value) => db.commit().map(|()| value).map_err(E::from),
                Err(error) => db.roll_back().map_err(E::from).and(Err(error)),
            };
            (result, db)
        })
    }

    fn with_database<R>(&mut self, work: impl for<'d> FnOnce(ClarityDatabase<'d>) -> (R, ClarityDatabase<'d>)) -> R {
        let log = self.log.take().unwrap_or_else(nested);
        let wrapper = RollbackWrapper::from_persisted_log(&mut *self.store, log);
        let db = ClarityDatabase::new_with_rollback_wrapper(wrapper, self.chain.headers, self.chain.burn);
        let (result, db) = work(db);
        self.log = Some(db.destroy().into());
        result
    }

    /// The contract `id`, if a committed block deployed it and it can be kept; decoded at most once. All others are left
    /// to the VM, which then says why there is none.
    pub(super) fn contract(&mut self, id: &QualifiedContractIdentifier) -> Option<Arc<LoadedContract>> {
        let deployed_in = self.store.deployed_in(id)?;
        if let Some(known) = self.store.contracts.get(&deployed_in, id) {
            return Some(known);
        }
        let bytes = self.with_clarity_db_readonly(|db| db.get_contract_size(id)).ok()?;
        if !self.store.contracts.has_room_for(bytes) {
            return None;
        }
        let context = self.with_clarity_db_readonly(|db| db.get_contract(id)).ok()?.contract_context;
        let contract = Arc::new(LoadedContract { context, bytes });
        self.store.contracts.insert(deployed_in, &contract);
        Some(contract)
    }

    fn take_tracker(&mut self) -> LimitedCostTracker {
        self.tracker.take().unwrap_or_else(LimitedCostTracker::new_free)
    }
}

fn nested() -> RollbackWrapperPersistedLog {
    let mut log = RollbackWrapperPersistedLog::new();
    log.nest();
    log
}

impl Drop for Scope<'_, '_> {
    /// The VM counts memory per transaction.
    fn drop(&mut self) {
        if let Some(tracker) = self.tracker.as_mut() {
            tracker.reset_memory();
        }
    }
}

impl ClarityConnection for Scope<'_, '_> {
    fn with_clarity_db_readonly_owned<F, R>(&mut self, to_do: F) -> R
    where
        F: FnOnce(ClarityDatabase<'_>) -> (R, ClarityDatabase<'_>),
    {
        self.with_database(|mut db| {
            db.begin();
            let (result, mut db) = to_do(db);
            // A read that left its own nesting open would be a bug of the VM; its writes are dropped with it.
            let _ = db.roll_back();
            (result, db)
        })
    }

    fn with_analysis_db_readonly<F, R>(&mut self, to_do: F) -> R
    where
        F: FnOnce(&mut AnalysisDatabase<'_>) -> R,
    {
        let log = self.log.take().unwrap_or_else(nested);
        let mut db =
            AnalysisDatabase::new_with_rollback_wrapper(RollbackWrapper::from_persisted_log(&mut *self.store, log));
        db.begin();
        let result = to_do(&mut db);
        let _ = db.roll_back();
        self.log = Some(db.destroy().into());
        result
    }

    fn get_epoch(&self) -> StacksEpochId {
        self.chain.epoch
    }
}

impl TransactionConnection for Scope<'_, '_> {
    fn with_abort_callback<F, A, R, E>(
        &mut self,
        to_do: F,
        abort_call_back: A,
    ) -> Result<(R, AssetMap, Vec<StacksTransactionEvent>, bool), E>
    where
        A: FnOnce(&AssetMap, &mut ClarityDatabase<'_>) -> bool,
        F: FnOnce(&mut OwnedEnvironment<'_>) -> Result<(R, AssetMap, Vec<StacksTransactionEvent>), E>,
        E: From<VmError>,
    {
        let chain = self.chain;
        let tracker = self.take_tracker();
        let log = self.log.take().unwrap_or_else(nested);
        let mut watch = self.watched.map(|(expired, memory_bytes)| Watch::new(expired, memory_bytes));
        let wrapper = RollbackWrapper::from_persisted_log(&mut *self.store, log);
        let mut db = ClarityDatabase::new_with_rollback_wrapper(wrapper, chain.headers, chain.burn);
        db.begin();
        let mut env = OwnedEnvironment::new_cost_limited(chain.mainnet, chain.chain_id, db, tracker, chain.epoch);
        if let Some(watch) = &mut watch {
            env.add_eval_hook(watch);
        }
        let result = to_do(&mut env);
        let (mut db, tracker) = env.destruct().expect("the VM unwinds its contexts before it returns");
        let result = match result {
            Ok((value, assets, events)) => {
                let aborted = abort_call_back(&assets, &mut db);
                let end = if aborted { db.roll_back() } else { db.commit() };
                end.map(|()| (value, assets, events, aborted)).map_err(E::from)
            }
            Err(error) => db.roll_back().map_err(E::from).and(Err(error)),
        };
        self.log = Some(db.destroy().into());
        *self.tracker = Some(tracker);
        result
    }

    /// As the VM's own, but for the decoding of a contract that was called before.
    fn run_contract_call<F>(
        &mut self,
        sender: &PrincipalData,
        sponsor: Option<&PrincipalData>,
        contract: &QualifiedContractIdentifier,
        public_function: &str,
        args: &[Value],
        abort_call_back: F,
    ) -> Result<(Value, AssetMap, Vec<StacksTransactionEvent>), ClarityError>
    where
        F: FnOnce(&AssetMap, &mut ClarityDatabase<'_>) -> bool,
    {
        let loaded = self.contract(contract);
        let arguments: Vec<_> = args.iter().cloned().map(SymbolicExpression::atom_value).collect();
        let call = |vm: &mut OwnedEnvironment<'_>| {
            vm.execute_in_env(sender.clone(), sponsor.cloned(), None, |env| match &loaded {
                Some(loaded) => kept_contracts::call(env, loaded, public_function, &arguments),
                None => env.execute_contract(contract, public_function, &arguments, false),
            })
            .map_err(ClarityError::from)
        };
        match self.with_abort_callback(call, abort_call_back)? {
            (value, assets, events, false) => Ok((value, assets, events)),
            (value, assets, events, true) => Err(ClarityError::AbortedByCallback(Some(value), assets, events)),
        }
    }

    fn with_analysis_db<F, R>(&mut self, to_do: F) -> R
    where
        F: FnOnce(&mut AnalysisDatabase<'_>, LimitedCostTracker) -> (LimitedCostTracker, R),
    {
        let tracker = self.take_tracker();
        let log = self.log.take().unwrap_or_else(nested);
        let mut db =
            AnalysisDatabase::new_with_rollback_wrapper(RollbackWrapper::from_persisted_log(&mut *self.store, log));
        let (tracker, result) = to_do(&mut db, tracker);
        self.log = Some(db.destroy().into());
        *self.tracker = Some(tracker);
        result
    }
}
