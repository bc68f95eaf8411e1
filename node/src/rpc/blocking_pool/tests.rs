//! Permits, the limit of waiting requests, and callers that go away.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

const FULL: &str = "FULL";
/// Wait after which a request is told to try later.
const PATIENCE: Duration = Duration::from_millis(50);

fn limit(permits: usize) -> ConcurrencyLimit {
    ConcurrencyLimit::new(permits, PATIENCE, FULL)
}

fn is_busy<T>(answer: &Result<T, ApiError>) -> bool {
    matches!(answer, Err(ApiError::Busy { reason: FULL, retry_after }) if *retry_after == RETRY_AFTER)
}

fn look<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_turn_that_ends_is_the_next_ones() {
    let limit = limit(2);
    let (first, _second) = (limit.permit().await.unwrap(), limit.permit().await.unwrap());
    let mut third = pin!(limit.permit());
    assert!(look(third.as_mut()).is_pending(), "both permits are taken");
    drop(first);
    assert!(matches!(look(third.as_mut()), Poll::Ready(Ok(_))));
    assert_eq!(limit.waiting.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn who_gets_no_turn_in_time_is_told_to_come_back() {
    let limit = limit(1);
    let held = limit.permit().await.unwrap();
    let begun = tokio::time::Instant::now();
    let answer = tokio::time::timeout(1_000 * PATIENCE, limit.permit()).await.expect("an end of the wait");
    assert!(is_busy(&answer) && begun.elapsed() >= PATIENCE, "{:?}", begun.elapsed());
    drop(held);
    assert!(limit.permit().await.is_ok());
}

#[tokio::test]
async fn what_must_not_be_left_undone_gets_its_turn_however_late() {
    let limit = limit(1);
    let held = limit.permit().await.unwrap();
    let mut late = pin!(limit.permit_in_turn());
    assert!(tokio::time::timeout(3 * PATIENCE, late.as_mut()).await.is_err(), "it waits on");
    drop(held);
    assert!(matches!(look(late), Poll::Ready(Ok(_))));
}

#[tokio::test]
async fn one_more_than_may_wait_is_refused_at_once_and_who_leaves_makes_room() {
    let limit = ConcurrencyLimit::new(1, PERMIT_TIMEOUT, FULL);
    let _held = limit.permit().await.unwrap();
    let mut waiting: Vec<_> = (0..MAX_WAITING).map(|_| Box::pin(limit.permit())).collect();
    assert!(waiting.iter_mut().all(|permit| look(permit.as_mut()).is_pending()));
    for _ in 0..2 {
        assert!(matches!(look(pin!(limit.permit())), Poll::Ready(answer) if is_busy(&answer)), "the room is full");
    }
    waiting.pop(); // As when its connection ends.
    assert!(look(pin!(limit.permit())).is_pending());
}
