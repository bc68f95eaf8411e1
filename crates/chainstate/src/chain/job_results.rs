//! Results of asynchronous jobs: kept with the event that announces them, within limits.

use std::time::Duration;

use nakamoto_proto::v1;
use rusqlite::{OptionalExtension as _, Transaction};
use v1::event::Body;

use super::NakamotoChainState;
use crate::db::StoreError;

/// Small results above the limits before any is removed: checking all of them takes longer than writing one.
const SLACK: usize = 32;
/// After a result of this size the limits are checked in any case.
const LARGE_BYTES: usize = 64 << 10;

/// Kind of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// An assembled block, for a producer to sign.
    Template,
    /// The verdict on a proposal.
    Validation,
}

/// How much is kept of one kind; the newest result always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultLimits {
    /// Results.
    pub count: usize,
    /// Bytes of the encoded results that are kept.
    pub bytes: usize,
    /// How old they may be.
    pub age: Duration,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobResult {
    /// The id that the client got.
    pub id: String,
    /// Encoded answer of the fetch.
    pub result: Vec<u8>,
    /// When it ended, milliseconds since 1970.
    pub time_ms: u64,
}

impl JobKind {
    const fn number(self) -> u8 {
        match self {
            Self::Template => 1,
            Self::Validation => 2,
        }
    }

    fn of(body: &Body) -> Option<Self> {
        match body {
            Body::TemplateFinished(_) => Some(Self::Template),
            Body::ValidationFinished(_) => Some(Self::Validation),
            _ => None,
        }
    }

    const fn event_kind(self) -> v1::EventKind {
        match self {
            Self::Template => v1::EventKind::Template,
            Self::Validation => v1::EventKind::Validation,
        }
    }
}

impl NakamotoChainState {
    /// Stores a job's result together with the event that announces it, and deletes the oldest results beyond the
    /// limits. `visible` is called when both are on disk, before anybody can see the event. Returns the event's
    /// sequence.
    ///
    /// # Errors
    /// [`StoreError`] when nothing was stored, also when `body` is not a job's event; `visible` is not called then.
    pub fn finish_job(
        &self,
        id: &str,
        body: Body,
        result: Vec<u8>,
        limits: ResultLimits,
        visible: impl FnOnce() + Send + 'static,
    ) -> Result<u64, StoreError> {
        let kind = JobKind::of(&body).ok_or_else(|| StoreError::Corrupt(format!("job {id} ends with {body:?}")))?;
        let (id, is_large) = (id.to_owned(), result.len() >= LARGE_BYTES);
        self.inner.store.write(move |tx| {
            let sequence = tx.emit(kind.event_kind(), body, None)?.sequence;
            let sql = "INSERT INTO job_results (sequence, kind, job_id, time_ms, result) VALUES (?1, ?2, ?3, ?4, ?5)";
            let time_ms = tx.time_ms();
            tx.sql().prepare_cached(sql)?.execute((sequence, kind.number(), id, time_ms, result))?;
            if is_large || is_many(tx.sql(), kind, limits)? {
                forget(tx.sql(), kind, limits, time_ms)?;
            }
            sqlite::crash_point("result:inserted");
            tx.after_commit(|| sqlite::crash_point("result:committed"));
            tx.after_commit(visible);
            Ok(sequence)
        })
    }

    /// The results that are kept, oldest first, and the present time by the writer's clock.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub fn job_results(&self, kind: JobKind) -> Result<(Vec<JobResult>, u64), StoreError> {
        let results = self.read(|reader| {
            let sql = "SELECT job_id, result, time_ms FROM job_results WHERE kind = ?1 ORDER BY sequence";
            let mut statement = reader.conn().prepare_cached(sql)?;
            let rows = statement.query_map([kind.number()], |row| {
                Ok(JobResult { id: row.get(0)?, result: row.get(1)?, time_ms: row.get(2)? })
            })?;
            Ok::<_, StoreError>(rows.collect::<Result<_, _>>()?)
        })?;
        Ok((results, (self.inner.clock)()))
    }
}

fn is_many(tx: &Transaction<'_>, kind: JobKind, limits: ResultLimits) -> Result<bool, StoreError> {
    let most = limits.count.saturating_add(SLACK);
    let sql = "SELECT count(*) FROM (SELECT 1 FROM job_results WHERE kind = ?1 LIMIT ?2)";
    let found: usize = tx.prepare_cached(sql)?.query_row((kind.number(), most.saturating_add(1)), |row| row.get(0))?;
    Ok(found > most)
}

/// Deletes the oldest beyond the limits. The newest stays whatever its size and age.
fn forget(tx: &Transaction<'_>, kind: JobKind, limits: ResultLimits, now_ms: u64) -> Result<(), StoreError> {
    let age_ms = u64::try_from(limits.age.as_millis()).unwrap_or(u64::MAX);
    // Newest first: the first result that does not fit is deleted, with all older ones.
    let sql = "SELECT sequence FROM
                 (SELECT sequence, time_ms,
                         row_number() OVER newest_first AS place, sum(length(result)) OVER newest_first AS bytes
                  FROM job_results WHERE kind = ?1
                  WINDOW newest_first AS (ORDER BY sequence DESC))
               WHERE place > 1 AND (place > ?2 OR bytes > ?3 OR time_ms < ?4)
               ORDER BY sequence DESC LIMIT 1";
    let bounds = (kind.number(), limits.count, limits.bytes, now_ms.saturating_sub(age_ms));
    let gone: Option<u64> = tx.prepare_cached(sql)?.query_row(bounds, |row| row.get(0)).optional()?;
    if let Some(gone) = gone {
        let sql = "DELETE FROM job_results WHERE kind = ?1 AND sequence <= ?2";
        tx.prepare_cached(sql)?.execute((kind.number(), gone))?;
    }
    Ok(())
}
