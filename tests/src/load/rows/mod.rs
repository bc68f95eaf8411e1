//! The rows of the table, with a file for each.

pub(super) mod admission;
pub(super) mod attacks;
pub(super) mod empty_blocks;
pub(super) mod fan_out;
pub(super) mod info;
pub(super) mod mine_blocks;
pub(super) mod mining;
pub(super) mod push_latency;
pub(super) mod start;

use std::path::Path;

/// A count or size as a figure.
#[allow(clippy::cast_precision_loss, reason = "counts and bytes stay far below 2^52")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

/// A count or size as a figure.
pub(super) fn float_of(count: usize) -> f64 {
    float(count as u64)
}

/// Bytes of all files in a folder and its subfolders.
pub(super) fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let bytes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    bytes.sum()
}
