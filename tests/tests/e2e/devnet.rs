//! The command `mockamoto` starts everything, mines, prints what it offers, and stops everything.

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::processes::{
    Client, Http, Process, WAIT, Watch, address_of, binary, devnet_command, run, stacksjs, start_devnet,
    transfer_paying, wallet,
};

/// Ids of the processes whose parent is `id`.
fn children(id: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

fn start(folder: &std::path::Path) -> (Process, Value) {
    start_devnet(folder, &["--block-interval", "100ms", "--burn-block-interval", "1s"])
}

#[test]
fn one_command_starts_all_mines_and_stops_all() {
    run(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut devnet, accounts) = start(folder.path());
        let vectors = stacksjs();
        let listed = accounts["accounts"].as_array().expect("accounts");
        for (name, account) in vectors["accounts"].as_object().expect("accounts") {
            let found = listed.iter().find(|listed| listed["name"] == name.as_str()).expect("it is listed");
            assert_eq!(found["address"], account["address"], "{name}");
            assert_eq!(found["private_key"], account["private_key"], "{name}");
        }
        let address = address_of(&accounts);
        let mut watch = Client::new(&address).watch(0).await;
        for expected in 0..5 {
            assert_eq!(watch.block().await.block.expect("a block").chain_length, expected);
        }
        // The terminal shows which transactions were mined and dropped, and why.
        let (client, key) = (Client::new(&address), wallet(&vectors, "wallet_5"));
        let [first, second] = [1_000, 3_000].map(|fee| transfer_paying(&key, 3, fee));
        for transaction in [&first, &second] {
            assert!(client.submit(transaction.encode()).await.accepted);
        }
        devnet.wait_for_log(&format!("transaction 0x{} was dropped (replace_by_fee)", first.txid()));
        let mined = transfer_paying(&key, 0, 1_000);
        assert!(client.submit(mined.encode()).await.accepted);
        devnet.wait_for_log(&format!("transaction 0x{} in block ", mined.txid()));
        devnet.wait_for_log("wallet_5 sends 0.000001 STX to ST000000000000000000002AMW42H: (ok true)");
        // A test of a TLS devnet has the opposite case.
        write_certificate(folder.path());
        let mistaken = actor(folder.path(), "mockamoto-producer", &format!("https://{address}"), None);
        mistaken.wait_for_log("the node does not speak TLS: address it by http://");
        let info = Http::new(&address).get("/v2/info").await.json();
        assert_eq!(info["network_id"], 0x8000_0000_u32);
        let family = children(devnet.id());
        assert_eq!(family.len(), 3, "node, producer and the four signers' process");
        let started = Instant::now();
        assert!(devnet.terminate().success(), "{}", devnet.log());
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        for child in family {
            assert!(!std::path::Path::new(&format!("/proc/{child}")).exists(), "process {child} lingers");
        }
    });
}

#[test]
fn a_killed_devnet_leaves_no_child_behind() {
    run(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut devnet, accounts) = start(folder.path());
        Client::new(&address_of(&accounts)).watch(0).await.block().await;
        let family = children(devnet.id());
        assert_eq!(family.len(), 3);
        devnet.kill();
        let end = Instant::now() + Duration::from_secs(10);
        for child in family {
            while std::path::Path::new(&format!("/proc/{child}")).exists() {
                assert!(Instant::now() < end, "process {child} lingers");
                std::thread::park_timeout(Duration::from_millis(20));
            }
        }
    });
}

#[test]
fn a_child_that_dies_is_started_again() {
    run(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut devnet, accounts) = start(folder.path());
        let mut watch = Client::new(&address_of(&accounts)).watch(0).await;
        watch.block().await;
        // In the order of their start: node, producer, signers.
        let family = children(devnet.id());
        kill(family[2]);
        devnet.wait_for_log("the signers' process ended");
        devnet.wait_for_log("the signers' process is started again");
        kill(family[1]);
        devnet.wait_for_log("producer 0 is started again");
        let made = watch.block().await.block.expect("a block").chain_length;
        while watch.block().await.block.expect("a block").chain_length < made + 3 {}
        // The node returns at the same address, and the others find it.
        kill(family[0]);
        devnet.wait_for_log("the node is started again");
        let mut watch = watch_once_it_serves(&Client::new(&address_of(&accounts))).await;
        while watch.block().await.block.expect("a block").chain_length < made + 6 {}
        assert_eq!(children(devnet.id()).len(), 3);
        assert!(devnet.terminate().success(), "{}", devnet.log());
    });
}

