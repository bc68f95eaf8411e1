//! Whose requests the chain waits for.

/// Which turns, threads and bytes a request takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Class {
    /// Those of everybody.
    #[default]
    Anyone,
    /// Those of producers and signers.
    Actor,
}
