//! What the workers do.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use chainstate::assembly::{Assembled, TemplateOrder};
use chainstate::chain::ResultLimits;
use chainstate::db::StoreError;
use nakamoto_proto::v1;
use stacks_types::block::NakamotoStacksBlockHeader;

use super::NodeChain;
use crate::error::ApiError;

/// Why a job has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFailure {
    /// Upper-snake code.
    pub reason: String,
    /// For people.
    pub detail: String,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedJob {
    /// As the client knows it.
    pub id: String,
    /// Body of its event.
    pub body: v1::event::Body,
    /// Encoded answer of the fetch.
    pub result: Vec<u8>,
    /// How much of its kind is kept.
    pub limits: ResultLimits,
}

/// Assembly time of a request that names none.
const DEFAULT_ASSEMBLY_TIME: Duration = Duration::from_secs(5);

pub(super) fn assemble(
    node: &NodeChain,
    order: &TemplateOrder,
    time: Option<Duration>,
    cancelled: &AtomicBool,
) -> Result<Assembled, JobFailure> {
    match node.chain.assemble(order, time.unwrap_or(DEFAULT_ASSEMBLY_TIME), cancelled) {
        Ok(Ok(assembled)) => Ok(assembled),
        Ok(Err(failure)) => Err(JobFailure { reason: failure.code().to_owned(), detail: failure.to_string() }),
        Err(error) => Err(failed(&error)),
    }
}

pub(super) fn validate(
    node: &NodeChain,
    block: &[u8],
    decoded: impl FnOnce(&NakamotoStacksBlockHeader),
) -> Result<v1::ValidationVerdict, JobFailure> {
    let begun = Instant::now();
    let verdict = node.chain.validate(block, decoded).map_err(|error| failed(&error))?;
    let validation_duration = prost_types::Duration::try_from(begun.elapsed()).ok();
    Ok(v1::ValidationVerdict { validation_duration, ..verdict })
}

/// Ours: logged here, passed on without its insides.
fn failed(error: &StoreError) -> JobFailure {
    let reason = match error {
        StoreError::DiskFull => "STORAGE_FULL",
        StoreError::ShuttingDown => "SERVER_SHUTDOWN",
        StoreError::Database(_) | StoreError::Marf(_) | StoreError::Corrupt(_) => {
            tracing::error!(%error, "a job failed");
            return JobFailure { reason: "INTERNAL".to_owned(), detail: "internal error".to_owned() };
        }
    };
    JobFailure { reason: reason.to_owned(), detail: error.to_string() }
}

pub(super) fn finish(node: &NodeChain, job: FinishedJob, visible: Box<dyn FnOnce() + Send>) -> Result<(), ApiError> {
    node.chain.finish_job(&job.id, job.body, job.result, job.limits, visible)?;
    Ok(())
}
