//! What each payload does (docs/COMPATIBILITY.md#outcomes): transfers, calls, deployments, coinbases.
//!
//! # Invariants
//! - A failure that a block holds becomes an [`Outcome`] with `(err none)`; only what docs/COMPATIBILITY.md#outcomes
//!   calls not mined is an error.
//! - Events of anything but a success are left out.
//!
//! # Not here
//! Fee and nonces: `process`. Which payloads are allowed: `rules`.

use ::clarity::vm::analysis::{CheckError, ContractAnalysis};
use ::clarity::vm::ast::ASTRules;
use ::clarity::vm::ast::parser::v2::parse_collect_diagnostics;
use ::clarity::vm::clarity::{ClarityConnection as _, Error as ClarityError, TransactionConnection as _};
use ::clarity::vm::contexts::AssetMap;
use ::clarity::vm::costs::ExecutionCost;
use ::clarity::vm::diagnostic::{Diagnostic, Level};
use ::clarity::vm::errors::{Error as VmError, InterpreterError};
use ::clarity::vm::events::StacksTransactionEvent;
use ::clarity::vm::types::{BuffData, PrincipalData, QualifiedContractIdentifier, ResponseData};
use ::clarity::vm::{ClarityVersion, ContractName, Value};
use stacks_types::transaction::{ContractCall, ContractVersion, StacksTransaction, TransactionPayload};

use super::Scope;
use super::convert::{self, vm_contract_id, vm_contract_name, vm_name, vm_principal, vm_value};
use super::post_conditions::{PostConditionFailure, check_post_conditions};
use crate::transactions::{CostOverrun, ReceiptStatus, TransactionError};

/// Who a transaction acts for.
pub(super) struct Origin<'t> {
    pub(super) principal: &'t PrincipalData,
    pub(super) sponsor: Option<&'t PrincipalData>,
}

/// What a payload did, as far as the receipt tells it.
pub(super) struct Outcome {
    pub(super) status: ReceiptStatus,
    pub(super) result: Value,
    pub(super) events: Vec<StacksTransactionEvent>,
    pub(super) contract_interface: Option<String>,
    pub(super) vm_error: Option<String>,
    pub(super) stx_burned: u128,
}

impl Outcome {
    fn success(result: Value, events: Vec<StacksTransactionEvent>) -> Self {
        Self { status: ReceiptStatus::Success, result, events, contract_interface: None, vm_error: None, stx_burned: 0 }
    }

    fn failure(vm_error: String) -> Self {
        Self {
            status: ReceiptStatus::AbortByResponse,
            result: Value::err_none(),
            events: Vec::new(),
            contract_interface: None,
            vm_error: Some(vm_error),
            stx_burned: 0,
        }
    }
}

/// Does what the payload says.
pub(super) fn run_payload(
    scope: &mut Scope<'_, '_>,
    tx: &StacksTransaction,
    origin: &Origin<'_>,
) -> Result<Outcome, TransactionError> {
    match &tx.payload {
        TransactionPayload::TokenTransfer { recipient, amount, memo } => {
            transfer(scope, origin.principal, &vm_principal(recipient), *amount, memo)
        }
        TransactionPayload::ContractCall(call) => run_call(scope, tx, origin, call),
        TransactionPayload::SmartContract { name, code } => {
            let name = vm_contract_name(name);
            deploy(scope, tx, origin, &Deployment { name, code, version: ClarityVersion::Clarity2 })
        }
        TransactionPayload::VersionedSmartContract { version, name, code } => {
            let version = match version {
                ContractVersion::Clarity1 => ClarityVersion::Clarity1,
                ContractVersion::Clarity2 => ClarityVersion::Clarity2,
                newer => {
                    let what = format!("clarity version {}", newer.to_byte());
                    return Err(TransactionError::NotInEpoch { what });
                }
            };
            deploy(scope, tx, origin, &Deployment { name: vm_contract_name(name), code, version })
        }
        // Whether a block may hold one, and who is rewarded, is the block rules' business.
        TransactionPayload::Coinbase { .. } | TransactionPayload::CoinbaseToAltRecipient { .. } => {
            Ok(Outcome::success(Value::okay_true(), Vec::new()))
        }
        TransactionPayload::PoisonMicroblock(_)
        | TransactionPayload::TenureChange(_)
        | TransactionPayload::NakamotoCoinbase { .. } => {
            Err(TransactionError::PayloadNotAllowed { name: tx.payload.name() })
        }
    }
}

