//! Contracts for benchmarks and tests.

use std::fmt::Write as _;

/// A variable, and a function that adds one to it.
pub const COUNTER: &str = "(define-data-var n uint u0)\n\
    (define-public (inc) (begin (var-set n (+ (var-get n) u1)) (ok (var-get n))))\n\
    (define-read-only (current) (var-get n))\n";
/// The counter called through another contract.
pub const PROXY: &str = "(define-public (go) (contract-call? .counter inc))";
/// Functions that fold over lists of numbers: sums, hashes, entries of a map.
pub const LOOPS: &str = "(define-private (add (x uint) (a uint)) (+ x a))
    (define-private (mad (x uint) (a uint)) (+ a (* x u3)))
    (define-private (hash (x uint) (h (buff 32))) (sha256 h))
    (define-map m uint uint)
    (define-private (look (x uint) (a uint)) (+ a (default-to u0 (map-get? m x))))
    (define-private (fill (x uint) (a uint)) (begin (map-set m x a) (+ a u1)))
    (define-private (grow (x uint) (a (list 8192 uint))) (unwrap-panic (as-max-len? (append a x) u8192)))
    (define-public (grown (l (list 8192 uint))) (ok (len (fold grow l (list)))))
    (define-public (sum (l (list 8192 uint))) (ok (fold add l u0)))
    (define-public (sum-native (l (list 8192 uint))) (ok (fold + l u0)))
    (define-public (mads (l (list 8192 uint))) (ok (fold mad l u0)))
    (define-public (hashes (l (list 8192 uint))) (ok (fold hash l 0x00)))
    (define-public (looks (l (list 8192 uint))) (ok (fold look l u0)))
    (define-public (fills (l (list 8192 uint))) (ok (fold fill l u0)))";
/// A fungible token with the standard's transfer.
pub const TOKEN: &str = "(define-fungible-token coin)
    (define-constant err-owner (err u4))
    (define-public (transfer (amount uint) (from principal) (to principal) (memo (optional (buff 34))))
      (begin (asserts! (is-eq tx-sender from) err-owner) (try! (ft-transfer? coin amount from to))
        (match memo m (begin (print m) true) true) (ok true)))
    (define-public (mint (amount uint)) (ft-mint? coin amount tx-sender))";

/// A function that writes ten entries of a map.
#[must_use]
pub fn ten() -> String {
    let sets: String = (0..9).fold(String::new(), |mut text, at| {
        let _ = write!(text, "(map-set m u{at} x) ");
        text
    });
    format!("(define-map m uint uint)\n(define-public (ten (x uint)) (begin {sets}(ok (map-set m u9 x))))")
}

/// The counter among this many books of accounts; 27 make a source of 10 kB.
#[must_use]
pub fn big(books: usize) -> String {
    (0..books).fold(COUNTER.to_owned(), |mut text, at| {
        let _ = writeln!(
            text,
            "(define-map book-{at} {{who: principal, at: uint}} {{amount: uint, note: (string-ascii 20)}})\n\
             (define-public (put-{at} (amount uint)) (let ((old (default-to u0 (get amount (map-get? book-{at} \
             {{who: tx-sender, at: amount}}))))) (asserts! (> amount u0) (err u1)) (map-set book-{at} {{who: tx-sender, \
             at: amount}} {{amount: (+ old amount), note: \"entry\"}}) (ok (var-set n (+ (var-get n) old)))))"
        );
        text
    })
}
