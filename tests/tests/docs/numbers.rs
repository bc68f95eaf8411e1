//! Every number that a document says is the code's: a row each, with the words around the number and the declaration that
//! it comes from. A limit that changes finds its sentences here, and a new sentence with a number has to find its row.

use super::repository;

/// Document, words with the number, source file, declaration. Words may be broken over lines in the document.
type Row = (&'static str, &'static str, &'static str, &'static str);

const EVENTS: &str = "docs/EVENTS.md";
const DIFFERENCES: &str = "docs/DIFFERENCES.md";
const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";
const LIMITS: &str = "node/src/limits.rs";
const FEED: &str = "node/src/event_stream/frame_builder.rs";
const FILTER: &str = "node/src/event_stream/filter.rs";
const SETTINGS: &str = "node/src/config/settings.rs";
const OBSERVERS: &str = "node/src/config/observers.rs";
const DELIVERY: &str = "node/src/event_dispatcher/delivery.rs";

const INTERVAL: &str =
    "ADMIN_INTERVAL: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(24 * 60 * 60))";
const ASSEMBLY: &str = "ASSEMBLY_TIME: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(30))";
const HEARTBEAT: &str = "(Duration::from_secs(1), Duration::from_secs(60), Duration::from_secs(10))";
const MAX_WAIT: &str = "MAX_WAIT: Duration = Duration::from_secs(30)";
const MAX_SLOTS: (&str, &str) = ("crates/chainstate/src/stackerdb/instance.rs", "MAX_SLOTS: usize = 4096");

