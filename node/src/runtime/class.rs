//! Whom the chain waits for, and everybody else.

/// Whose lanes a request takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Class {
    /// Those of everybody.
    #[default]
    Anyone,
    /// Those of producers and signers.
    Actor,
}
