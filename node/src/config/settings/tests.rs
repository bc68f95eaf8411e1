//! The sample config, precedence of settings, and mistakes.

use clap::Parser as _;

use super::super::{EventKey, SAMPLE_CONFIG, SAMPLE_GENESIS};
use super::*;

/// The sample with its examples switched on: the lines that begin with "#" and no space.
fn whole_sample() -> String {
    let lines = SAMPLE_CONFIG.lines().filter(|line| !line.contains("genesis_file") && !line.contains("token_file"));
    let shown = lines.map(|line| match line.strip_prefix('#') {
        Some(example) if !example.is_empty() && !example.starts_with(' ') => example,
        Some(_) | None => line,
    });
    shown.collect::<Vec<_>>().join("\n")
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("genesis.toml"), SAMPLE_GENESIS).unwrap();
    std::fs::write(folder.path().join("config.toml"), SAMPLE_CONFIG).unwrap();
    std::fs::create_dir(folder.path().join("contracts")).unwrap();
    std::fs::write(folder.path().join("contracts/bns.clar"), "(define-constant owner tx-sender)").unwrap();
    folder
}

fn load(folder: &Path, flags: &[&str]) -> Result<Settings, ConfigError> {
    let config = folder.join("config.toml");
    let fixed = ["mockamoto-node", "--config", config.to_str().unwrap()];
    Settings::load(&Flags::parse_from(fixed.iter().chain(flags)))
}

fn load_text(folder: &Path, text: &str) -> Result<Settings, ConfigError> {
    std::fs::write(folder.join("config.toml"), text).unwrap();
    load(folder, &[])
}

/// The whole text of the error that the config causes.
fn refusal(folder: &Path, text: &str) -> String {
    let error = load_text(folder, text).err().unwrap_or_else(|| panic!("accepted: {text}"));
    format!("{:#}", anyhow::Error::new(error))
}

#[test]
fn the_sample_holds_the_defaults() {
    let folder = folder();
    let genesis = folder.path().join("genesis.toml");
    let from_file = load(folder.path(), &["--genesis", genesis.to_str().unwrap()]).unwrap();
    let bare = Flags::parse_from(["mockamoto-node", "--genesis", genesis.to_str().unwrap()]);
    let mut defaults = Settings::load(&bare).unwrap();
    assert_eq!(from_file.data_dir, folder.path().join(&defaults.data_dir));
    defaults.data_dir.clone_from(&from_file.data_dir);
    assert!(from_file == defaults);
    assert_eq!(defaults.bind, DEFAULT_BIND);
}

#[test]
fn the_sample_shows_every_key_and_its_examples_are_accepted() {
    let folder = folder();
    for (table, names) in file::tables() {
        let heads = [format!("[{table}]"), format!("[[{table}]]")];
        let shown = whole_sample();
        let mut lines = shown.lines();
        if !table.is_empty() {
            assert!(lines.by_ref().any(|line| heads.iter().any(|head| head == line)), "{table} is not in the sample");
        }
        let keys: Vec<_> = lines.take_while(|line| !line.starts_with('[')).collect();
        for name in names.iter().filter(|_| !table.is_empty()) {
            let as_table = file::tables().iter().any(|(path, _)| *path == format!("{table}.{name}"));
            let as_key = keys.iter().any(|line| line.starts_with(&format!("{name} =")));
            assert!(as_table || as_key || SAMPLE_CONFIG.contains(&format!("#{name} =")), "{table}.{name}");
        }
    }
    let settings = load_text(folder.path(), &whole_sample()).unwrap();
    assert_eq!(settings.genesis.stackers.len(), 1);
    assert_eq!(settings.genesis.balances[1].amount_ustx, 10_000_000_000_000_000);
    assert_eq!(settings.http_extra_bind, Some("127.0.0.1:3999".parse().unwrap()));
    assert_eq!(settings.observers[0].events_keys, [EventKey::Any, EventKey::StackerDb, EventKey::BlockProposal]);
    assert_eq!(settings.auth_token.as_deref(), Some("something-long-and-random"));
}

#[test]
fn a_flag_wins_over_the_file() {
    let folder = folder();
    std::fs::write(folder.path().join("config.toml"), "[node]\nadmin = true\nrpc_bind = \"localhost:5\"").unwrap();
    let genesis = folder.path().join("genesis.toml");
    let flags = ["--genesis", genesis.to_str().unwrap(), "--burn-block-interval", "250ms"];
    let settings = load(folder.path(), &flags).unwrap();
    assert!(settings.admin && settings.bind.ip().is_loopback() && settings.bind.port() == 5);
    assert_eq!(settings.burn_block_interval, Duration::from_millis(250));
    let more = ["--bind", "127.0.0.1:0", "--admin=false", "--events-observer", "a:1"];
    let settings = load(folder.path(), &[&flags[..], &more[..]].concat()).unwrap();
    assert!(!settings.admin && settings.bind.port() == 0);
    assert_eq!(settings.observers[0].endpoint, "a:1");
}

