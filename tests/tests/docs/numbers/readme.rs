//! README.md.

use super::{Page, REWARD_MATURITY, SETTINGS};

const ARGS: &str = "devnet/src/args.rs";
const HOME: &str = "devnet/src/data_dir/mod.rs";

pub(super) const PAGE: Page = Page {
    document: "README.md",
    rows: &[
        ("Rust toolchain (1.89 or later", "Cargo.toml", "rust-version = \"1.89\""),
        ("a producer and a process of four signer stubs", HOME, "DEFAULT_SIGNERS: u8 = 4"),
        ("prints ten pre-funded accounts", "devnet/src/accounts/mod.rs", "ACCOUNTS: [Account; 10]"),
        ("an empty one every 5 seconds otherwise", ARGS, "default_value = \"5s\""),
        ("every 30 seconds", SETTINGS, "DEFAULT_BURN_BLOCK_INTERVAL: Duration = Duration::from_secs(30)"),
        ("`--port 20443` | 20443 |", SETTINGS, "IpAddr::V4(Ipv4Addr::LOCALHOST), 20443)"),
        ("`--api-port 3999` | 3999 when free", "devnet/src/plan/mod.rs", "API_PORT: u16 = 3999"),
        ("`--block-interval 5s` | 5s |", ARGS, "default_value = \"5s\""),
        ("`--burn-block-interval 30s` | 30s |", ARGS, "0 = only on demand [default: 30s]"),
        (
            "`--burn-block-after-transactions 1s` | 1s |",
            "devnet/src/plan/mod.rs",
            "BURN_BLOCK_AFTER_TRANSACTIONS: Duration = Duration::from_secs(1)",
        ),
        ("`--epoch 4.0` | 4.0 |", "node/src/config/genesis.rs", "DEFAULT_EPOCH: &str = \"4.0\""),
        ("`--producers 1` `--signers 4` | 1, 4 |", HOME, "DEFAULT_PRODUCERS: u8 = 1"),
        ("life of a chain (4.0, or `--epoch`)", "node/src/config/genesis.rs", "DEFAULT_EPOCH: &str = \"4.0\""),
        ("after 2 tenures in the devnet", REWARD_MATURITY.0, REWARD_MATURITY.1),
    ],
    names: &[
        "1000 micro-STX",            // A test of the first command submits it.
        "stores less than 200 MB a", // Measured.
        "with nonce 0",
        "HTTP; 0 takes",
        "(none with `--port 0`)",
        "day); 0 = only blocks with transactions",
        "blocks; 0 = only on demand",
        "apply` does; 0 = no",
        "every `NAME.clar` in block 0, at the",
    ],
    is_whole: true,
};
