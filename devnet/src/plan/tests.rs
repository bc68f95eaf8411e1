//! Every key of the sample config passes through the devnet, and the right source wins.

use client::parse_duration;
use mockamoto_node::config::SAMPLE_CONFIG;
use sqlite::Durability;

use super::*;

/// The node's settings that a devnet makes from a config file.
fn settings(folder: &Path, config: &str, flags: &[&str]) -> anyhow::Result<Settings> {
    let path = folder.join("config.toml");
    std::fs::write(&path, config)?;
    let fixed = ["mockamoto", "--config", path.to_str().expect("UTF-8")];
    let args = Args::parse_from(fixed.iter().chain(flags));
    let plan = Plan::new(&args)?;
    let data_dir = DataDir::open(&args, plan.data_dir.as_deref())?;
    let node = plan.node_args(&args, &data_dir)?;
    access(&node, &data_dir)?;
    let words = std::iter::once("node".to_owned()).chain(node);
    Ok(Settings::load(&Flags::try_parse_from(words)?)?)
}

/// The keys of the sample as table, key, value, including those that are commented out.
fn keys() -> Vec<(&'static str, &'static str, &'static str)> {
    let mut table = "";
    let mut keys = Vec::new();
    for line in SAMPLE_CONFIG.lines() {
        let line = line.strip_prefix('#').unwrap_or(line);
        if line.starts_with('[') {
            table = line;
        } else if let Some((key, value)) = line.split_once(" = ").filter(|(key, _)| !key.contains(' ')) {
            keys.push((table, key, value));
        }
    }
    keys
}

/// Another value of the same kind, so that a change shows.
fn another(key: &str, value: &str) -> String {
    match (key, value) {
        ("log", _) => "\"error\"".to_owned(),
        ("log_format", _) => "\"json\"".to_owned(),
        ("rpc_bind", _) => "\"127.0.0.1:7777\"".to_owned(),
        ("auth_token" | "auth_token_file", _) => value.to_owned(),
        ("max_execution_time_secs" | "read_only_max_execution_time_secs", _) => "2".to_owned(),
        (_, "true") => "false".to_owned(),
        (_, "false") => "true".to_owned(),
        _ => match (value.parse::<u64>(), value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))) {
            // Below the allowed maximum, and high enough for the devnet.
            (Ok(number), _) => number.saturating_sub(1).max(1000).to_string(),
            (Err(_), Some(text)) if parse_duration(text).is_ok() => "\"123s\"".to_owned(),
            _ => value.to_owned(),
        },
    }
}

#[test]
fn each_key_of_the_sample_works_through_the_devnet_or_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token.txt"), "a-token-of-the-file\n").unwrap();
    let data = folder.path().join("data");
    let flags = ["--data-dir", data.to_str().unwrap()];
    let plain = settings(folder.path(), "", &flags).unwrap();
    let whole_tables = ["[[ustx_balance]]", "[[events_observer]]"];
    let mut seen = 0;
    for (table, key, value) in keys() {
        seen += 1;
        let line = format!("{key} = {}\n", another(key, value));
        let config = match key {
            _ if table == "[[events_observer]]" => {
                let needed = ["endpoint = \"localhost:3700\"\n", "events_keys = [\"*\"]\n"];
                let others = needed.iter().filter(|other| !other.starts_with(key)).copied();
                format!("{table}\n{key} = {value}\n{}", others.collect::<String>())
            }
            // The whole table is refused, whatever it holds.
            _ if table.contains("[genesis") => {
                let line = if table == "[genesis]" { line } else { String::new() };
                format!("[genesis]\n{line}producers = []\nstackers = []\n")
            }
            "tls_cert" | "tls_key" => "[node]\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n".to_owned(),
            "address" | "amount" => {
                let account = crate::accounts::ACCOUNTS[1].address;
                format!("{table}\naddress = \"{account}\"\namount = 7\n")
            }
            _ => format!("{table}\n{line}"),
        };
        let found = settings(folder.path(), &config, if key == "working_dir" { &[] } else { &flags });
        let refused = |words: &str| {
            let error = format!("{:#}", found.as_ref().err().expect(key));
            assert!(error.contains(key) || error.contains("genesis"), "{key}: {error}");
            assert!(error.contains(words), "{key}: {error}");
        };
        match (table, key) {
            ("[node]", "genesis_file") => refused("makes its own genesis"),
            (table, _) if table.contains("[genesis") => refused("makes its own genesis"),
            ("[node]", "txindex") => refused("always indexed"),
            ("[node]", "durable") => refused("always durable"),
            ("[node]", "working_dir") => {
                assert_eq!(found.unwrap().data_dir, folder.path().join("mockamoto-data/node"));
            }
            // The devnet's default is the opposite of the node's.
            ("[node]", "admin") => {
                assert!(found.unwrap().admin && plain.admin);
                assert!(!settings(folder.path(), "[node]\nadmin = false\n", &flags).unwrap().admin);
            }
            _ => {
                let found = found.unwrap_or_else(|error| panic!("{config}: {error:#}"));
                assert!(found != plain, "{table} {key} has no effect");
            }
        }
    }
    assert!(seen > 40 && whole_tables.iter().all(|table| keys().iter().any(|(found, _, _)| found == table)), "{seen}");
}

