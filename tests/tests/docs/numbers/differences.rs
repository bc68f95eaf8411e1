//! docs/DIFFERENCES.md.

use super::{DELIVERY, LIMITS, OBSERVERS, Page, REWARD_MATURITY, THRESHOLD};

const COINBASE: &str = "COINBASE_USTX: u128 = 1_000_000_000";
const POX: &str = "crates/chainstate/src/execution/boot_contracts/pox.clar";
const EARLIER_CYCLES: &str = "EARLIER_CYCLES_MAX: u64 = 8";

pub(super) const PAGE: Page = Page {
    document: "docs/DIFFERENCES.md",
    rows: &[
        ("4.0 unless asked otherwise", "node/src/config/genesis.rs", "DEFAULT_EPOCH: &str = \"4.0\""),
        ("70 % of the weight", THRESHOLD.0, THRESHOLD.1),
        (
            "and from 4.0 on 50,000 STX.",
            "crates/chainstate/src/params/boot.rs",
            "POX_5_MINIMUM_USTX: u128 = 50_000_000_000",
        ),
        ("answers `(err 255)`", POX, "ERR_STACKING_IS_MOCKED 255"),
        ("(`(err u255)` where", POX, "ERR_STACKING_IS_MOCKED 255"),
        ("1000 STX a tenure", "crates/chainstate/src/params/mod.rs", COINBASE),
        ("later (100;", "node/src/config/sample_genesis.toml", "reward_maturity = 100"),
        ("the devnet 2)", REWARD_MATURITY.0, REWARD_MATURITY.1),
        ("with more than 256 keys", "crates/chainstate/src/mempool/check.rs", "MAX_AUTH_FIELDS: usize = 256"),
        ("up to 8 cycles back", "crates/chainstate/src/chain/stackerdb/put.rs", EARLIER_CYCLES),
        ("20,000 blocks of the cycle", "crates/chainstate/src/read/stacking.rs", "BLOCKS_COUNTED: usize = 20_000"),
        ("a receipt of more than 8 MiB", LIMITS, "MAX_SIMULATED_RECEIPT_BYTES: usize = 8 << 20"),
        ("time limit of 60 s", OBSERVERS, "DEFAULT_TIMEOUT_MS: u64 = 60_000"),
        ("longest wait of 3 s", DELIVERY, "LONGEST_WAIT: Duration = Duration::from_secs(3)"),
    ],
    names: &[
        "amounts of 0",
        "always 0",
        "from epoch 4.0 on",
        "and from 4.0 on",
        "always \"0\"",
        // Which epoch has which Clarity versions is tested in crates/chainstate/src/execution/tests.
        "from block 0 for its life, 3.0 to 4.1",
        "1 to 3 in 3.0 to 3.2, to 4 in 3.3, to 5 in 3.4, to 6 from 4.0 on",
        "Epochs before 3.0",
        "conditions about staking (4.0)",
        "2.x blocks",
        "answer 404",
        "answers 404",
        "**501",
        "is 403",
        "node 403",
        "them 400",
        "is 400",
        "is 415",
        "429 when",
        "(`proof=1`)",
        "in place of 1 s", // The reference's.
        "unlock_height` | 0 |",
        "`MempoolFull`, 503",
        "is 404 until",
        "are 404",
        "`vm-metadata::9::contract-src`",
        "`vm-metadata::9::contract-size`",
        "`vm-metadata::9::contract`",
        "`vm-metadata::9::contract-data-size`",
    ],
    is_whole: true,
};
