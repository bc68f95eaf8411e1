//! Why an action of a producer or signer failed.

use std::time::Duration;

use tonic::Status;

use super::status::{is_refusal, reason, retry_delay};

/// Why an action failed. The cause of `Later` was logged when it happened.
#[derive(Debug)]
pub enum Failed {
    /// Trying again later may help: after the time that the node advises, if it does.
    Later(Option<Duration>),
    /// The node refuses the caller, with this message. Trying again does not help.
    Refused(String),
}

/// An error and its causes in one line, for the log.
#[must_use]
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let errors = std::iter::successors(Some(error), |error| error.source());
    errors.map(ToString::to_string).collect::<Vec<_>>().join(": ")
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
