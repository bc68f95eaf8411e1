//! The page is complete and stays on its origin, and its first reads return the right values.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};

use super::bench::{Bench, STACKERS};
use crate::rpc::http::page::FILES;
use chainstate::test_support::{address, transfer};

#[test]
fn the_page_and_everything_it_names_is_served() {
    let bench = Bench::new(None);
    let index = bench.get("/");
    assert_eq!(index.status, StatusCode::OK);
    assert_eq!(index.headers["content-type"], "text/html; charset=utf-8");
    let policy = index.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let html = String::from_utf8(index.body).unwrap();
    // The policy would refuse these anyway.
    assert!(!html.contains("style=\"") && !html.contains("onclick"), "no inline styles or handlers");
    let mut named: BTreeSet<String> = html.split("\"/page/").skip(1).map(until_quote).collect();
    assert!(named.contains("main.js") && named.contains("style.css"), "{named:?}");
    for file in FILES.iter().filter(|file| file.name.ends_with(".js")) {
        let script = bench.get(&format!("/page/{}", file.name));
        assert_eq!(script.headers["content-type"], "text/javascript; charset=utf-8", "{}", file.name);
        let text = String::from_utf8(script.body).unwrap();
        assert!(!text.contains("http://localhost") && !text.contains("https://"), "{} goes elsewhere", file.name);
        named.extend(text.split("from './").skip(1).map(until_quote));
    }
    let served: BTreeSet<String> = FILES.iter().map(|file| file.name.to_owned()).collect();
    assert_eq!(named.difference(&served).collect::<Vec<_>>(), Vec::<&String>::new(), "named, not served");
    let unused: Vec<_> = served.difference(&named).filter(|name| *name != "index.html").collect();
    assert_eq!(unused, Vec::<&String>::new(), "served, not named");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rpc/http/page/assets");
    let there = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(there.collect::<BTreeSet<_>>(), served, "in the folder, and served");
    assert_eq!(bench.get("/page/nothing.js").status, StatusCode::NOT_FOUND);
}

fn until_quote(text: &str) -> String {
    text.split(['"', '\'']).next().unwrap_or_default().to_owned()
}

#[test]
fn a_page_that_the_browser_has_is_not_sent_again() {
    let bench = Bench::new(None);
    let tag = bench.get("/page/main.js").headers["etag"].to_str().unwrap().to_owned();
    let again = bench.ask(Method::GET, "/page/main.js", &[("if-none-match", &tag)], Vec::new());
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let other = bench.ask(Method::GET, "/page/main.js", &[("if-none-match", "\"0\"")], Vec::new());
    assert_eq!(other.status, StatusCode::OK);
}

#[test]
fn the_overview_tells_where_the_node_stands() {
    let bench = Bench::started();
    bench.send(&[transfer(0, 0, 9, 5)]);
    let overview = bench.read("/v3/overview");
    assert_eq!(overview["tips"]["tip"]["chain_length"], 1);
    assert_eq!(overview["node"]["signing_mode"], "SIGNING_MODE_ECDSA");
    assert_eq!(overview["producers"][0]["address"], address("producer", 0).to_string());
    let stackers = overview["stacker_set"]["stackers"].as_array().unwrap();
    let expected: Vec<_> = (0..STACKERS).map(|index| address("stacker", index).to_string()).collect();
    assert_eq!(stackers.iter().map(|one| one["address"].as_str().unwrap()).collect::<Vec<_>>(), expected);
    let slots = overview["stackerdbs"].as_array().unwrap();
    let signers = slots.iter().find(|one| one["contract_id"].as_str().unwrap().ends_with(".signers")).unwrap();
    assert_eq!(signers["slots"].as_array().unwrap().len(), usize::from(STACKERS));
    assert_eq!(overview["pending"]["count"], 1);
    assert_eq!(overview["pending"]["transactions"][0]["origin"], address("user", 0).to_string());
    assert!(overview["journal"]["newest_sequence"].as_u64() > Some(1));
    assert!(overview["tenure_cost_limit"]["runtime"].as_u64() > Some(0));
    assert!(overview["mining"].is_object() && overview["epoch"].is_string(), "{overview}");
}

#[test]
fn a_block_tells_who_signed_it_and_its_ancestors() {
    let bench = Bench::started();
    let block = bench.grow().to_hex();
    let answer = bench.read(&format!("/v3/blocks/{block}/signers?back=9"));
    // Two blocks; nobody signed the boot block.
    let blocks = answer["blocks"].as_array().unwrap();
    assert_eq!(blocks.iter().map(|one| one["chain_length"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(blocks[0]["block_id"], format!("0x{block}"));
    for block in blocks {
        assert_eq!(block["producer"], address("producer", 0).to_string());
        let signers = block["signers"].as_array().unwrap();
        assert_eq!(signers.len(), usize::from(STACKERS));
        for (index, signer) in (0..STACKERS).zip(signers) {
            assert_eq!(signer["address"], address("stacker", index).to_string());
            assert_eq!(signer["signed"], true);
        }
    }
    assert_eq!(bench.read(&format!("/v3/blocks/{block}/signers"))["blocks"].as_array().unwrap().len(), 1);
    assert_eq!(bench.get(&format!("/v3/blocks/{block}/signers?back=64")).status, StatusCode::BAD_REQUEST);
    let unknown = "ab".repeat(32);
    assert_eq!(bench.get(&format!("/v3/blocks/{unknown}/signers")).status, StatusCode::NOT_FOUND);
}

#[test]
fn a_name_is_looked_up_and_nothing_is_an_answer() {
    let bench = Bench::started();
    let waiting = transfer(0, 0, 9, 5);
    bench.send(std::slice::from_ref(&waiting));
    let look = |hash: &str| bench.read(&format!("/v3/lookup/{hash}"));
    let found = look(&waiting.txid().to_hex());
    assert_eq!((&found["transaction"]["pending"], &found["block"]), (&true.into(), &serde_json::Value::Null));
    let block = bench.grow().to_hex();
    let found = look(&format!("0x{}", waiting.txid().to_hex()));
    assert_eq!(found["transaction"]["block"]["block_id"], format!("0x{block}"));
    assert_eq!(found["transaction"]["is_canonical"], true);
    assert_eq!(found["transaction"]["receipt"]["events"][0]["stx_transfer"]["sender"], address("user", 0).to_string());
    let found = look(&block);
    assert_eq!((&found["block"]["chain_length"], &found["transaction"]), (&2.into(), &serde_json::Value::Null));
    let burn = bench.read("/v3/overview")["tips"]["burn_tip"].clone();
    let found = look(burn["burn_block_hash"].as_str().unwrap());
    assert_eq!(found["burn_block"], burn);
    let nothing = serde_json::json!({ "transaction": null, "block": null, "burn_block": null });
    assert_eq!(look(&"ab".repeat(32)), nothing);
    assert_eq!(bench.get("/v3/lookup/ab").status, StatusCode::NOT_FOUND);
}
