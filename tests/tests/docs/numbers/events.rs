//! docs/EVENTS.md.

use super::{
    DELIVERY, FILTER, LIMITS, LONGEST_HEARTBEAT, MAX_SLOTS, OBSERVERS, Page, SETTINGS, SHORTEST_HEARTBEAT,
    USUAL_HEARTBEAT,
};

const FEED: &str = "node/src/event_stream/frame_builder.rs";
const SAMPLE: &str = "node/src/config/sample_config.toml";

pub(super) const PAGE: Page = Page {
    document: "docs/EVENTS.md",
    rows: &[
        ("default 1, at most 256", LIMITS, "MAX_BATCH: u32 = 256"),
        ("closed at 1 MiB", FEED, "MAX_FRAME_BYTES: usize = 1 << 20"),
        ("10 s, or what you ask for between 1 and 60 s", LIMITS, USUAL_HEARTBEAT),
        ("10 s, or what you ask for between 1 and 60 s", LIMITS, SHORTEST_HEARTBEAT),
        ("10 s, or what you ask for between 1 and 60 s", LIMITS, LONGEST_HEARTBEAT),
        ("more than 256 events behind", FEED, "LIVE_WINDOW_EVENTS: u64 = 256"),
        ("within 256 events again", FEED, "LIVE_WINDOW_EVENTS: u64 = 256"),
        ("up to 32 terms", FILTER, "MAX_FILTER_TERMS: usize = 32"),
        ("up to 256 values", FILTER, "MAX_FILTER_VALUES: usize = 256"),
        ("32 bytes at most) comes back", FILTER, "MAX_LABEL_BYTES: usize = 32"),
        ("a slot above 4095", MAX_SLOTS.0, MAX_SLOTS.1),
        ("above 16.25 MiB", "node/src/event_stream/payload.rs", "MAX_EVENT_BYTES: usize = (16 << 20) + (256 << 10)"),
        ("(60 s, by config)", SETTINGS, "DEFAULT_STALL_TIMEOUT: Duration = Duration::from_secs(60)"),
        ("while 8 frames wait", "node/src/event_stream/task.rs", "QUEUE_FRAMES: usize = 8"),
        ("without a status after 30 s", LIMITS, "KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20)"),
        ("without a status after 30 s", LIMITS, "KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10)"),
        (
            "at most the 4,096 nearest",
            "crates/chainstate/src/chain/processing/tip.rs",
            "EVENT_BLOCKS_MAX: usize = 4096",
        ),
        ("share 96 MiB", LIMITS, "STREAM_BYTES_IN_FLIGHT: usize = 96 << 20"),
        ("how the last 64 ended", "node/src/event_stream/subscribers.rs", "RECENT_ENDS: usize = 64"),
        ("unread for two seconds is cut", LIMITS, "BYTES_GRACE: Duration = Duration::from_secs(2)"),
        ("at most `max_events` (1,000,000)", SAMPLE, "max_events = 1000000"),
        ("`max_age` (a week, counted", SAMPLE, "max_age = \"168h\""),
        ("together at most `max_bytes` (256 MiB)", SETTINGS, "DEFAULT_JOURNAL_MAX_BYTES: u64 = 256 << 20"),
        ("1024 streams in all", SETTINGS, "DEFAULT_MAX_SUBSCRIPTIONS: usize = 1024"),
        ("have 256 streams above", LIMITS, "MAX_ACTOR_STREAMS: usize = 256"),
        ("messages of 17 MiB", LIMITS, "MAX_MESSAGE_BYTES: usize = 17 << 20"),
        ("At most 64 observers", OBSERVERS, "MAX_OBSERVERS: usize = 64"),
        ("come together, 50 at most", "node/src/event_dispatcher/plan.rs", "MAX_JOINED_TRANSACTIONS: usize = 50"),
        ("`timeout_ms` (60000)", OBSERVERS, "DEFAULT_TIMEOUT_MS: u64 = 60_000"),
        ("after 100 ms, doubled", DELIVERY, "FIRST_WAIT: Duration = Duration::from_millis(100)"),
        ("up to three `timeout_ms`", DELIVERY, "LONGEST_WAIT_TIMEOUTS: u32 = 3"),
        ("and 3 s at most", DELIVERY, "LONGEST_WAIT: Duration = Duration::from_secs(3)"),
    ],
    names: &[
        "starts at 1, grows by 1",
        "n + 1",
        "numbered from 1",
        "1 to `max_batch` events",
        "256 per remote peer", // Half of `max_subscriptions`; a test of the settings checks it.
        "410 when",
        "limits (429)",
        "is 400",
        "status 200",
        "answer 500",
        "`0x` hex",
        "behind `0x`",
        "skip_after_refusals = 10",
        "chainhook-sdk 0.13.0-beta.0 took all blocks of an `--epoch 3.0` devnet", // Tried.
        "does not know Clarity 3 and later",
        "answers 500 to a block with such",
        "In epoch 4.0 that is block 0 itself",
        "with `--epoch 3.3` or lower",
        "version 1 or 2",
    ],
    is_whole: true,
};
