use std::sync::Condvar;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chainstate::chain::Admission;
use stacks_types::hashing::sha512_256;
use stacks_types::ids::Txid;

use super::*;

/// Longest wait for something that must happen, far above what it takes.
const WAIT: Duration = Duration::from_secs(60);

/// Answers with the id of the transaction that it got.
fn echo(raw: &Bytes) -> Answer {
    Ok(Offered::Decided(Ok(Admission::Accepted(id(raw)))))
}

fn id(raw: &Bytes) -> Txid {
    Txid(sha512_256(&[raw]))
}

fn txid(answer: Answer) -> Txid {
    match answer.unwrap() {
        Offered::Decided(Ok(Admission::Accepted(txid))) => txid,
        other => panic!("{other:?}"),
    }
}

fn number(number: usize) -> Bytes {
    number.to_string().into()
}

#[tokio::test]
async fn everyone_gets_the_answer_to_his_own_and_many_share_a_batch() {
    let batches = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&batches);
    let work = move |raw: &[Bytes]| {
        counted.fetch_add(1, Ordering::Relaxed);
        assert!(raw.len() <= MAX_ADMISSION_BATCH);
        raw.iter().map(echo).collect()
    };
    let admissions = Arc::new(Admissions::new(work));
    // On one thread, all are offered before the first is answered.
    let offers = (0..1_000).map(|index| {
        let admissions = Arc::clone(&admissions);
        async move { (index, admissions.submit(number(index)).await) }
    });
    let mut offers: tokio::task::JoinSet<_> = offers.collect();
    while let Some(offer) = offers.join_next().await {
        let (index, answer) = offer.unwrap();
        assert_eq!(txid(answer), id(&number(index)));
    }
    assert!(batches.load(Ordering::Relaxed) < 500, "{batches:?} batches of 1,000 offers");
    // A batch answers before it ends.
    let ended = async {
        while admissions.lock().under_way > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(WAIT, ended).await.expect("all batches end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_batches_are_under_way_than_may_be() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, highest) = (Arc::clone(&now), Arc::clone(&most));
    let came = (Mutex::new(0_usize), Condvar::new());
    let work = move |raw: &[Bytes]| {
        let count = counted.fetch_add(1, Ordering::SeqCst) + 1;
        highest.fetch_max(count, Ordering::SeqCst);
        // Batches leave together, as many as may run at once.
        let mut number = came.0.lock().unwrap();
        *number += 1;
        let all = number.next_multiple_of(MAX_CONCURRENT_ADMISSIONS);
        came.1.notify_all();
        let (number, waited) = came.1.wait_timeout_while(number, WAIT, |number| *number < all).unwrap();
        drop(number);
        assert!(!waited.timed_out(), "fewer batches are under way than may be");
        counted.fetch_sub(1, Ordering::SeqCst);
        raw.iter().map(echo).collect()
    };
    let admissions = Arc::new(Admissions::new(work));
    // Each fills a batch.
    let large = Bytes::from(vec![0; MAX_ADMISSION_BATCH_BYTES]);
    let offers = (0..8 * MAX_CONCURRENT_ADMISSIONS).map(|_| {
        let (admissions, large) = (Arc::clone(&admissions), large.clone());
        async move { admissions.submit(large).await }
    });
    let offers: tokio::task::JoinSet<_> = offers.collect();
    let answers = tokio::time::timeout(WAIT, offers.join_all()).await.expect("all are answered");
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(most.load(Ordering::SeqCst), MAX_CONCURRENT_ADMISSIONS);
}

fn waiting(admissions: &Admissions, sizes: &[usize]) {
    for size in sizes {
        let (reply, _) = oneshot::channel();
        let raw = Bytes::from(vec![0; *size]);
        admissions.lock().waiting.push_back(Offer { raw, since: Instant::now(), reply });
    }
}

#[test]
fn a_batch_ends_at_its_number_and_at_its_bytes_but_has_one_offer_at_least() {
    let admissions = Admissions::new(|raw: &[Bytes]| raw.iter().map(echo).collect());
    let batch = || -> Vec<usize> { admissions.take().unwrap().iter().map(|offer| offer.raw.len()).collect() };
    let (number, bytes) = (MAX_ADMISSION_BATCH, MAX_ADMISSION_BATCH_BYTES);
    waiting(&admissions, &vec![1; number + 1]);
    assert_eq!(batch(), vec![1; number]);
    assert_eq!(batch(), [1]);
    waiting(&admissions, &[bytes - 1, 1, 1, bytes, bytes + 1, 1]);
    assert_eq!(batch(), [bytes - 1, 1]);
    assert_eq!(batch(), [1]);
    assert_eq!(batch(), [bytes]);
    assert_eq!(batch(), [bytes + 1], "the largest transaction goes alone");
    assert_eq!(batch(), [1]);
    admissions.lock().under_way = 1;
    assert!(admissions.take().is_none());
    assert_eq!(admissions.lock().under_way, 0);
}

#[tokio::test]
async fn a_panic_fails_its_batch_and_nothing_after_it() {
    let work = |raw: &[Bytes]| {
        assert!(raw.iter().all(|raw| *raw != number(13)), "on purpose");
        raw.iter().map(echo).collect()
    };
    let admissions = Arc::new(Admissions::new(work));
    // As often as batches may run at once: a panic must not leave one counted as running.
    for _ in 0..MAX_CONCURRENT_ADMISSIONS {
        assert!(matches!(admissions.submit(number(13)).await, Err(ApiError::Internal(_))));
    }
    let after = tokio::time::timeout(WAIT, admissions.submit(number(14))).await;
    assert_eq!(txid(after.expect("there is a permit")), id(&number(14)));
}

#[tokio::test]
async fn an_offer_that_waited_too_long_or_finds_too_many_is_told_to_come_back() {
    let admissions = Arc::new(Admissions::new(|raw: &[Bytes]| raw.iter().map(echo).collect()));
    let (reply, answer) = oneshot::channel();
    let since = Instant::now().checked_sub(2 * PERMIT_TIMEOUT).unwrap();
    admissions.lock().waiting.push_back(Offer { raw: number(1), since, reply });
    admissions.lock().under_way = 1;
    admissions.run();
    assert!(matches!(answer.await.unwrap(), Err(ApiError::Busy { reason: "ADMISSION_QUEUE_FULL", .. })));

    for index in 0..MAX_WAITING {
        let (reply, _) = oneshot::channel();
        admissions.lock().waiting.push_back(Offer { raw: number(index), since: Instant::now(), reply });
    }
    assert!(matches!(admissions.submit(number(0)).await, Err(ApiError::Busy { .. })));
}