#[test]
fn a_child_is_started_again_after_the_program_was_built_anew() {
    run(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let program = folder.path().join("mockamoto");
        // `cp` copies the program: if this process wrote it, a child started meanwhile could inherit the open file and
        // keep the program from running.
        let copied = Command::new("cp").arg(binary("mockamoto")).arg(&program).status().expect("cp");
        assert!(copied.success());
        let mut command = Command::new(&program);
        let accounts = folder.path().join("accounts.json");
        command.args(["--port", "0", "--block-interval", "100ms", "--accounts-out"]).arg(&accounts);
        let mut devnet = Process::start("mockamoto", command, folder.path());
        devnet.wait_for_log("Ctrl-C stops everything");
        std::fs::remove_file(&program).expect("a file");
        kill(children(devnet.id())[0]);
        devnet.wait_for_log("the node is started again");
        let accounts = std::fs::read_to_string(&accounts).expect("a file");
        let accounts = serde_json::from_str(&accounts).expect("JSON");
        let mut watch = watch_once_it_serves(&Client::new(&address_of(&accounts))).await;
        watch.block().await;
        assert!(devnet.terminate().success(), "{}", devnet.log());
    });
}

#[test]
fn a_devnet_that_still_tries_boot_contracts_ends_at_once_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [contracts, temporary] = ["contracts", "temporary"].map(|name| folder.path().join(name));
    for folder in [&contracts, &temporary] {
        std::fs::create_dir(folder).expect("a folder");
    }
    // Nobody writes to the pipe, so the devnet waits for the contract's text.
    let contract = contracts.join("slow.clar");
    assert!(Command::new("mkfifo").arg(contract).status().expect("mkfifo").success());
    let mut command = devnet_command(folder.path(), &[]);
    command.arg("--boot-contracts").arg(contracts).env("TMPDIR", &temporary);
    let mut devnet = Process::start("mockamoto", command, folder.path());
    devnet.wait_for_log("trying the boot contracts");
    let stopped = Instant::now();
    assert!(devnet.terminate().success(), "{}", devnet.log());
    assert!(stopped.elapsed() < Duration::from_secs(4), "{:?}", stopped.elapsed());
    let left = std::fs::read_dir(&temporary).expect("a folder").count();
    assert_eq!(left, 0, "temporary folders are left");
}

#[test]
fn a_closed_terminal_ends_the_devnet_unless_it_was_started_to_outlive_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let temporary = folder.path().join("temporary");
    std::fs::create_dir(&temporary).expect("a folder");
    let left = || std::fs::read_dir(&temporary).expect("a folder").count();
    let mut command = devnet_command(folder.path(), &[]);
    command.env("TMPDIR", &temporary);
    let mut devnet = Process::start("mockamoto", command, folder.path());
    devnet.wait_for_log("Ctrl-C stops everything");
    assert_eq!(left(), 1);
    devnet.signal("HUP");
    assert!(devnet.wait().success(), "{}", devnet.log());
    assert_eq!(left(), 0, "temporary folders are left");
    let mut command = Command::new("nohup");
    command.arg(binary("mockamoto")).args(["--port", "0"]);
    let mut devnet = Process::start("nohup", command, folder.path());
    devnet.wait_for_log("Ctrl-C stops everything");
    devnet.signal("HUP");
    devnet.wait_for_log("block 2");
    assert!(devnet.terminate().success(), "{}", devnet.log());
}

