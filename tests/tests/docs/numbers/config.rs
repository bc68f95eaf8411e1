//! The sample config and the sample genesis, from which docs/CONFIG.md is made. A test of the settings checks their
//! defaults; here are the numbers in their comments.

use super::{LIMITS, OBSERVERS, Page, SETTINGS};

const EXECUTION: &str = "node/src/config/execution_limits.rs";
const CALLS: &str = "node/src/config/call_limits.rs";
const GENESIS: &str = "node/src/config/genesis.rs";
const MEMORY: (&str, &str) = ("crates/chainstate/src/execution/interrupt.rs", "memory_bytes: 100_000_000");

pub(super) const PAGES: [Page; 2] = [
    Page {
        document: "node/src/config/sample_config.toml",
        rows: &[
            ("3999 is where stacks.js looks", "devnet/src/plan/mod.rs", "API_PORT: u16 = 3999"),
            (
                "devnet's default is \"1s\".",
                "devnet/src/plan/mod.rs",
                "TRANSACTIONS: Duration = Duration::from_secs(1)",
            ),
            ("seconds (1 to 3600)", EXECUTION, "(1..=3600)"),
            ("(1000 to 100000000)", EXECUTION, "(1000..=memory_bytes)"),
            ("(1000 to 100000000)", MEMORY.0, MEMORY.1),
            ("16 characters or more", SETTINGS, "LEAST_TOKEN_CHARACTERS: usize = 16"),
            ("Connections in all (1 to 65536)", SETTINGS, "MOST_CONNECTIONS: usize = 65_536"),
            ("Open event streams in all (1 to 100000)", SETTINGS, "MOST_SUBSCRIPTIONS: usize = 100_000"),
            ("for this long (1s or more)", SETTINGS, "self.stall_timeout < Duration::from_secs(1)"),
            ("At most 17825792, the largest request", LIMITS, "MAX_MESSAGE_BYTES: usize = 17 << 20"),
            ("in seconds (1 to 60;", CALLS, "(1..=60)"),
            ("streams that resume (1000 or more)", SETTINGS, "LEAST_JOURNAL_EVENTS: u64 = 1000"),
            ("as they are sent (35651584 or more)", SETTINGS, "LEAST_JOURNAL_BYTES: u64 = 34 << 20"),
            ("events are removed (60s or more)", SETTINGS, "self.journal_max_age < Duration::from_secs(60)"),
            ("At most 64 observers with 256 keys each", OBSERVERS, "MAX_OBSERVERS: usize = 64"),
            ("At most 64 observers with 256 keys each", OBSERVERS, "MAX_KEYS: usize = 256"),
            ("milliseconds (10 to 600000); 60000 when left out", OBSERVERS, "TIMEOUT_MS: (u64, u64) = (10, 600_000)"),
            ("milliseconds (10 to 600000); 60000 when left out", OBSERVERS, "DEFAULT_TIMEOUT_MS: u64 = 60_000"),
            ("#timeout_ms = 60000", OBSERVERS, "DEFAULT_TIMEOUT_MS: u64 = 60_000"),
        ],
        names: &[
            "(an IPv4 address, or 64 bits of an IPv6 one)",
            "does. \"0\" is off;",
            "others 256.",          // Half of max_subscriptions; a test of the settings checks it.
            "default is 83886080)", // The reference's.
            "default is 30)",
            "\"30s\", \"500ms\", \"10m\"; 10ms or more. \"0\" mines none",
            "other than 200",
        ],
        is_whole: true,
    },
    Page {
        document: "node/src/config/sample_genesis.toml",
        rows: &[
            ("(chain id 0x80000000)", "crates/stacks-types/src/limits.rs", "CHAIN_ID_TESTNET: u32 = 0x8000_0000"),
            ("(chain id 1)", "crates/stacks-types/src/limits.rs", "CHAIN_ID_MAINNET: u32 = 0x0000_0001"),
            ("height (at most 2147483647)", GENESIS, "u64::from(u32::MAX / 2)"),
            ("tenures later: 1 or more", GENESIS, "self.reward_maturity.into(), 1,"),
            ("since 1970, at most 253402300799)", GENESIS, "MAX_TIME_S: u64 = 253_402_300_799"),
            ("satoshis (at most 2100000000000000)", GENESIS, "MAX_SATOSHIS: u64 = 2_100_000_000_000_000"),
            ("burn blocks (1 to 4294967295)", GENESIS, "u64::from(u32::MAX)"),
            ("At most 10000000000000000000 in all", GENESIS, "MAX_OPENING_USTX: u64 = 10_000_000_000_000_000_000"),
        ],
        names: &[
            "seconds since 1970",
            "must have 64 bits",
            "Contracts of block 0, deployed in",
            // Which epoch has which Clarity versions is tested in crates/chainstate/src/execution/tests.
            "\"3.0\", \"3.1\", \"3.2\", \"3.3\", \"3.4\", \"4.0\" or \"4.1\"",
            "(3 in 3.0, 4 from 3.3, 5 from 3.4, 6 from 4.0 on)",
        ],
        is_whole: true,
    },
];