const ROWS: &[Row] = &[
    (EVENTS, "default 1, at most 256", LIMITS, "MAX_BATCH: u32 = 256"),
    (EVENTS, "closed at 1 MiB", FEED, "MAX_FRAME_BYTES: usize = 1 << 20"),
    (EVENTS, "10 s, or what you ask for between 1 and 60 s", LIMITS, HEARTBEAT),
    (EVENTS, "more than 256 events behind", FEED, "LIVE_WINDOW_EVENTS: u64 = 256"),
    (EVENTS, "within 256 events again", FEED, "LIVE_WINDOW_EVENTS: u64 = 256"),
    (EVENTS, "up to 32 terms", FILTER, "MAX_FILTER_TERMS: usize = 32"),
    (EVENTS, "up to 256 values", FILTER, "MAX_FILTER_VALUES: usize = 256"),
    (EVENTS, "32 bytes at most) comes back", FILTER, "MAX_LABEL_BYTES: usize = 32"),
    (EVENTS, "a slot above 4095", MAX_SLOTS.0, MAX_SLOTS.1),
    (
        EVENTS,
        "above 16.25 MiB",
        "node/src/event_stream/payload.rs",
        "MAX_EVENT_BYTES: usize = (16 << 20) + (256 << 10)",
    ),
    (EVENTS, "(60 s, by config)", SETTINGS, "DEFAULT_STALL_TIMEOUT: Duration = Duration::from_secs(60)"),
    (EVENTS, "share 96 MiB", LIMITS, "STREAM_BYTES_IN_FLIGHT: usize = 96 << 20"),
    (EVENTS, "how the last 64 ended", "node/src/event_stream/subscribers.rs", "RECENT_ENDS: usize = 64"),
    (EVENTS, "max_events` events (1,000,000)", "node/src/config/sample_config.toml", "max_events = 1000000"),
    (EVENTS, "`max_age` (a week, in which", "node/src/config/sample_config.toml", "max_age = \"168h\""),
    (EVENTS, "`max_bytes` bytes (256 MiB)", SETTINGS, "DEFAULT_JOURNAL_MAX_BYTES: u64 = 256 << 20"),
    (EVENTS, "1024 streams in all", SETTINGS, "DEFAULT_MAX_SUBSCRIPTIONS: usize = 1024"),
    (EVENTS, "messages of 17 MiB", LIMITS, "MAX_MESSAGE_BYTES: usize = 17 << 20"),
    (EVENTS, "At most 64 observers", OBSERVERS, "MAX_OBSERVERS: usize = 64"),
    (EVENTS, "come together, 50 at most", "node/src/event_dispatcher/plan.rs", "MAX_JOINED_TRANSACTIONS: usize = 50"),
    (EVENTS, "`timeout_ms` (60000)", OBSERVERS, "DEFAULT_TIMEOUT_MS: u64 = 60_000"),
    (EVENTS, "after 100 ms, doubled", DELIVERY, "FIRST_WAIT: Duration = Duration::from_millis(100)"),
    (EVENTS, "up to three `timeout_ms`", DELIVERY, "LONGEST_WAIT_TIMEOUTS: u32 = 3"),
    (EVENTS, "and 3 s at most", DELIVERY, "LONGEST_WAIT: Duration = Duration::from_secs(3)"),
    (DIFFERENCES, "70 % of the weight", "crates/chainstate/src/burn/stackers.rs", "THRESHOLD_PERCENT: u64 = 70"),
    (DIFFERENCES, "1000 STX a tenure", "crates/chainstate/src/params.rs", "COINBASE_USTX: u128 = 1_000_000_000"),
    (DIFFERENCES, "later (100;", "node/src/config/sample_genesis.toml", "reward_maturity = 100"),
    (DIFFERENCES, "the devnet 2)", "devnet/src/data_dir.rs", "REWARD_MATURITY: u32 = 2"),
    (DIFFERENCES, "up to 8 cycles back", "crates/chainstate/src/chain/stackerdb_put.rs", "EARLIER_CYCLES_MAX: u64 = 8"),
    (DIFFERENCES, "20,000 blocks of the cycle", "node/src/chain/stacking.rs", "BLOCKS_COUNTED: usize = 20_000"),
    (DIFFERENCES, "time limit of 60 s", OBSERVERS, "DEFAULT_TIMEOUT_MS: u64 = 60_000"),
    (DIFFERENCES, "longest wait of 3 s", DELIVERY, "LONGEST_WAIT: Duration = Duration::from_secs(3)"),
    (
        ARCHITECTURE,
        "values from 4 KiB on",
        "crates/chainstate/src/db/compressed.rs",
        "PACK_FROM_BYTES: usize = 4 << 10",
    ),
    ("docs/INDEXER.md", "time limit of a post is 60 s", OBSERVERS, "DEFAULT_TIMEOUT_MS: u64 = 60_000"),
    ("node/src/config/sample_config.toml", "#timeout_ms = 60000", OBSERVERS, "DEFAULT_TIMEOUT_MS: u64 = 60_000"),
    ("node/src/config/sample_config.toml", "milliseconds (10 to 600000)", OBSERVERS, "(u64, u64) = (10, 600_000)"),
    ("node/src/config/sample_config.toml", "64 observers with 256 keys", OBSERVERS, "MAX_KEYS: usize = 256"),
    ("proto/nakamoto/v1/admin.proto", "New time between burn blocks, 10 ms to 24 h", LIMITS, INTERVAL),
    ("proto/nakamoto/v1/admin.proto", "one without transactions, 10 ms to 24 h", LIMITS, INTERVAL),
    ("proto/nakamoto/v1/admin.proto", "How many, 1 to 1,000", LIMITS, "MAX_ADMIN_COUNT: u32 = 1_000"),
    ("proto/nakamoto/v1/admin.proto", "at most 30 s, which is the default", LIMITS, MAX_WAIT),
    (
        "proto/nakamoto/v1/admin.proto",
        "above 4,294,967,295",
        "crates/chainstate/src/burn/writer.rs",
        "MAX_HEIGHT: u64 = u32::MAX as u64",
    ),
    ("proto/nakamoto/v1/event.proto", "Terms, at most 32", FILTER, "MAX_FILTER_TERMS: usize = 32"),
    ("proto/nakamoto/v1/event.proto", "at most 32 bytes", FILTER, "MAX_LABEL_BYTES: usize = 32"),
    ("proto/nakamoto/v1/event.proto", "Between 1 and 60 s; default 10 s", LIMITS, HEARTBEAT),
    ("proto/nakamoto/v1/event.proto", "to operators, at most 64 bytes", LIMITS, "MAX_CLIENT_NAME_BYTES: usize = 64"),
    (
        "proto/nakamoto/v1/operator.proto",
        "at most 64",
        "node/src/event_stream/subscribers.rs",
        "RECENT_ENDS: usize = 64",
    ),
    ("proto/nakamoto/v1/stackerdb.proto", "(at most 4096)", MAX_SLOTS.0, MAX_SLOTS.1),
    ("proto/nakamoto/v1/stackerdb.proto", "keeps (at most 256)", MAX_SLOTS.0, "MAX_INSTANCES: usize = 256"),
    ("proto/nakamoto/v1/template.proto", "10 ms to 30 s, default 5 s", LIMITS, ASSEMBLY),
    ("proto/nakamoto/v1/template.proto", "up to this long; at most 30 s", LIMITS, MAX_WAIT),
    ("proto/nakamoto/v1/validation.proto", "up to this long, at most 30 s", LIMITS, MAX_WAIT),
    ("proto/nakamoto/v1/validation.proto", "up to this long; at most 30 s", LIMITS, MAX_WAIT),
];

