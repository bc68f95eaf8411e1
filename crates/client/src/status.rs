//! Reads the details of a failed call: its reason code and its retry advice.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Upper bound of the retry advice that is followed.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(30);

/// The reason code of an error (`UPPER_SNAKE`); `None` if the server gave none.
#[must_use]
pub(super) fn reason(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

/// The pause that the server advises before a retry, at most [`MAX_RETRY_DELAY`]; `None` without advice.
#[must_use]
pub(super) fn retry_delay(status: &Status) -> Option<Duration> {
    let delay = status.get_details_retry_info()?.retry_delay?;
    Some(delay.min(MAX_RETRY_DELAY))
}

/// Whether the node does not know this place in its journal (any more): it was pruned, or is of another journal.
#[must_use]
pub fn is_cursor_refusal(status: &Status) -> bool {
    matches!(reason(status).as_deref(), Some("CURSOR_PRUNED" | "CURSOR_AHEAD" | "CURSOR_FOREIGN_JOURNAL"))
}

/// Whether the same call may succeed later, with nothing else changed.
#[must_use]
pub fn is_transient(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable
            | Code::ResourceExhausted
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::Aborted
            | Code::Unknown
    )
}

/// Whether the node refuses the caller, and will do so until the caller has another token.
#[must_use]
pub fn is_refusal(status: &Status) -> bool {
    matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied)
}

/// The text of the innermost cause, which tells a person what to do.
#[must_use]
pub(super) fn cause(status: &Status) -> String {
    let mut cause: &dyn std::error::Error = status;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if std::ptr::addr_eq(cause, status) { status.message().to_owned() } else { cause.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::ErrorDetails;

    #[test]
    fn details_of_a_status_are_read_back() {
        let mut details = ErrorDetails::new();
        details.set_error_info("TEMPLATE_QUEUE_FULL", "nakamoto.v1", std::collections::HashMap::new());
        details.set_retry_info(Some(Duration::from_millis(50)));
        let status = Status::with_error_details(Code::ResourceExhausted, "full", details);
        assert_eq!(reason(&status).as_deref(), Some("TEMPLATE_QUEUE_FULL"));
        assert_eq!(retry_delay(&status), Some(Duration::from_millis(50)));
        assert!(is_transient(&status));
        let plain = Status::invalid_argument("no");
        assert_eq!((reason(&plain), retry_delay(&plain), is_transient(&plain)), (None, None, false));
    }
}
