//! Records of a program's transactions.

use clarity::costs::Cost;
use serde_json::Value as Json;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that it did stays.
    Success,
    /// It failed or returned an err response: it is in the block, and has written nothing.
    Aborted,
    /// A block with it would be invalid.
    Refused,
}

/// Result of a deployment or a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// How it ended.
    pub verdict: Verdict,
    /// Hex of the value that a receipt shows.
    pub result: String,
    /// Events in the form of a node's stream.
    pub events: Vec<Json>,
    /// Cost that the engine has counted.
    pub cost: Cost,
    /// Writes to the state, key and text, in order.
    pub writes: Vec<(String, String)>,
    /// Interface of the contract that was published, if one was.
    pub interface: Option<Json>,
    /// Burnt micro-STX.
    pub burnt: u128,
    /// The engine's own message, which may change.
    pub error: Option<String>,
}

impl Record {
    /// A record of a transaction that no block may hold.
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
