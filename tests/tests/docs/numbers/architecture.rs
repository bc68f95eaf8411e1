//! docs/ARCHITECTURE.md, except its table of limits, which has a test of its own.

use super::Page;

const PACK_FROM: &str = "PACK_FROM_BYTES: usize = 4 << 10";
const STOP: &str = "STOP_DEADLINE: Duration = Duration::from_millis(1900)";

pub(super) const PAGE: Page = Page {
    document: "docs/ARCHITECTURE.md",
    rows: &[
        ("values from 4 KiB on", "crates/chainstate/src/db/compressed.rs", PACK_FROM),
        ("A stop takes two seconds at most", "node/src/entrypoint.rs", STOP),
        ("moves event streams; two threads", "node/src/entrypoint.rs", "EVENT_STREAM_THREADS: usize = 2"),
        ("not read, above 64 KiB", "node/src/limits.rs", "SMALL_BYTES: usize = 64 << 10"),
        ("the same up to 64 KiB", "node/src/limits.rs", "SMALL_BYTES: usize = 64 << 10"),
    ],
    names: &[],
    is_whole: false,
};
