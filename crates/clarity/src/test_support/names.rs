//! Parses names from texts that are known to be valid.

use std::str::FromStr;

use crate::names::{ClarityName, ContractName};

/// A text that is no name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name")]
pub struct NotAName(String);

impl FromStr for ClarityName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        Self::new(text).ok_or_else(|| NotAName(text.to_owned()))
    }
}

impl FromStr for ContractName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        Self::new(text).ok_or_else(|| NotAName(text.to_owned()))
    }
}