fn transfer(
    scope: &mut Scope<'_, '_>,
    origin: &PrincipalData,
    recipient: &PrincipalData,
    amount: u64,
    memo: &[u8; 34],
) -> Result<Outcome, TransactionError> {
    if recipient == origin {
        return Err(TransactionError::SelfTransfer);
    }
    let memo = BuffData { data: memo.to_vec() };
    let cost_before = scope.cost();
    match scope.run_stx_transfer(origin, recipient, u128::from(amount), &memo) {
        // The VM means to turn an err response into an error of its own, but this release passes it on.
        Ok((Value::Response(ResponseData { committed: true, data }), _, events)) => {
            let result = Value::Response(ResponseData { committed: true, data });
            Ok(Outcome::success(result, events))
        }
        Ok(_) | Err(ClarityError::Interpreter(VmError::Interpreter(InterpreterError::InsufficientBalance))) => {
            let available =
                scope.with_db(|db| db.get_stx_balance_snapshot(origin)?.get_available_balance()).map_err(vm_rejects)?;
            Err(TransactionError::TransferAmount { amount, available })
        }
        Err(error) => Err(not_mined(error, cost_before)),
    }
}

/// Runs the post-conditions as the VM's abort callback and keeps their verdict.
fn judge<'v>(
    tx: &'v StacksTransaction,
    origin: &'v Origin<'_>,
    verdict: &'v mut Option<PostConditionFailure>,
) -> impl FnOnce(&AssetMap, &mut ::clarity::vm::database::ClarityDatabase<'_>) -> bool + 'v {
    move |assets, _| {
        *verdict = check_post_conditions(&tx.post_conditions, tx.post_condition_mode, origin.principal, assets).err();
        verdict.is_some()
    }
}

fn run_call(
    scope: &mut Scope<'_, '_>,
    tx: &StacksTransaction,
    origin: &Origin<'_>,
    call: &ContractCall,
) -> Result<Outcome, TransactionError> {
    let contract = vm_contract_id(&call.contract_id());
    let arguments: Vec<_> = call.arguments.iter().map(vm_value).collect();
    let cost_before = scope.cost();
    let mut verdict = None;
    let called = scope.run_contract_call(
        origin.principal,
        origin.sponsor,
        &contract,
        &vm_name(&call.function_name),
        &arguments,
        judge(tx, origin, &mut verdict),
    );
    match called {
        Ok((result, assets, events)) => {
            let stx_burned = burned(&assets)?;
            Ok(match &result {
                Value::Response(ResponseData { committed: false, .. }) => {
                    Outcome { vm_error: None, result, stx_burned, ..Outcome::failure(String::new()) }
                }
                _ => Outcome { stx_burned, ..Outcome::success(result, events) },
            })
        }
        Err(ClarityError::AbortedByCallback(result, assets, _)) => Ok(Outcome {
            status: ReceiptStatus::AbortByPostCondition,
            result: result.unwrap_or_else(Value::err_none),
            stx_burned: burned(&assets)?,
            ..Outcome::failure(verdict.map(|failure| failure.to_string()).unwrap_or_default())
        }),
        Err(error) => runtime_failure(error, cost_before),
    }
}

/// A contract to be deployed.
struct Deployment<'t> {
    name: ContractName,
    code: &'t str,
    version: ClarityVersion,
}

fn deploy(
    scope: &mut Scope<'_, '_>,
    tx: &StacksTransaction,
    origin: &Origin<'_>,
    deployment: &Deployment<'_>,
) -> Result<Outcome, TransactionError> {
    let PrincipalData::Standard(issuer) = origin.principal else {
        return Err(TransactionError::Rejected { error: "a contract cannot sign".into() });
    };
    let id = QualifiedContractIdentifier::new(issuer.clone(), deployment.name.clone());
    // As the reference asks: a contract whose deployment failed left no analysis, so its name is free.
    if scope.with_analysis_db_readonly(|db| db.has_contract(&id)) {
        return Err(TransactionError::ContractExists(convert::contract_id(&id)));
    }
    let cost_before = scope.cost();
    let analyzed = scope.analyze_smart_contract(&id, deployment.version, deployment.code, ASTRules::PrecheckSize);
    let (mut ast, analysis) = match analyzed {
        Ok(analyzed) => analyzed,
        Err(error) => return analysis_failure(error, deployment.code, cost_before),
    };
    let contract_interface = interface(&analysis)?;
    let mut verdict = None;
    let initialized = scope.initialize_smart_contract(
        &id,
        deployment.version,
        &mut ast,
        &analysis,
        deployment.code,
        origin.sponsor.cloned(),
        judge(tx, origin, &mut verdict),
    );
    let outcome = match initialized {
        Ok((assets, events)) => {
            scope
                .save_analysis(&id, &analysis)
                .map_err(|error| TransactionError::Rejected { error: error.to_string() })?;
            check_loadable(scope, &id)?;
            Outcome { stx_burned: burned(&assets)?, ..Outcome::success(Value::okay_true(), events) }
        }
        Err(ClarityError::AbortedByCallback(_, assets, _)) => Outcome {
            status: ReceiptStatus::AbortByPostCondition,
            result: Value::okay_true(),
            stx_burned: burned(&assets)?,
            ..Outcome::failure(verdict.map(|failure| failure.to_string()).unwrap_or_default())
        },
        Err(error) => runtime_failure(error, cost_before)?,
    };
    Ok(Outcome { contract_interface, ..outcome })
}

