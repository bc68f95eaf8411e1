//! Errors of the chain as gRPC statuses: always with a google.rpc ErrorInfo (reason, domain, metadata), and with a BadRequest where a
//! field is at fault.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::error::ApiError;
use crate::event_stream::filter::FilterError;
use crate::event_stream::position::PositionError;
use crate::event_stream::subscribers::TooManySubscriptions;
use crate::event_stream::task::StreamEnd;
use crate::jobs::NotQueued;
use crate::metrics::warning_limiter::WarningLimiter;

/// `ErrorInfo.domain` of every error.
pub const DOMAIN: &str = "nakamoto.v1";
/// How long a client whose stream ended should wait before it reconnects.
const RECONNECT_AFTER: Duration = Duration::from_millis(500);
/// How long a client should wait when too many streams are open or too many blocks are requested.
const OVERLOAD_RETRY_AFTER: Duration = Duration::from_secs(5);

/// Longest message of a status. It repeats parts of the request, and travels in a header, where a byte may take three.
const MAX_MESSAGE_BYTES: usize = 1024;
/// Longest value in its metadata. All values together stay below the 8 KiB that clients accept for headers.
const MAX_VALUE_BYTES: usize = 512;
/// Ends a shortened text.
const ELLIPSIS: &str = "...";

/// A status being put together.
#[derive(Debug)]
pub struct Failure {
    code: Code,
    reason: &'static str,
    message: String,
    metadata: Vec<(&'static str, String)>,
    retry_after: Option<Duration>,
    /// Path of a field, and what is wrong with it.
    violation: Option<(String, String)>,
}

impl Failure {
    /// A status with a `reason`, in upper snake case and stable: clients branch on it.
    pub fn new(code: Code, reason: &'static str, message: impl std::fmt::Display) -> Self {
        let message = shortened(message.to_string(), MAX_MESSAGE_BYTES);
        Self { code, reason, message, metadata: Vec::new(), retry_after: None, violation: None }
    }

    /// Adds a value to the metadata.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl std::fmt::Display) -> Self {
        self.metadata.push((key, shortened(value.to_string(), MAX_VALUE_BYTES)));
        self
    }

    /// Names the field at fault as google.rpc BadRequest does.
    fn of_field(mut self, field: &str, detail: &str) -> Self {
        let short = |text: &str| shortened(text.to_owned(), MAX_VALUE_BYTES);
        self.violation = Some((short(field), short(detail)));
        self
    }

    /// Advises when to try again.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let metadata: HashMap<String, String> =
            failure.metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let mut details = ErrorDetails::with_error_info(failure.reason, DOMAIN, metadata);
        if let Some(delay) = failure.retry_after {
            details.set_retry_info(Some(delay));
        }
        if let Some((field, detail)) = failure.violation {
            details.add_bad_request_violation(field, detail);
        }
        Self::with_error_details(failure.code, failure.message, details)
    }
}

/// Cuts a text that is too long.
fn shortened(mut text: String, max_bytes: usize) -> String {
    if text.len() > max_bytes {
        let end = (0..=max_bytes - ELLIPSIS.len()).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        text.push_str(ELLIPSIS);
    }
    text
}

/// Turns an error of the chain into a status; the only place that does. Only failures of the node are logged as errors.
pub fn status(error: ApiError) -> Status {
    let message = error.to_string();
    let failure = match error {
        ApiError::Missing { field } | ApiError::MissingChoice { field, .. } => {
            Failure::new(Code::InvalidArgument, "FIELD_MISSING", message)
                .with("field", field)
                .of_field(field, "missing")
        }
        ApiError::Invalid { field, detail } => Failure::new(Code::InvalidArgument, "FIELD_INVALID", message)
            .with("field", &field)
            .with("detail", &detail)
            .of_field(&field, &detail),
        ApiError::NotFound { what, id } => Failure::new(Code::NotFound, what.reason(), message).with("id", id),
        ApiError::NoJob { what, id } => Failure::new(Code::NotFound, what.reason(), message).with("id", id),
        ApiError::Precondition { reason, values, .. } => {
            let failure = Failure::new(Code::FailedPrecondition, reason, message);
            values.into_iter().fold(failure, |failure, (key, value)| failure.with(key, value))
        }
        ApiError::Busy { reason, retry_after } => {
            Failure::new(Code::ResourceExhausted, reason, message).retry_after(retry_after)
        }
        ApiError::TooManyBlocksWanted { wanted, max, .. } => {
            Failure::new(Code::ResourceExhausted, "TOO_MANY_BLOCKS_WANTED", message)
                .with("wanted", wanted)
                .with("max", max)
                .retry_after(OVERLOAD_RETRY_AFTER)
        }
        ApiError::StorageFull => {
            Failure::new(Code::ResourceExhausted, "STORAGE_FULL", message).retry_after(Duration::from_secs(1))
        }
        ApiError::ShuttingDown => {
            Failure::new(Code::Unavailable, "SERVER_SHUTDOWN", message).retry_after(RECONNECT_AFTER)
        }
        ApiError::Internal(source) => {
            log_failure(source.as_ref());
            Failure::new(Code::Internal, "INTERNAL", message)
        }
    };
    failure.into()
}

