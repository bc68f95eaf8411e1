//! What the VM's cost tracker evaluates: the figures of [`super::costs`] in the form that costs the interpreter least.
//!
//! Every metered step of a transaction evaluates one cost function, which is most of what a transaction takes. The
//! tracker finds its functions through a store that it is given when it is made, and never asks again; here that is a
//! small one in memory, not the chain's state. In it
//!
//! - functions with equal figures are one, as nothing but the figures tells them apart;
//! - they are private: the VM runs read-only ones in a nested transaction of their own;
//! - their contract's issuer is no address: the VM prints a function's full name twice each time, and an address takes
//!   a checksum of two SHA-256;
//! - they are evaluated by the rules of epoch 2.3, the last that does not rebuild a constant when it is read.
//!
//! # Invariants
//! - The figures, and the texts of failures, are those of the chain's own `costs-3`; a test compares all functions.
//!   Functions that can fail (log2 of zero) keep their name and their text, as both are in the failure's text.
//!
//! # Not here
//! Keeping trackers: `trackers`.

use std::collections::HashMap;
use std::fmt::Write as _;

use ::clarity::boot_util::boot_code_id;
use ::clarity::vm::ast::{ASTRules, build_ast_with_rules};
use ::clarity::vm::contexts::GlobalContext;
use ::clarity::vm::contracts::Contract;
use ::clarity::vm::costs::cost_functions::ClarityCostFunction;
use ::clarity::vm::costs::{ClarityCostFunctionReference, ExecutionCost, LimitedCostTracker};
use ::clarity::vm::database::{ClarityBackingStore, ClarityDatabase, NULL_BURN_STATE_DB, NULL_HEADER_DB};
use ::clarity::vm::errors::{InterpreterError, InterpreterResult};
use ::clarity::vm::types::{QualifiedContractIdentifier, StandardPrincipalData};
use ::clarity::vm::{ClarityVersion, ContractContext, Value, eval_all};
use stacks_common::types::StacksEpochId;
use stacks_common::types::chainstate::StacksBlockId;
use stacks_common::util::hash::Sha512Trunc256Sum;

use super::costs::{COST_VOTING_CONTRACT, COST_VOTING_SOURCE, COSTS_CONTRACT, Cell, Figure, figures, tuple_text};

/// The last epoch that hands out a constant as it is stored.
const EVALUATED_IN: StacksEpochId = StacksEpochId::Epoch23;

/// A contract that holds no names but those of functions without a failure.
struct Lean {
    text: String,
    references: Vec<(ClarityCostFunction, ClarityCostFunctionReference)>,
}

/// A tracker at zero that stops at `limit`.
///
/// # Errors
/// The text of what is wrong with the figures. Only a damaged build has one.
pub(super) fn new_tracker(mainnet: bool, chain_id: u32, limit: ExecutionCost) -> Result<LimitedCostTracker, String> {
    let mut store = MemoryStore::default();
    let mut db = ClarityDatabase::new(&mut store, &NULL_HEADER_DB, &NULL_BURN_STATE_DB);
    db.begin();
    let mut context = GlobalContext::new(mainnet, chain_id, db, LimitedCostTracker::new_free(), EVALUATED_IN);

    let figures = figures().map_err(|error| error.to_string())?;
    let lean = lean(&figures)?;
    let chains = boot_code_id(COSTS_CONTRACT, mainnet);
    let voting = boot_code_id(COST_VOTING_CONTRACT, mainnet);
    let contracts =
        [(lean_id()?, lean.text.as_str()), (chains, &fallible_text(&figures)), (voting.clone(), COST_VOTING_SOURCE)];
    let filled = contracts
        .into_iter()
        .try_for_each(|(id, text)| deploy(&mut context, &id, text))
        .and_then(|()| tell_of_replaced(&mut context.database, &voting, &lean.references));
    filled.map_err(|error| error.to_string())?;

    let (mut db, _) = context.destruct().ok_or("a contract of figures left its context open")?;
    LimitedCostTracker::new_mid_block(mainnet, chain_id, limit, &mut db, EVALUATED_IN)
        .map_err(|error| error.to_string())
}

/// Merges functions of equal figures, leaving out those that can fail.
fn lean(figures: &[Figure]) -> Result<Lean, String> {
    let contract_id = lean_id()?;
    let mut lean = Lean { text: String::new(), references: Vec::new() };
    let mut known: HashMap<String, String> = HashMap::new();
    for Figure { name, cells } in figures.iter().filter(|figure| !can_fail(figure)) {
        let function = ClarityCostFunction::lookup_by_name(name).ok_or_else(|| format!("no cost function {name}"))?;
        let next = known.len();
        let function_name = known.entry(tuple_text(cells)).or_insert_with_key(|tuple| {
            let _ = writeln!(lean.text, "{}", lean_text(next, tuple, cells));
            format!("f{next}")
        });
        let reference =
            ClarityCostFunctionReference { contract_id: contract_id.clone(), function_name: function_name.clone() };
        lean.references.push((function, reference));
    }
    Ok(lean)
}

