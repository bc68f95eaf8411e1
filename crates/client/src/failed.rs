//! Why a producer or signer could not do what it decided to do.

use std::time::Duration;

use tonic::Status;

use super::status::{is_refusal, reason, retry_delay};

/// See the module. What failed was logged when this was made.
#[derive(Debug)]
pub enum Failed {
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
