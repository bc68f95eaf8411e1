//! Two classes of requests: the chain waits for those of producers and signers.

/// Decides which permits, threads and bytes a request takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CallerClass {
    /// Public.
    #[default]
    Anyone,
    /// Those of producers and signers.
    Actor,
}