/// Function `f{index}`, over a constant of what does not depend on the input.
fn lean_text(index: usize, tuple: &str, cells: &[Cell]) -> String {
    if cells.iter().all(Cell::is_constant) {
        return format!("(define-constant c{index} {tuple}) (define-private (f{index} (n uint)) c{index})");
    }
    format!("(define-private (f{index} (n uint)) {tuple})")
}

fn fallible_text(figures: &[Figure]) -> String {
    let fallible = figures.iter().filter(|figure| can_fail(figure));
    fallible
        .map(|Figure { name, cells }| format!("(define-private ({name} (n uint)) {})\n", tuple_text(cells)))
        .collect()
}

fn can_fail(figure: &Figure) -> bool {
    figure.cells.iter().any(|cell| matches!(cell, Cell::LogN(..) | Cell::NLogN(..)))
}

/// Name of the contract of [`Lean`]. Addresses have versions up to 31: no contract of a chain has this name.
fn lean_id() -> Result<QualifiedContractIdentifier, String> {
    let name = "f".to_owned().try_into().map_err(|error| format!("{error:?}"))?;
    Ok(QualifiedContractIdentifier::new(StandardPrincipalData(u8::MAX, [0; 20]), name))
}

fn deploy(context: &mut GlobalContext<'_>, id: &QualifiedContractIdentifier, text: &str) -> InterpreterResult<()> {
    // The oldest version: cost functions are evaluated by its rules in the reference too.
    let version = ClarityVersion::Clarity1;
    let ast = build_ast_with_rules(id, text, &mut (), version, EVALUATED_IN, ASTRules::PrecheckSize)
        .map_err(|error| InterpreterError::Expect(error.to_string()))?;
    let mut contract_context = ContractContext::new(id.clone(), version);
    eval_all(&ast.expressions, &mut contract_context, context, None)?;
    context.database.insert_contract(id, Contract { contract_context })
}

/// Leaves in the store what the VM leaves in a state whose cost functions were replaced by a vote.
fn tell_of_replaced(
    db: &mut ClarityDatabase<'_>,
    voting: &QualifiedContractIdentifier,
    references: &[(ClarityCostFunction, ClarityCostFunctionReference)],
) -> InterpreterResult<()> {
    let summary = serde_json::json!({ "contract_call_circuits": [], "cost_function_references": references });
    db.set_clarity_epoch_version(EVALUATED_IN)?;
    db.put_value("vm-costs::last-processed-at-height", Value::UInt(0), &EVALUATED_IN)?;
    db.set_metadata(voting, "::state_summary", &summary.to_string())
}

/// Holds the contracts of figures while a tracker is made.
#[derive(Default)]
struct MemoryStore {
    values: HashMap<String, String>,
    metadata: HashMap<(QualifiedContractIdentifier, String), String>,
}

impl ClarityBackingStore for MemoryStore {
    fn put_all(&mut self, items: Vec<(String, String)>) -> InterpreterResult<()> {
        self.values.extend(items);
        Ok(())
    }

    fn get(&mut self, key: &str) -> InterpreterResult<Option<String>> {
        Ok(self.values.get(key).cloned())
    }

    fn get_with_proof(&mut self, _: &str) -> InterpreterResult<Option<(String, Vec<u8>)>> {
        Ok(None)
    }

    fn set_block_hash(&mut self, _: StacksBlockId) -> InterpreterResult<StacksBlockId> {
        Err(InterpreterError::Expect("figures have no blocks".into()).into())
    }

    fn get_block_at_height(&mut self, _: u32) -> Option<StacksBlockId> {
        None
    }

    fn get_current_block_height(&mut self) -> u32 {
        0
    }

    fn get_open_chain_tip_height(&mut self) -> u32 {
        0
    }

    fn get_open_chain_tip(&mut self) -> StacksBlockId {
        StacksBlockId([0; 32])
    }

    fn get_contract_hash(
        &mut self,
        _: &QualifiedContractIdentifier,
    ) -> InterpreterResult<(StacksBlockId, Sha512Trunc256Sum)> {
        Err(InterpreterError::Expect("figures have no hash".into()).into())
    }

    fn insert_metadata(&mut self, id: &QualifiedContractIdentifier, key: &str, value: &str) -> InterpreterResult<()> {
        self.metadata.insert((id.clone(), key.to_owned()), value.to_owned());
        Ok(())
    }

    fn get_metadata(&mut self, id: &QualifiedContractIdentifier, key: &str) -> InterpreterResult<Option<String>> {
        Ok(self.metadata.get(&(id.clone(), key.to_owned())).cloned())
    }

    fn get_metadata_manual(
        &mut self,
        _: u32,
        id: &QualifiedContractIdentifier,
        key: &str,
    ) -> InterpreterResult<Option<String>> {
        self.get_metadata(id, key)
    }
}
