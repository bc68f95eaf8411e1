//! Points at which a test may kill the process: before and after each step that changes the disk.
//!
//! Without the feature `crash-points` a point does nothing. With it, `MOCKAMOTO_CRASH_AT=name` (or `name:n`, the nth time that the
//! process reaches it) aborts the process there, as a kill -9 would: no destructor runs, nothing is flushed.
//!
//! # Not here
//! Power loss: bytes that were not synced survive an abort. Testing that needs a disk that loses them.

/// Points of producer and signer: a claim is inserted, then it is on the disk.
pub const CLAIM_POINTS: &[&str] = &["claim:inserted", "claim:committed"];

/// Every point of the node, in the order in which a node reaches them. A test asserts that each is reached.
pub const CRASH_POINTS: &[&str] = &[
    // A folder is made.
    "open:folder_locked",
    "sqlite:made",
    "sqlite:opened",
    "open:chain_made",
    "open:burn_made",
    "open:staging_made",
    "nodes:file_made",
    "nodes:header_written",
    "open:nodes_made",
    "genesis:executed",
    "genesis:committed",
    "identity:burn",
    "identity:staging",
    "identity:chain",
    // A burn block is mined.
    "burn:before_commit",
    "burn:after_commit",
    // Burn blocks and stored blocks are announced.
    "announce:marked",
    "announce:committed",
    // A transaction is admitted.
    "mempool:inserted",
    "mempool:committed",
    // A chunk is written.
    "chunk:inserted",
    "chunk:committed",
    // A template or a verdict is stored.
    "result:inserted",
    "result:committed",
    // A block is stored, and marked once it is processed or rejected.
    "staging:before_commit",
    "staging:after_commit",
    // A block is appended: its nodes, then its rows.
    "nodes:before_append",
    "nodes:half_appended",
    "nodes:appended",
    "nodes:synced",
    "append:inserted",
    "append:committed",
    "append:before_mark",
    // A block is refused.
    "reject:inserted",
    "reject:committed",
    "reject:before_mark",
    // Old events leave the journal.
    "prune:deleted",
    "prune:committed",
    // A transaction of any database: its pages are noted; later they move from the write-ahead log to the file.
    "sqlite:noted",
    "sqlite:before_checkpoint",
    "sqlite:after_checkpoint",
    // A transaction of the chain's writer: its jobs are done; it is on the disk; readers see it.
    "store:before_commit",
    "store:after_commit",
    "store:published",
];

/// Does nothing without the feature `crash-points`.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub fn crash_point(_name: &'static str) {}

/// Aborts the process if `MOCKAMOTO_CRASH_AT` names this point.
///
/// # Panics
/// When the name is in neither list.
#[cfg(feature = "crash-points")]
pub fn crash_point(name: &'static str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static WANTED: OnceLock<Option<(String, AtomicU64)>> = OnceLock::new();
    assert!(
        CRASH_POINTS.iter().chain(CLAIM_POINTS).any(|point| *point == name),
        "{name} is not in the list of crash points"
    );
    let wanted = WANTED.get_or_init(|| {
        let wanted = std::env::var("MOCKAMOTO_CRASH_AT").ok()?;
        // Names contain a colon: a count follows the second one.
        Some(match wanted.rsplit_once(':') {
            Some((name, count)) if count.parse::<u64>().is_ok() => {
                (name.to_owned(), AtomicU64::new(count.parse().unwrap_or(1)))
            }
            _ => (wanted, AtomicU64::new(1)),
        })
    });
    if let Some((wanted, left)) = wanted
        && wanted == name
        && left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}