/// Connects to a node that was just started and may not listen yet.
async fn watch_once_it_serves(client: &Client) -> Watch {
    let end = Instant::now() + WAIT;
    loop {
        match client.try_watch(0).await {
            Ok(watch) => return watch,
            Err(error) => assert!(Instant::now() < end, "the node does not serve again: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn kill(id: u32) {
    let killed = Command::new("kill").args(["-9", &id.to_string()]).status().expect("kill");
    assert!(killed.success());
}

/// Writes a certificate for another name that may also sign certificates, like hand-made ones.
fn write_certificate(folder: &std::path::Path) {
    let mut params = rcgen::CertificateParams::new(["devnet.example".to_owned()]).expect("a name");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    std::fs::write(folder.join("cert.pem"), certificate.pem()).expect("a certificate file");
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).expect("a key file");
}

/// A user's own actor for a devnet, with a key that is in no set.
fn actor(folder: &std::path::Path, name: &str, url: &str, token: Option<&str>) -> Process {
    let key = "aa".repeat(32);
    let mut command = Command::new(binary(name));
    command.args(["--node", url, "--data-dir"]).arg(folder.join(name)).arg("--log").arg("info");
    command.env("MOCKAMOTO_PRIVATE_KEY", &key).env("MOCKAMOTO_VRF_PRIVATE_KEY", &key);
    if url.starts_with("https") {
        command.arg("--tls-ca").arg(folder.join("cert.pem"));
    }
    token.map(|token| command.args(["--auth-token", token]));
    Process::start(name, command, folder)
}

#[test]
fn tls_token_and_limits_of_the_config_file_reach_all_processes_and_actors_say_what_is_missing() {
    const TOKEN: &str = "the-token-of-this-devnet";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    write_certificate(folder);
    let config = format!(
        "[node]\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\nworking_dir = \"data\"\nrpc_bind = \"127.0.0.1:0\"\n\
         http_extra_bind = \"127.0.0.1:0\"\n[connection_options]\nauth_token = \"{TOKEN}\"\nmax_subscriptions = 8\n\
         max_subscriptions_per_peer = 8\n[burnchain]\nburn_block_interval = \"1s\"\n"
    );
    std::fs::write(folder.join("config.toml"), config).expect("a file");
    let accounts = folder.join("accounts.json");
    let mut command = Command::new(binary("mockamoto"));
    command.arg("--config").arg(folder.join("config.toml")).arg("--accounts-out").arg(&accounts);
    let mut devnet = Process::start("mockamoto", command, folder);
    devnet.wait_for_log("quiet from here");
    assert!(folder.join("data/devnet.json").exists());
    let accounts: Value = serde_json::from_str(&std::fs::read_to_string(accounts).expect("a file")).expect("JSON");
    let url = accounts["grpc_url"].as_str().expect("a URL").to_owned();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let extra = accounts["http_extra_url"].as_str().expect("a URL");
    assert!(extra.starts_with("https://127.0.0.1:"), "{extra}");
    let clear = url.replacen("https", "http", 1);

    for (name, missing) in [
        ("mockamoto-producer", "this producer is not in the producer set"),
        ("mockamoto-signer-stub", "this signer is not in the stacker set"),
    ] {
        let mut stranger = actor(folder, name, &url, Some(TOKEN));
        stranger.wait_for_log(missing);
        assert!(stranger.terminate().success());
        let log = stranger.log();
        assert_eq!(log.matches(missing).count(), 1, "{log}");
        actor(folder, name, &url, Some("another-token-than-its")).wait_for_log("the node refuses the token");
        actor(folder, name, &url, None).wait_for_log("the node refuses the token");
        actor(folder, name, &clear, Some(TOKEN)).wait_for_log("the node speaks TLS");
    }
    assert!(devnet.terminate().success(), "{}", devnet.log());
}

/// This test or another program has the ports already.
#[test]
fn a_second_port_that_is_taken_is_done_without_and_a_first_one_is_said_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let _extra = TcpListener::bind("127.0.0.1:3999");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let accounts = folder.path().join("accounts.json");
    let devnet = |port: u16| {
        let mut command = Command::new(binary("mockamoto"));
        command.args(["--port", &port.to_string(), "--accounts-out"]).arg(&accounts);
        command
    };
    let mut running = Process::start("mockamoto", devnet(free), folder.path());
    running.wait_for_log("Ctrl-C stops everything");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(&accounts).expect("a file")).expect("JSON");
    assert_eq!(file["http_extra_url"], Value::Null);
    assert!(running.log().contains("not 3999, which another program has"), "{}", running.log());

    let refused = devnet(free).output().expect("it runs");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned() + &String::from_utf8_lossy(&refused.stdout);
    assert!(!refused.status.success(), "{said}");
    assert_eq!(said.matches(&format!("cannot listen on 127.0.0.1:{free}")).count(), 1, "{said}");
    assert!(!said.contains("before it served") && !said.contains("did not start"), "{said}");
    assert!(running.terminate().success(), "{}", running.log());
}