/// Logs a failure of the node, once for many requests that meet it.
pub(crate) fn log_failure(error: &(dyn std::error::Error + 'static)) {
    static FAILURES: WarningLimiter = WarningLimiter::new();
    if let Some(times) = FAILURES.count() {
        tracing::error!(error, times, "a request failed");
    }
}

/// Status for a refused filter.
pub fn filter_status(error: FilterError) -> Status {
    match error {
        FilterError::Empty => Failure::new(Code::InvalidArgument, "FILTER_EMPTY", error).into(),
        FilterError::Field(error) => status(error),
    }
}

/// Status for a start position that cannot be served.
pub fn position_status(error: PositionError) -> Status {
    let message = error.to_string();
    match error {
        PositionError::Pruned { wanted, oldest } => Failure::new(Code::OutOfRange, "CURSOR_PRUNED", message)
            .with("sequence", wanted)
            .with("oldest_sequence", oldest)
            .into(),
        PositionError::Ahead { wanted, newest } => Failure::new(Code::OutOfRange, "CURSOR_AHEAD", message)
            .with("sequence", wanted)
            .with("newest_sequence", newest)
            .into(),
        PositionError::ForeignJournal { theirs, ours } => {
            Failure::new(Code::FailedPrecondition, "CURSOR_FOREIGN_JOURNAL", message)
                .with("cursor_journal_id", theirs)
                .with("journal_id", ours)
                .into()
        }
        PositionError::OtherEvent { sequence } => {
            Failure::new(Code::FailedPrecondition, "CURSOR_FOREIGN_JOURNAL", message).with("sequence", sequence).into()
        }
        PositionError::Api(error) => status(error),
    }
}

/// Status for the end of a stream; `None` when nobody reads it any more.
pub fn end_status(end: &StreamEnd) -> Option<Status> {
    let reason = end.reason();
    let failure = match end {
        StreamEnd::Gone | StreamEnd::Cut => return None,
        StreamEnd::Shutdown { cursor } => Failure::new(Code::Unavailable, reason, end)
            .with("cursor", hex::encode(cursor))
            .retry_after(RECONNECT_AFTER),
        StreamEnd::Stalled { cursor, waited } => Failure::new(Code::Unavailable, reason, end)
            .with("cursor", hex::encode(cursor))
            .with("waited_s", waited.as_secs())
            .retry_after(RECONNECT_AFTER),
        StreamEnd::Pruned { oldest, cursor } => Failure::new(Code::OutOfRange, reason, end)
            .with("oldest_sequence", oldest)
            .with("cursor", hex::encode(cursor)),
        StreamEnd::Broken(source) => {
            log_failure(source.as_ref());
            Failure::new(Code::Internal, reason, end)
        }
    };
    Some(failure.into())
}

/// Status when too many streams are open.
pub fn subscriptions_status(error: TooManySubscriptions) -> Status {
    let failure = Failure::new(Code::ResourceExhausted, "TOO_MANY_SUBSCRIPTIONS", error);
    let failure = match error {
        TooManySubscriptions::Total { max } => failure.with("max_subscriptions", max),
        TooManySubscriptions::Peer { max, peer } => failure.with("max_subscriptions_per_peer", max).with("peer", peer),
    };
    failure.retry_after(OVERLOAD_RETRY_AFTER).into()
}

/// A job that is not queued. `reason` is of a queue that is full.
pub fn queue_status(reason: &'static str, error: NotQueued) -> Status {
    match error {
        NotQueued::Full(full) => Failure::new(Code::ResourceExhausted, reason, full)
            .with("queue", full.waiting)
            .with("max_queue", full.max)
            .with("queue_bytes", full.bytes)
            .with("max_queue_bytes", full.max_bytes)
            .retry_after(full.retry_after)
            .into(),
        NotQueued::Stopped => status(ApiError::ShuttingDown),
    }
}

#[cfg(test)]
mod tests {
    use chainstate::read::Unknown;

    use super::*;
    use crate::error::UnknownJob;
    use crate::jobs::QueueFull;

    fn check(status: &Status, code: Code, reason: &str, keys: &[&str]) {
        assert_eq!(status.code(), code);
        let info = status.get_details_error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason, DOMAIN));
        keys.iter().for_each(|key| assert!(info.metadata.contains_key(*key), "{key}"));
        let retries = matches!(code, Code::ResourceExhausted | Code::Unavailable);
        assert_eq!(status.get_details_retry_info().is_some(), retries, "{reason}");
        let violations = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
        let fields: Vec<_> = violations.iter().map(|violation| &violation.field).collect();
        assert_eq!(fields, info.metadata.get("field").into_iter().collect::<Vec<_>>(), "{reason}");
        assert!(violations.iter().all(|violation| !violation.description.is_empty()), "{reason}");
    }

    #[test]
    fn every_error_has_its_code_reason_and_values() {
        let busy = ApiError::Busy { reason: "STAGING_FULL", retry_after: Duration::from_secs(1) };
        let choice = status(ApiError::MissingChoice { field: "f", choices: "a, b" });
        check(&choice, Code::InvalidArgument, "FIELD_MISSING", &["field"]);
        assert_eq!(choice.message(), "f is missing: give one of a, b");
        check(&status(ApiError::Missing { field: "f" }), Code::InvalidArgument, "FIELD_MISSING", &["field"]);
        check(&status(ApiError::invalid("f", "d")), Code::InvalidArgument, "FIELD_INVALID", &["field", "detail"]);
        check(&status(ApiError::unknown(Unknown::Block, &[1])), Code::NotFound, "UNKNOWN_BLOCK", &["id"]);
        let values = vec![("reward_cycle", 7)];
        let begun = ApiError::Precondition { reason: "CYCLE_STARTED", detail: "begun".to_owned(), values };
        check(&status(begun), Code::FailedPrecondition, "CYCLE_STARTED", &["reward_cycle"]);
        check(&status(busy), Code::ResourceExhausted, "STAGING_FULL", &[]);
        let many = ApiError::TooManyBlocksWanted { wanted: 999, count: 2, max: 1000 };
        check(&status(many), Code::ResourceExhausted, "TOO_MANY_BLOCKS_WANTED", &["wanted", "max"]);
        check(&status(ApiError::StorageFull), Code::ResourceExhausted, "STORAGE_FULL", &[]);
        check(&status(ApiError::ShuttingDown), Code::Unavailable, "SERVER_SHUTDOWN", &[]);
        check(&status(ApiError::internal("x")), Code::Internal, "INTERNAL", &[]);
        let full = QueueFull { waiting: 8, max: 8, bytes: 480, max_bytes: 1 << 20, retry_after: Duration::ZERO };
        let full = queue_status("TEMPLATE_QUEUE_FULL", NotQueued::Full(full));
        check(&full, Code::ResourceExhausted, "TEMPLATE_QUEUE_FULL", &["queue", "max_queue", "max_queue_bytes"]);
        assert_eq!(full.message(), "8 of 8 requests wait (480 of 1048576 bytes)");
        let stopped = queue_status("TEMPLATE_QUEUE_FULL", NotQueued::Stopped);
        check(&stopped, Code::Unavailable, "SERVER_SHUTDOWN", &[]);
        let many = subscriptions_status(TooManySubscriptions::Total { max: 1 });
        check(&many, Code::ResourceExhausted, "TOO_MANY_SUBSCRIPTIONS", &["max_subscriptions"]);
        check(&filter_status(FilterError::Empty), Code::InvalidArgument, "FILTER_EMPTY", &[]);
        let pruned = position_status(PositionError::Pruned { wanted: 1, oldest: 2 });
        check(&pruned, Code::OutOfRange, "CURSOR_PRUNED", &["oldest_sequence"]);
        let foreign = PositionError::ForeignJournal { theirs: "a".to_owned(), ours: "b".to_owned() };
        check(&position_status(foreign), Code::FailedPrecondition, "CURSOR_FOREIGN_JOURNAL", &["journal_id"]);
        let replaced = position_status(PositionError::OtherEvent { sequence: 3 });
        check(&replaced, Code::FailedPrecondition, "CURSOR_FOREIGN_JOURNAL", &["sequence"]);
        let stalled = StreamEnd::Stalled { cursor: bytes::Bytes::new(), waited: Duration::ZERO };
        check(&end_status(&stalled).unwrap(), Code::Unavailable, "CONSUMER_STALLED", &["cursor"]);
        assert!(end_status(&StreamEnd::Gone).is_none());
    }

    #[test]
    fn what_the_request_said_is_not_repeated_at_any_length() {
        let id = "\u{1f980}".repeat(50_000);
        let status = status(ApiError::NoJob { what: UnknownJob::Template, id });
        assert!(status.message().len() <= MAX_MESSAGE_BYTES && status.message().ends_with("\u{1f980}..."));
        let info = status.get_details_error_info().unwrap();
        assert!(info.metadata["id"].len() <= MAX_VALUE_BYTES);
        let long = super::status(ApiError::invalid("\u{1f980}".repeat(50_000), "\u{1f980}".repeat(50_000)));
        let headers: usize = long.into_http::<()>().headers().values().map(|value| value.len()).sum();
        assert!(headers < 8 << 10, "{headers}");
        let headers: usize = status.into_http::<()>().headers().values().map(|value| value.len()).sum();
        assert!(headers < 8 << 10, "{headers}");
    }

    #[test]
    fn our_own_failures_do_not_show_their_insides() {
        let status = status(ApiError::internal("the secret path"));
        assert!(!format!("{status:?}").contains("secret"));
    }
}
