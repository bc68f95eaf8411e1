//! Tuples that lack fields: in arguments, from bytes, in constants.

use clarity::state::Contract;
use clarity::test_support::id;

use super::{INT_0, INT_5, body, call, memory};

#[test]
fn a_tuple_may_lack_fields_of_its_parameter_before_4_0_and_has_no_others() {
    let source = "(define-data-var v {b: int, k: bool} {b: 1, k: true})
        (define-public (same (p {b: int, k: bool})) (ok p))
        (define-public (inner (p (optional {b: int, k: bool}))) (ok p))
        (define-public (b (p {b: int, k: bool})) (ok (get b p)))
        (define-public (k (p {b: int, k: bool})) (ok (get k p)))
        (define-public (merged (p {b: int, k: bool})) (ok (merge p {k: false})))
        (define-public (equal (p {b: int, k: bool})) (ok (is-eq p {b: 5, k: true})))
        (define-public (listed (p {b: int, k: bool})) (ok (list p)))
        (define-public (kept (p {b: int, k: bool})) (ok (var-set v p)))
        (define-public (one (p {b: int})) (ok p))
        (define-public (ones (p (list 2 {b: int}))) (ok p))";
    let lacks_k = format!("0c000000010162{INT_5}");
    let has_both = format!("0c000000020162{INT_5}016b03");
    for (epoch, version) in [("3.0", 2), ("3.3", 4), ("3.4", 5)] {
        let mut memory = memory(epoch, version);
        memory.publish("c", source);
        for (function, said) in [
            ("same", "(ok (tuple (b 5)))"),
            ("b", "(ok 5)"),
            ("k", "Unreachable"),
            ("merged", "(ok (tuple (b 5) (k false)))"),
            ("equal", "(ok false)"),
            ("listed", "ListTypesMustMatch"),
            ("kept", "CouldNotDetermineType"),
        ] {
            assert_eq!(call(&mut memory, function, &[&lacks_k]), said, "{epoch}: {function}");
        }
        assert_eq!(call(&mut memory, "inner", &[&format!("0a{lacks_k}")]), "(ok (some (tuple (b 5))))", "{epoch}");
        assert_eq!(call(&mut memory, "one", &[&has_both]), "TypeValueError", "{epoch}");
        assert_eq!(call(&mut memory, "ones", &[&format!("0b00000001{has_both}")]), "TypeValueError", "{epoch}");
        // A tuple whose content is of another type cannot be stored either.
        let swapped = format!("0c00000002016203016b{INT_5}");
        assert_eq!(call(&mut memory, "same", &[&swapped]), "(ok (tuple (b true) (k 5)))", "{epoch}");
        assert_eq!(call(&mut memory, "kept", &[&swapped]), "CouldNotDetermineType", "{epoch}");
    }
    let mut memory = memory("4.0", 6);
    memory.publish("c", source);
    assert_eq!(call(&mut memory, "same", &[&lacks_k]), "TypeValueError");
}

#[test]
fn of_a_field_that_stands_twice_in_bytes_the_last_counts_until_4_1() {
    let twice = |entries: &str| format!("(from-consensus-buff? {{b: int, k: bool}} 0x0c{entries})");
    let (b0, b5, y) = (format!("0162{INT_0}"), format!("0162{INT_5}"), "017903");
    for (entries, said) in [
        (format!("00000002{b0}{b5}"), "(ok (some (tuple (b 5))))"),
        (format!("00000003{b0}{b5}{y}"), "(ok (some (tuple (b 5))))"),
        (format!("00000003{b0}{b5}016b03"), "(ok none)"),
        (format!("00000001{b5}"), "(ok none)"),
        (format!("00000002{b5}016b03"), "(ok (some (tuple (b 5) (k true))))"),
    ] {
        for (epoch, version) in [("3.0", 2), ("3.4", 5), ("4.0", 6)] {
            assert_eq!(body(epoch, version, "", &twice(&entries)), said, "{epoch}: {entries}");
        }
    }
    let whole = format!("{b5}016b03");
    for (entries, said) in [
        (format!("00000002{b0}{b5}"), "(ok none)"),
        (format!("00000003{whole}{y}"), "(ok none)"),
        (format!("00000002{whole}"), "(ok (some (tuple (b 5) (k true))))"),
    ] {
        assert_eq!(body("4.1", 6, "", &twice(&entries)), said, "{entries}");
    }
    // Everything that becomes a list's entry is sanitized to the entry type.
    let damaged = format!("(unwrap-panic {})", twice(&format!("00000002{b0}{b5}")));
    for listed in [
        format!("(append (list {{b: 1, k: true}}) {damaged})"),
        format!("(concat (list {{b: 1, k: true}}) (list {damaged}))"),
    ] {
        assert_eq!(body("3.4", 5, "", &listed), "ListTypesMustMatch", "{listed}");
    }
}

#[test]
fn a_constant_that_lacks_a_field_cannot_be_read_nor_its_contract_called_from_3_4_on() {
    let twice = format!("(from-consensus-buff? {{b: int, k: bool}} 0x0c000000020162{INT_0}0162{INT_5})");
    let source = format!(
        "(define-constant d (unwrap-panic {twice}))
         (define-public (b) (ok (get b d))) (define-public (merged) (ok (merge d {{k: true}})))
         (define-public (n) (ok 1))"
    );
    for (epoch, version, once) in [("3.0", 2, false), ("3.3", 4, false), ("3.4", 5, true), ("4.0", 6, true)] {
        let mut memory = memory(epoch, version);
        memory.publish("c", &source);
        let restarted =
            Contract::decode(&memory.contracts[&id("c")].encode().unwrap(), &id("c"), memory.rules).unwrap();
        let mut restarted = Some(std::sync::Arc::new(restarted));
        memory.publish("d", "(define-public (n) (contract-call? .c n))");
        for _ in 0..2 {
            for function in ["b", "merged"] {
                assert_eq!(call(&mut memory, function, &[]), "CouldNotDetermineType", "{epoch}: {function}");
            }
            let whole = if once { "CouldNotDetermineType" } else { "(ok 1)" };
            assert_eq!(call(&mut memory, "n", &[]), whole, "{epoch}");
            let called = memory.call(&id("d"), "n", Vec::new()).0;
            assert_eq!(called.map_or_else(|stop| stop.kind().to_owned(), |value| value.to_string()), whole, "{epoch}");
            memory.contracts.extend(restarted.take().map(|contract| (id("c"), contract)));
        }
        assert_eq!(memory.try_publish("reads", &format!("{source} (get b d)")).is_ok(), once, "{epoch}");
    }
}

#[test]
fn a_tuple_that_lacks_a_field_stays_in_the_contract_that_was_called_with_it() {
    let lacks_k = format!("0c000000010162{INT_5}");
    let takes = "(define-public (one (x {b: int, k: bool})) (ok u1)) (define-public (all (x (list 2 {b: int, k: bool}))) (ok u1))";
    for (epoch, version) in [("3.0", 2), ("3.3", 4), ("3.4", 5)] {
        let mut memory = memory(epoch, version);
        memory.publish("g", takes);
        let hands_on = "(define-public (one (x {b: int, k: bool})) (contract-call? .g one x))
            (define-public (all (x (list 2 {b: int, k: bool}))) (contract-call? .g all x))";
        memory.publish("c", hands_on);
        assert_eq!(call(&mut memory, "one", &[&lacks_k]), "TypeValueError", "{epoch}");
        assert_eq!(call(&mut memory, "all", &[&format!("0b00000001{lacks_k}")]), "TypeValueError", "{epoch}");
    }
}