#[test]
fn an_open_address_needs_a_token() {
    let folder = folder();
    let genesis = folder.path().join("genesis.toml");
    let genesis = ["--genesis", genesis.to_str().unwrap()];
    let load = |flags: &[&str]| load(folder.path(), &[&genesis[..], flags].concat());
    assert!(matches!(load(&["--bind", "0.0.0.0:0"]), Err(ConfigError::OpenBind { .. })));
    assert!(matches!(load(&["--http-extra-bind", "0.0.0.0:0"]), Err(ConfigError::OpenBind { .. })));
    assert!(load(&["--bind", "0.0.0.0:0", "--auth-token", "0123456789abcdef"]).is_ok());
    std::fs::write(folder.path().join("token"), "a-secret-of-16-c\nrest").unwrap();
    let token_file = folder.path().join("token");
    let settings = load(&["--auth-token-file", token_file.to_str().unwrap()]).unwrap();
    assert_eq!(settings.auth_token.as_deref(), Some("a-secret-of-16-c"));
}

#[test]
fn all_wrong_keys_are_reported_at_once() {
    let folder = folder();
    let text = refusal(folder.path(), "[node]\nrpc_bnd = \"x\"\nseed = \"00\"\n");
    assert!(text.contains("line 2: `node.rpc_bnd`: unknown key; did you mean `rpc_bind`?"), "{text}");
    assert!(text.contains("line 3: `node.seed`"), "{text}");
}

#[test]
fn mistakes_are_named() {
    let folder = folder();
    let with_genesis = |text: &str| format!("[node]\ngenesis_file = \"genesis.toml\"\n{text}");
    for (text, expected) in [
        ("colour = 1".to_owned(), "line 1: `colour`"),
        ("[node".to_owned(), "line 1"),
        ("[node]\nadmin = 1".to_owned(), "line 2"),
        ("[node]\ngenesis_file = \"none.toml\"".to_owned(), "none.toml"),
        (with_genesis("working_dir = \"\""), "node.working_dir"),
        (with_genesis("rpc_bind = \"here\""), "node.rpc_bind"),
        (with_genesis("txindex = false"), "always indexed"),
        (with_genesis("http_extra_bind = \"127.0.0.1:20443\""), "node.http_extra_bind"),
        (with_genesis("[connection_options]\nmax_subscriptions = 0"), "connection_options.max_subscriptions"),
        (with_genesis("[connection_options]\nauth_token = \"a b\""), "connection_options.auth_token"),
        (with_genesis("[connection_options]\nauth_token = \"a\""), "below 16 characters"),
        (with_genesis("[connection_options]\nauth_token = \"0123456789abcde\""), "below 16 characters"),
        (with_genesis("[connection_options]\nmaximum_call_argument_size = 0"), "maximum_call_argument_size"),
        (with_genesis("[connection_options]\nmaximum_call_argument_size = 83886080"), "the largest request"),
        (with_genesis("[connection_options]\nallowed_origins = [\"a.example\"]"), "connection_options.allowed_origins"),
        (with_genesis("[connection_options]\nallowed_hosts = [\"a:1\"]"), "connection_options.allowed_hosts"),
        (with_genesis("[burnchain]\nburn_block_interval = \"1ms\""), "burnchain.burn_block_interval"),
        (with_genesis("[journal]\nmax_events = 1"), "config.toml, line 4: journal.max_events: below"),
        (with_genesis("[journal]\nmax_age = \"1s\""), "journal.max_age"),
        (with_genesis("[connection_options]\nstall_timeout = \"0\""), "connection_options.stall_timeout"),
        (with_genesis("[connection_options]\nmax_subscriptions_per_peer = 0"), "max_subscriptions_per_peer"),
        (
            with_genesis("[[events_observer]]\nendpoint = \"a:1\"\nevents_keys = [\"x\"]"),
            "line 5: events_observer[0].events_keys",
        ),
        (with_genesis("[genesis]\nproducers = []\nstackers = []"), "node.genesis_file"),
        ("[genesis]\nproducers = []\nstackers = []".to_owned(), "line 2: genesis: producers: 0 entries"),
    ] {
        let error = refusal(folder.path(), &text);
        assert!(error.contains(expected), "{text}: {error}");
    }
    let none = Settings::load(&Flags::parse_from(["mockamoto-node"]));
    assert!(matches!(none, Err(ConfigError::NoGenesis)));
}

#[test]
fn read_only_calls_have_the_limits_of_the_file() {
    let folder = folder();
    let keys =
        "maximum_call_argument_size = 1\nread_only_call_limit_write_length = 2\nread_only_call_limit_write_count = 3
        read_only_call_limit_read_length = 4\nread_only_call_limit_read_count = 5\nread_only_call_limit_runtime = 6";
    let text = format!("[node]\ngenesis_file = \"genesis.toml\"\n[connection_options]\n{keys}");
    let limits = load_text(folder.path(), &text).unwrap_or_else(|error| panic!("{error}")).call_limits;
    assert_eq!(limits.argument_hex_bytes, 1);
    let cost = limits.cost;
    assert_eq!((cost.write_length, cost.write_count), (2, 3));
    assert_eq!((cost.read_length, cost.read_count, cost.runtime), (4, 5, 6));
}

