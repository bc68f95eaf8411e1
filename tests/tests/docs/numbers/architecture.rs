//! docs/ARCHITECTURE.md.

use super::Page;

const PACK_FROM: &str = "PACK_FROM_BYTES: usize = 4 << 10";
const STOP: &str = "STOP_DEADLINE: Duration = Duration::from_millis(1900)";

pub(super) const PAGE: Page = Page {
    document: "docs/ARCHITECTURE.md",
    rows: &[
        ("values from 4 KiB on", "crates/chainstate/src/db/compressed.rs", PACK_FROM),
        ("A stop takes two seconds at most", "node/src/entrypoint/stop.rs", STOP),
        ("moves event streams; two threads", "node/src/entrypoint/start.rs", "EVENT_STREAM_THREADS: usize = 2"),
    ],
    names: &[],
    is_whole: false,
};
