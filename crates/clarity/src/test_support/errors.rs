//! How conformance cases name errors.

use crate::analysis::AnalysisError;
use crate::costs::CostError;
use crate::error::{CheckError, Stop};
use crate::syntax::ParseError;

/// The variant's name: the first word of the debug form.
fn variant(error: &impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

impl ParseError {
    /// Its class among the errors of a deployment.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Cost(_) => "cost",
            _ => "parse",
        }
    }

    /// The variant's name, as the network has it.
    #[must_use]
    pub fn kind(&self) -> String {
        self.cost().map_or_else(|| variant(self), |error| error.kind().to_owned())
    }

    /// The kind with its arguments, as logs of a node show it.
    #[must_use]
    pub fn debug(&self) -> String {
        self.cost().map_or_else(|| format!("{self:?}"), ToString::to_string)
    }
}

impl AnalysisError {
    /// Its class among the errors of a deployment.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Cost(_) => "cost",
            _ => "analysis",
        }
    }

    /// The variant's name, as the network has it.
    #[must_use]
    pub fn kind(&self) -> String {
        self.cost().map_or_else(|| variant(self), |error| error.kind().to_owned())
    }
}

impl Stop {
    /// Its class among the ways in which a call ends.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Self::Return(..) => "early_return",
            Self::Runtime(_) => "runtime",
            Self::Check(error) => match error.as_ref() {
                CheckError::Cost(CostError::Balance { .. }) => "cost",
                _ => "runtime_check",
            },
            Self::Internal(_) => "internal",
        }
    }
}