#[test]
fn a_genesis_file_with_a_slip_is_refused_with_the_nearest_name() {
    let folder = folder();
    let text = SAMPLE_GENESIS.replace("reward_maturity", "reward_maturty");
    std::fs::write(folder.path().join("genesis.toml"), text).unwrap();
    let error = refusal(folder.path(), "[node]\ngenesis_file = \"genesis.toml\"");
    assert!(error.contains("did you mean `reward_maturity`?"), "{error}");
}

#[test]
fn a_value_of_a_genesis_is_named_with_its_file_and_line() {
    let folder = folder();
    let text = SAMPLE_GENESIS.replace("reward_cycle_length = 20", "reward_cycle_length = 0");
    std::fs::write(folder.path().join("genesis.toml"), &text).unwrap();
    let line = text.lines().position(|line| line.starts_with("reward_cycle_length")).unwrap() + 1;
    let error = refusal(folder.path(), "[node]\ngenesis_file = \"genesis.toml\"");
    assert!(error.contains(&format!("genesis.toml, line {line}: reward_cycle_length: 0 is not 1 to")), "{error}");
}

#[test]
fn a_value_of_a_flag_is_not_put_down_to_the_file() {
    let folder = folder();
    std::fs::write(folder.path().join("config.toml"), "[burnchain]\nburn_block_interval = \"30s\"").unwrap();
    let genesis = folder.path().join("genesis.toml");
    let flags = ["--genesis", genesis.to_str().unwrap(), "--burn-block-interval", "1ms"];
    let error = format!("{:#}", anyhow::Error::new(load(folder.path(), &flags).err().unwrap()));
    assert!(error.starts_with("burnchain.burn_block_interval: below"), "{error}");
}

#[test]
fn the_epoch_flag_wins_over_the_genesis_and_must_be_one() {
    let folder = folder();
    let genesis = folder.path().join("genesis.toml");
    let with = |epoch: &str| load(folder.path(), &["--genesis", genesis.to_str().unwrap(), "--epoch", epoch]);
    assert_eq!(with("3.1").unwrap().genesis.epoch, "3.1");
    let error = format!("{:#}", anyhow::Error::new(with("2.5").err().unwrap()));
    assert!(error.contains("epoch: `2.5` is none of 3.0, 3.1"), "{error}");
}

#[test]
fn boot_contracts_are_read_beside_their_genesis_and_mistakes_are_named() {
    let folder = folder();
    let path = folder.path().join("genesis.toml");
    let read = |entries: &str| {
        let (head, lists) = SAMPLE_GENESIS.split_once("# Opening balances").unwrap();
        std::fs::write(&path, format!("{head}\n{entries}\n# {lists}")).unwrap();
        GenesisFile::read(&path).map_err(|error| error.to_string())
    };
    let bns = "[[boot_contract]]\nname = \"bns\"\nsource = \"contracts/bns.clar\"\n";
    let genesis = read(bns).unwrap();
    let params = crate::chain::chain_params(&genesis).unwrap();
    let [brought] = &params.boot_contracts.brought[..] else { panic!("one") };
    assert_eq!(brought.id.to_string(), "ST000000000000000000002AMW42H.bns");
    assert_eq!((brought.source.as_str(), brought.clarity_version), ("(define-constant owner tx-sender)", 6));
    assert!(brought.file.ends_with("contracts/bns.clar"), "{}", brought.file);

    let refused = |entries: &str, says: &str| {
        let error = read(entries).unwrap_err();
        assert!(error.contains(says), "{error}");
    };
    refused(&format!("{bns}{bns}"), "ST000000000000000000002AMW42H.bns is given twice");
    refused(&format!("{bns}clarity_version = 7"), "7 is not 1 to 6, the versions of epoch 4.0");
    refused(&format!("{bns}clarity_version = 0"), "0 is not 1 to 6");
    refused(&format!("{bns}address = \"SP000000000000000000002Q6VF78\""), "is not an address of testnet");
    refused(&bns.replace("\"bns\"", "\"1bns\""), "`1bns` is no name of a contract");
    refused(&bns.replace("\"bns\"", &format!("\"{}\"", "b".repeat(41))), "no name of a contract");
    refused(&bns.replace("contracts/", "nowhere/"), "nowhere/bns.clar");
    refused(&format!("{bns}clarity_versoin = 2"), "did you mean `clarity_version`?");
    std::fs::write(folder.path().join("contracts/bns.clar"), "(ok 1)\n;; caf\u{e9}").unwrap();
    refused(bns, "bns.clar:2: a character");
    std::fs::write(folder.path().join("contracts/bns.clar"), " ".repeat((4 << 20) + 1)).unwrap();
    refused(bns, "the texts have more than 4194304 bytes");
    // A file without length or end.
    std::fs::remove_file(folder.path().join("contracts/bns.clar")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("contracts/bns.clar")).unwrap();
    refused(bns, "the texts have more than 4194304 bytes");
}
