//! What came of a transaction, as both engines tell it.

use engine::costs::Cost;
use serde_json::Value as Json;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All it did stays.
    Success,
    /// It failed, or gave an err response: it is in the block, and has written nothing.
    Aborted,
    /// No block may hold it.
    Refused,
}

/// What came of a deployment or a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) verdict: Verdict,
    /// Hex of the value that a receipt shows.
    pub(crate) result: String,
    pub(crate) events: Vec<Json>,
    pub(crate) cost: Cost,
    /// Keys and texts, in order.
    pub(crate) writes: Vec<(String, String)>,
    /// Of a contract that was published.
    pub(crate) interface: Option<Json>,
    /// Micro-STX that it burnt.
    pub(crate) burnt: u128,
    /// In the engine's own words: the only thing that is not compared.
    pub(crate) error: Option<String>,
}

impl Record {
    /// One that no block may hold.
    pub(crate) fn refused(error: String) -> Self {
        Self {
            verdict: Verdict::Refused,
            result: String::new(),
            events: Vec::new(),
            cost: Cost::default(),
            writes: Vec::new(),
            interface: None,
            burnt: 0,
            error: Some(error),
        }
    }

    /// In what two records differ; error texts may.
    pub(crate) fn differences(&self, other: &Self) -> Vec<&'static str> {
        let compared = [
            ("verdict", self.verdict == other.verdict),
            ("result", self.result == other.result),
            ("events", self.events == other.events),
            ("cost", self.cost == other.cost),
            ("writes", self.writes == other.writes),
            ("interface", self.interface == other.interface),
            ("burnt", self.burnt == other.burnt),
        ];
        compared.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }
}
