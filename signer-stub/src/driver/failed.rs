//! Why an action could not be done.

use std::time::Duration;

use client::{is_refusal, reason, retry_delay};
use tonic::Status;

use crate::record::RecordError;

/// See the module. What failed was logged when this was made.
pub(super) enum Failed {
    /// It may work later: after the time that the node advises, if it does.
    Later(Option<Duration>),
    /// The node refuses the caller, with this message: trying again does not help.
    Refused(String),
}

impl From<Status> for Failed {
    fn from(status: Status) -> Self {
        if is_refusal(&status) {
            return Self::Refused(status.message().to_owned());
        }
        match reason(&status) {
            Some(reason) => tracing::warn!(reason, code = ?status.code(), "{}", status.message()),
            None => tracing::warn!(code = ?status.code(), "{}", status.message()),
        }
        Self::Later(retry_delay(&status))
    }
}

impl From<RecordError> for Failed {
    fn from(error: RecordError) -> Self {
        tracing::error!(error = ?error, "the record of signed blocks failed; nothing is signed without it");
        Self::Later(None)
    }
}