#[test]
fn a_named_folder_is_always_durable_and_a_temporary_one_when_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let named = folder.path().join("named");
    let named = ["--data-dir", named.to_str().unwrap()];
    for (config, flags, expected) in [
        ("", &[][..], Durability::Unsynced),
        ("", &["--durable"], Durability::Synced),
        ("[node]\ndurable = true\n", &[], Durability::Synced),
        ("[node]\ndurable = false\n", &[], Durability::Unsynced),
        ("[node]\ndurable = false\n", &["--durable"], Durability::Synced),
        ("[node]\nworking_dir = \"dir\"\n", &[], Durability::Synced),
        ("", &named, Durability::Synced),
    ] {
        let found = settings(folder.path(), config, flags).unwrap().durability;
        assert_eq!(found, expected, "{config} {flags:?}");
    }
    let refused =
        settings(folder.path(), "[node]\ndurable = false\n", &named).err().expect("it is refused").to_string();
    assert!(refused.contains("node.durable"), "{refused}");
}

#[test]
fn what_is_given_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |config: &str, flags: &[&str]| {
        format!("{:#}", settings(folder.path(), config, flags).err().expect("it is refused"))
    };
    let twice = refusal("[node]\nlog = \"info\"\nlog = \"warn\"\n", &[]);
    assert!(twice.contains("duplicate key") && twice.contains("log = \"warn\""), "{twice}");
    let observer = "[[events_observer]]\nendpoint = \"localhost:3700\"\nevents_keys = [\"*\"]\n";
    for (config, flags) in [
        (observer.repeat(2), &[][..]),
        (String::new(), &["--event-observer", "localhost:3700,stx", "--event-observer", "localhost:3700,memtx"]),
    ] {
        assert!(refusal(&config, flags).contains("localhost:3700 is given twice"), "{flags:?}");
    }
    let once = settings(folder.path(), observer, &["--event-observer", "localhost:3700,stx"]).unwrap();
    assert_eq!(once.observers.len(), 1, "a flag wins over the file");
    let flag = Args::try_parse_from(["mockamoto", "--port", "1", "--port", "2"]).unwrap_err().to_string();
    assert!(flag.contains("--port") && flag.contains("multiple times"), "{flag}");
    let ports = refusal("", &["--port", "7001", "--api-port", "7001"]);
    assert!(ports.contains("http_extra_bind") && ports.contains("already"), "{ports}");
}

#[test]
fn what_the_other_processes_must_know_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("c.toml");
    let text = "[node]\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\n[connection_options]\nauth_token = \"0123456789abcdef\"\n";
    std::fs::write(&config, text).unwrap();
    let args = Args::parse_from(["mockamoto", "--config", config.to_str().unwrap()]);
    let plan = Plan::new(&args).unwrap();
    let data_dir = DataDir::open(&args, None).unwrap();
    let access = access(&plan.node_args(&args, &data_dir).unwrap(), &data_dir).unwrap();
    assert_eq!(access.token.as_deref(), Some("0123456789abcdef"));
    assert_eq!(access.certificate, Some(folder.path().join("cert.pem")));
    assert_eq!(access.url("0.0.0.0:5".parse().unwrap()), "https://127.0.0.1:5");
    assert_eq!(access.url("[::]:5".parse().unwrap()), "https://[::1]:5");
}

#[test]
fn limits_that_leave_no_room_for_the_devnet_itself_are_refused_with_the_number() {
    let folder = tempfile::tempdir().unwrap();
    for key in ["max_connections", "max_connections_per_peer", "max_subscriptions", "max_subscriptions_per_peer"] {
        let config = |limit| format!("[connection_options]\n{key} = {limit}\n");
        let refused = settings(folder.path(), &config(2), &[]).err().map(|error| format!("{error:#}"));
        assert!(refused.is_some_and(|text| text.contains(key) && text.contains("need 3")), "{key}");
        assert!(settings(folder.path(), &config(3), &[]).is_ok(), "{key}");
    }
}