/// Words with numbers that are no figures of the code: names, counting, states of HTTP, constants of a format.
const NAMES: &[&str] = &[
    "starts at 1, grows by 1",
    "n + 1",
    "numbered from 1",
    "1 to `max_batch` events",
    "256 of one peer", // Half of `max_subscriptions`; a test of the settings holds it.
    "410 when",
    "limits (429)",
    "is 400",
    "status 200",
    "answer 500",
    "skip_after_refusals = 10",
    "amounts of 0",
    "always 0",
    "always \"0\"",
    "one epoch, 3.0, from block 0. Clarity 1 and 2",
    "is Clarity 2",
    "Clarity 3 and later",
    "Clarity 1 and 2",
    "epoch 3.0",
    "2.x blocks",
    "answer 404",
    "answers 404",
    "**501",
    "above 30 levels", // Of the VM that is linked; a test of the loadable nesting holds it.
    "is 403",
    "node 403",
    "them 400",
    "is 415",
    "429 when",
    "(`proof=1`)",
    "in place of 1 s", // The reference's.
    "unlock_height` | 0 |",
    "HTTP 507",
    "`MempoolFull`, 503",
    "is 404 until",
];

fn text(file: &str) -> String {
    std::fs::read_to_string(repository().join(file)).expect(file)
}

/// On one line, with one space where there was any; comment marks at the beginning of a line are none of the sentence.
fn unbroken(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches("// ").trim_start_matches("//"));
    let lines: Vec<_> = lines.map(|line| line.strip_prefix("# ").unwrap_or(line)).collect();
    lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn sentences_have_the_numbers_of_the_code() {
    for (document, words, source, declaration) in ROWS {
        assert!(unbroken(&text(document)).contains(words), "{document} does not say: {words}");
        assert!(
            unbroken(&text(source)).contains(declaration),
            "{document} says \"{words}\", {source} has no {declaration}"
        );
    }
}

#[test]
fn every_sentence_with_a_number_has_its_row() {
    for document in [EVENTS, DIFFERENCES] {
        let text = text(document);
        let prose: Vec<_> = text.split("```").step_by(2).collect();
        let mut left = unbroken(&prose.join("\n"));
        let known = ROWS.iter().filter(|row| row.0 == document).map(|row| row.1).chain(NAMES.iter().copied());
        for words in known {
            left = left.replace(words, " ");
        }
        let bare = |word: &&str| {
            let number = word.trim_matches(|c: char| !c.is_ascii_digit() && c != '.');
            let inside = word.trim_start_matches(['(', '"', '*']).starts_with(|c: char| c.is_ascii_digit());
            inside && number.starts_with(|c: char| c.is_ascii_digit())
        };
        let missing: Vec<_> = left.split(' ').filter(bare).collect();
        assert!(missing.is_empty(), "{document}: numbers without a row in {}: {missing:?}", file!());
    }
}
