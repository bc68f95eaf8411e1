//! docs/LIMITS.md, beside the values in its tables, which have a test of their own.

use super::{LIMITS, Page};

const SMALL: &str = "SMALL_BYTES: usize = 64 << 10";

pub(super) const PAGE: Page = Page {
    document: "docs/LIMITS.md",
    rows: &[("not read, above 64 KiB", LIMITS, SMALL), ("not read, up to 64 KiB", LIMITS, SMALL)],
    names: &[],
    is_whole: false,
};