/// This build of the VM reads contracts back with a recursion limit that it does not keep when it writes them: what was
/// just stored must be loadable, or no block could ever call it and some reads would fail for good.
fn check_loadable(scope: &mut Scope<'_, '_>, id: &QualifiedContractIdentifier) -> Result<(), TransactionError> {
    let body = scope.with_clarity_db_readonly(|db| db.get_contract(id).is_ok());
    let analysis = scope.with_analysis_db_readonly(|db| matches!(db.load_contract_non_canonical(id), Ok(Some(_))));
    let too_deep = || TransactionError::Rejected { error: format!("{id} nests too deep to be stored") };
    if body && analysis { Ok(()) } else { Err(too_deep()) }
}

fn interface(analysis: &ContractAnalysis) -> Result<Option<String>, TransactionError> {
    let text = analysis.contract_interface.as_ref().map(|interface| interface.serialize()).transpose();
    text.map_err(|error| TransactionError::Rejected { error: error.to_string() })
}

fn burned(assets: &AssetMap) -> Result<u128, TransactionError> {
    assets.get_stx_burned_total().map_err(vm_rejects)
}

/// Parsing or analysis failed: in a block, unless the failure is one that no receipt can report.
fn analysis_failure(
    error: ClarityError,
    source: &str,
    cost_before: ExecutionCost,
) -> Result<Outcome, TransactionError> {
    let text = match &error {
        ClarityError::Parse(parse) if !parse.rejectable() => located_in(source, &parse.diagnostic),
        ClarityError::Analysis(CheckError { err, diagnostic, .. }) if !err.rejectable() => located(diagnostic),
        _ => return Err(not_mined(error, cost_before)),
    };
    Ok(Outcome::failure(text))
}

/// As [`located`]. The parser does not say where it stopped; read once more, the text tells.
fn located_in(source: &str, diagnostic: &Diagnostic) -> String {
    if !diagnostic.spans.is_empty() {
        return located(diagnostic);
    }
    let (_, found, _) = parse_collect_diagnostics(source);
    let first = found.into_iter().find(|found| matches!(found.level, Level::Error) && !found.spans.is_empty());
    let spans = first.map(|first| first.spans).unwrap_or_default();
    located(&Diagnostic { spans, ..diagnostic.clone() })
}

/// `:line:column: message`, or the message alone.
fn located(diagnostic: &Diagnostic) -> String {
    match diagnostic.spans.first() {
        Some(span) => format!(":{}:{}: {}", span.start_line, span.start_column, diagnostic.message),
        None => diagnostic.message.clone(),
    }
}

/// Execution failed: in a block, if the failure is the contract's.
fn runtime_failure(error: ClarityError, cost_before: ExecutionCost) -> Result<Outcome, TransactionError> {
    match &error {
        ClarityError::Interpreter(VmError::Runtime(..) | VmError::ShortReturn(_)) => {}
        ClarityError::Interpreter(VmError::Unchecked(check)) if !check.rejectable() => {}
        _ => return Err(not_mined(error, cost_before)),
    }
    Ok(Outcome::failure(error.to_string()))
}

fn not_mined(error: ClarityError, before: ExecutionCost) -> TransactionError {
    match error {
        ClarityError::CostError(after, limit) => {
            let (before, after, limit) = (convert::cost(&before), convert::cost(&after), convert::cost(&limit));
            TransactionError::CostExceeded(Box::new(CostOverrun { before, after, limit }))
        }
        error => TransactionError::Rejected { error: error.to_string() },
    }
}

/// The VM refused what every transaction does: no receipt can report that.
pub(super) fn vm_rejects(error: VmError) -> TransactionError {
    TransactionError::Rejected { error: error.to_string() }
}