#[test]
fn a_burn_block_follows_transactions_unless_they_come_on_demand_only() {
    let folder = tempfile::tempdir().unwrap();
    let after = |config: &str, flags: &[&str]| {
        settings(folder.path(), config, flags).unwrap().burn_block_after_transactions.as_millis()
    };
    let on_demand = "[burnchain]\nburn_block_interval = \"0\"\n";
    let two_seconds = "[burnchain]\nburn_block_after_transactions = \"2s\"\n";
    assert_eq!(after("", &[]), 1_000);
    assert_eq!(after("", &["--burn-block-interval", "5s"]), 1_000);
    assert_eq!(after("", &["--burn-block-interval", "0"]), 0);
    assert_eq!(after(on_demand, &[]), 0);
    assert_eq!(after(on_demand, &["--burn-block-interval", "5s"]), 1_000);
    assert_eq!(after(two_seconds, &[]), 2_000);
    assert_eq!(after(two_seconds, &["--burn-block-after-transactions", "0"]), 0);
    assert_eq!(after(on_demand, &["--burn-block-after-transactions", "3s"]), 3_000);
}

#[test]
fn an_interval_below_what_may_be_is_refused_and_does_not_mean_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    for flag in ["--burn-block-interval", "--burn-block-after-transactions"] {
        let refused = settings(folder.path(), "", &[flag, "0.4ms"]).err().expect("it is refused").to_string();
        assert!(refused.contains("below 10ms"), "{refused}");
    }
}

#[test]
fn the_default_second_port_is_left_out_where_the_first_has_it_or_is_a_free_one() {
    let folder = tempfile::tempdir().unwrap();
    let extra = |config: &str, flags: &[&str]| {
        let found = settings(folder.path(), config, flags).unwrap().http_extra_bind;
        found.map(|address| address.port())
    };
    let bind = |address: &str| format!("[node]\nrpc_bind = \"{address}\"\n");
    for taken in ["127.0.0.1:3999", "localhost:3999", "[::1]:3999", "127.0.0.1:0"] {
        assert_eq!(extra(&bind(taken), &[]), None, "{taken}");
        assert_eq!(extra(&bind(taken), &["--port", "7001"]), Some(3999), "{taken}");
    }
    assert_eq!(extra(&bind("127.0.0.1:7001"), &[]), Some(3999));
    assert_eq!(extra(&bind("127.0.0.1:7001"), &["--port", "3999"]), None);
    assert_eq!(extra(&bind("127.0.0.1:0"), &["--api-port", "7002"]), Some(7002));
}

#[test]
fn an_empty_token_of_the_environment_is_none() {
    let args = Args::parse_from(["mockamoto", "--port", "0"]);
    let (plan, data_dir) = (Plan::new(&args).unwrap(), DataDir::open(&args, None).unwrap());
    let token = |text: &str| {
        let mut node = plan.node_args(&args, &data_dir).unwrap();
        // The flag stands for the environment variable, which tests running in parallel would see.
        node.push(flag("--auth-token", text));
        access(&node, &data_dir).map(|access| access.token)
    };
    assert_eq!(token("").unwrap(), None);
    assert_eq!(token("0123456789abcdef").unwrap().as_deref(), Some("0123456789abcdef"));
    assert!(token("short").is_err());
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[node]\nrpc_bind = \"127.0.0.1:7001\"\nhttp_extra_bind = \"127.0.0.1:7002\"\nlog = \"error\"\n\
                  [burnchain]\nburn_block_interval = \"7s\"\n";
    let file = settings(folder.path(), config, &[]).unwrap();
    assert_eq!((file.bind.port(), file.http_extra_bind.unwrap().port(), file.http_extra_if_free), (7001, 7002, false));
    assert_eq!((file.log.as_str(), file.burn_block_interval.as_secs()), ("error", 7));
    let flags = ["--port", "8001", "--api-port", "8002", "--log", "info", "--burn-block-interval", "8s"];
    let flags = settings(folder.path(), config, &flags).unwrap();
    assert_eq!(
        (flags.bind.port(), flags.http_extra_bind.unwrap().port(), flags.http_extra_if_free),
        (8001, 8002, false)
    );
    assert_eq!((flags.log.as_str(), flags.burn_block_interval.as_secs()), ("info", 8));
    let neither = settings(folder.path(), "", &[]).unwrap();
    assert_eq!((neither.bind.port(), neither.http_extra_bind.unwrap().port()), (20443, 3999));
    assert!(neither.http_extra_if_free && neither.admin);
    assert_eq!((neither.log.as_str(), neither.burn_block_interval.as_secs()), ("warn", 30));
    assert_eq!(settings(folder.path(), "", &["--port", "0"]).unwrap().http_extra_bind, None);
}
