//! What programs are told on the main network. All conformance cases are of test networks.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use clarity::Dialect;
use clarity::test_support::{Memory, RULES, context, id};

const KEY: &str = "0x03adb8de4bfb65db2cfd6120d55c6526ae9c52e675db7e47308636534ba7786110";
const HASH: &str = "0x0102030405060708091011121314151617181920";

fn said(is_mainnet: bool, version: u8, expression: &str) -> String {
    let mut memory = Memory::new(RULES, Dialect::of_version(version).unwrap());
    memory.is_mainnet = is_mainnet;
    memory.publish("c", "(define-private (f) u1)");
    memory.machine().evaluate(&context(), &id("c"), expression).unwrap().to_string()
}

#[test]
fn a_program_knows_that_it_is_on_the_main_network() {
    assert_eq!([true, false].map(|mainnet| said(mainnet, 6, "is-in-mainnet")), ["true", "false"]);
    assert_eq!([true, false].map(|mainnet| said(mainnet, 6, "is-in-regtest")), ["false", "false"]);
}

#[test]
fn principals_of_the_other_network_are_not_standard_and_not_made() {
    // Versions of addresses: one key and several keys on the main network, then on test networks.
    for (version, of_mainnet) in [("0x16", true), ("0x14", true), ("0x1a", false), ("0x15", false)] {
        for is_mainnet in [true, false] {
            let is_own = of_mainnet == is_mainnet;
            let made = format!("(principal-construct? {version} {HASH})");
            let constructed = said(is_mainnet, 6, &made);
            assert_eq!(constructed.starts_with("(ok "), is_own, "{version}, {is_mainnet}: {constructed}");
            let any = format!("(match {made} o o e (unwrap-panic (get value e)))");
            if !is_own {
                assert!(constructed.starts_with("(err (tuple (error_code u0) (value (some "), "{constructed}");
            }
            assert_eq!(
                said(is_mainnet, 6, &format!("(is-standard {any})")),
                is_own.to_string(),
                "{version}, {is_mainnet}"
            );
            let parts = format!("(tuple (hash-bytes {HASH}) (name none) (version {version}))");
            let destructed = said(is_mainnet, 6, &format!("(principal-destruct? {any})"));
            let side = if is_own { "ok" } else { "err" };
            assert_eq!(destructed, format!("({side} {parts})"), "{version}, {is_mainnet}");
        }
    }
}

/// In Clarity 1 the principal is always one of a test network.
#[test]
fn the_principal_of_a_key_is_of_the_own_network() {
    for (version, is_mainnet, address) in [(1, true, "0x1a"), (2, true, "0x16"), (6, true, "0x16"), (6, false, "0x1a")]
    {
        let principal = said(is_mainnet, version, &format!("(unwrap-panic (principal-of? {KEY}))"));
        let parts = said(is_mainnet, 6, &format!("(principal-destruct? '{principal})"));
        assert!(parts.contains(&format!("(version {address})")), "{version}, {is_mainnet}: {parts}");
    }
}
