//! The work of the worker threads.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use chainstate::assembly::{Assembled, TemplateOrder};
use chainstate::chain::ResultLimits;
use chainstate::db::StoreError;
use nakamoto_proto::v1;
use tracing::field::{Empty, display};

use super::NodeChain;
use super::block_spans::{block_span, name_block};
use crate::metrics;

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
    /// Id that the client knows.
    pub id: String,
    /// Body of its event.
    pub body: v1::event::Body,
    /// Encoded answer of the fetch.
    pub result: Vec<u8>,
    /// Limits of the results of its kind that are kept.
    pub limits: ResultLimits,
}

/// Assembly time if the request names none.
const DEFAULT_ASSEMBLY_TIME: Duration = Duration::from_secs(5);

impl NodeChain {
    /// Assembles a template. Runs for as long as `time` says, or until `cancelled`; called by the worker only.
    pub fn assemble(
        &self,
        order: &TemplateOrder,
        time: Option<Duration>,
        cancelled: &AtomicBool,
    ) -> Result<Assembled, JobFailure> {
        let _measured = metrics::get().time("template");
        let span = tracing::info_span!("template", parent_block_id = Empty);
        let _entered = span.enter();
        let assembled = match self.chain.assemble(order, time.unwrap_or(DEFAULT_ASSEMBLY_TIME), cancelled) {
            Ok(Ok(assembled)) => Ok(assembled),
            Ok(Err(failure)) => Err(JobFailure { reason: failure.code().to_owned(), detail: failure.to_string() }),
            Err(error) => Err(failed(&error)),
        };
        self.spans.assembled(assembled.as_ref().ok().map(|assembled| &assembled.header));
        match &assembled {
            Ok(Assembled { header, transaction_count, .. }) => {
                span.record("parent_block_id", display(header.parent_block_id));
                tracing::debug!(transactions = transaction_count, "template assembled");
            }
            Err(failure) => tracing::debug!(reason = failure.reason, detail = failure.detail, "no template"),
        }
        assembled
    }

    /// Validates a proposal; called by the worker only.
    pub fn validate(&self, block: &[u8]) -> Result<v1::ValidationVerdict, JobFailure> {
        let _time = metrics::get().time("validation");
        let span = block_span!("validation");
        let _entered = span.enter();
        let begun = Instant::now();
        let verdict = self.chain.validate(block, |header| name_block(self, &span, header));
        let verdict = verdict.map_err(|error| failed(&error))?;
        let reason = verdict.rejection.as_ref().map_or("none", |rejection| rejection.reason().as_str_name());
        tracing::debug!(valid = verdict.valid, reason, "proposal validated");
        let validation_duration = prost_types::Duration::try_from(begun.elapsed()).ok();
        Ok(v1::ValidationVerdict { validation_duration, ..verdict })
    }
}

/// A failure of the node: logged in full, and reported without internals.
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
