//! docs/INDEXER.md.

use super::{OBSERVERS, Page};

const PORT: &str = "IpAddr::V4(Ipv4Addr::LOCALHOST), 20443)";

pub(super) const PAGE: Page = Page {
    document: "docs/INDEXER.md",
    rows: &[
        ("time limit of a post is 60 s", OBSERVERS, "DEFAULT_TIMEOUT_MS: u64 = 60_000"),
        ("3999 is the API's", "devnet/src/plan/mod.rs", "API_PORT: u16 = 3999"),
        ("20443 is the node's", "node/src/config/settings/mod.rs", PORT),
        ("`127.0.0.1`, `20443`", "node/src/config/settings/mod.rs", PORT),
        (
            "`STACKS_CHAIN_ID` | `0x80000000`",
            "crates/stacks-types/src/limits.rs",
            "CHAIN_ID_TESTNET: u32 = 0x8000_0000",
        ),
        ("knows versions up to 4, so", "crates/chainstate/src/execution/tests/boot.rs", "NEWEST_DECODED: u8 = 4"),
        ("in arrays of 50", "node/src/event_dispatcher/plan.rs", "MAX_JOINED_TRANSACTIONS: usize = 50"),
    ],
    names: &[
        "version 8.13.6 on Node 22 with PostgreSQL 15",
        "8.15.4 and 9.0.2 on Node 24", // Tried.
        "and version 9's handling of PoX events",
        "9153, on all addresses", // Ports of the API.
        "(and 9119 that of the profiler of 9)",
        "names Clarity 5 or 6 stops 8.13.6:",
        "`--epoch 3.3` has no such versions",
        "`127.0.0.1`, `5490`", // Defaults of the API.
        "own port is 5432",
        "`--api-port 0`",
        "`127.0.0.1`, `3700`",
        "`0.0.0.0`, `3999`",
        "height 0 first",
        "refused with 500",
        "some 50 posts a second", // Measured.
        "584 transactions a second",
        "**Block 0**",
        "in block 1",
        "from height 1 on",
    ],
    is_whole: true,
};
