//! What came of a transaction of a program.

use clarity::costs::Cost;
use serde_json::Value as Json;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All it did stays.
    Success,
    /// It failed, or gave an err response: it is in the block, and has written nothing.
    Aborted,
    /// A block with it would be invalid.
    Refused,
}

/// What came of a deployment or a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// How it ended.
    pub verdict: Verdict,
    /// Hex of the value that a receipt shows.
    pub result: String,
    /// Events as a node's stream has them.
    pub events: Vec<Json>,
    /// Cost that the engine has counted.
    pub cost: Cost,
    /// Writes to the state, key and text, in order.
    pub writes: Vec<(String, String)>,
    /// Interface of the contract that was published, if one was.
    pub interface: Option<Json>,
    /// Burnt micro-STX.
    pub burnt: u128,
    /// In the engine's own words, which may change.
    pub error: Option<String>,
}

impl Record {
    /// One that no block may hold.
    #[must_use]
    pub fn refused(error: String) -> Self {
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
}
