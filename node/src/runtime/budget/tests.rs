//! Shares are taken, grow and come back; a connection that takes others' room is cut.

use std::sync::atomic::AtomicU32;
use std::task::{Context, Poll, Wake, Waker};

use super::*;

/// A size that comes from a class's large pool.
const MUCH: usize = 1 << 20;

fn byte_account(budget: &Budget, class: CallerClass) -> (ByteAccount, CancellationToken) {
    let connection = CancellationToken::new();
    (budget.byte_account(class, &connection).within(Duration::from_secs(60)), connection)
}

#[tokio::test]
async fn what_is_taken_comes_back_with_the_last_of_the_bytes() {
    let budget = Budget::default();
    let (byte_account, _) = byte_account(&budget, CallerClass::Anyone);
    let bytes = hold(Bytes::from(vec![1; MUCH]), byte_account.take(MUCH).unwrap());
    let tail = bytes.slice(MUCH - 1..);
    drop(bytes);
    assert_eq!(budget.used(), MUCH, "its tail is still there");
    drop(tail);
    assert_eq!(budget.used(), 0);
}

#[tokio::test]
async fn small_large_and_actors_have_their_own_room_and_no_more() {
    let budget = Budget::default();
    let ((anyone, _), (actor, _)) =
        (byte_account(&budget, CallerClass::Anyone), byte_account(&budget, CallerClass::Actor));
    let all: Vec<_> = std::iter::from_fn(|| anyone.take(MUCH).ok()).collect();
    assert_eq!(all.len() * MUCH, LARGE_BYTES_IN_FLIGHT);
    assert_eq!(anyone.take(MUCH).unwrap_err(), NoRoom { max: LARGE_BYTES_IN_FLIGHT });
    assert!(anyone.take(SMALL_BYTES).is_ok() && actor.take(MUCH).is_ok());
    let mut small = anyone.take(SMALL_BYTES).unwrap();
    assert!(anyone.grow(&mut small, 1).is_err(), "what was small is large now");
    drop(all);
    anyone.grow(&mut small, MUCH).unwrap();
    anyone.grow(&mut small, MUCH).unwrap();
    assert_eq!(budget.used(), SMALL_BYTES + 2 * MUCH);
    let whole = actor.take(usize::MAX).unwrap();
    assert_eq!(budget.used(), SMALL_BYTES + 2 * MUCH + ACTOR_BYTES_IN_FLIGHT, "more than there is counts as all");
    drop((whole, small));
    assert_eq!(budget.used(), 0);
}

#[tokio::test]
async fn who_is_in_the_way_of_others_is_cut_after_the_grace() {
    let budget = Budget::default();
    let (slow, is_cut) = byte_account(&budget, CallerClass::Anyone);
    let held = slow.take(LARGE_BYTES_IN_FLIGHT).unwrap();
    let after = |time| Instant::now() + time;
    budget.sweep(after(BYTES_GRACE));
    assert!(!is_cut.is_cancelled(), "nobody wants its room");
    let (other, other_is_cut) = byte_account(&budget, CallerClass::Anyone);
    assert!(other.take(MUCH).is_err());
    budget.sweep(Instant::now());
    assert!(!is_cut.is_cancelled(), "it has its grace");
    assert!(other.take(MUCH).is_err());
    budget.sweep(after(BYTES_GRACE));
    assert!(is_cut.is_cancelled());
    drop(held);
    let _kept = other.take(MUCH).unwrap();
    budget.sweep(after(BYTES_GRACE));
    assert!(!other_is_cut.is_cancelled());
    budget.sweep(after(Duration::from_secs(60)));
    assert!(other_is_cut.is_cancelled(), "nobody holds bytes for ever");
}

#[tokio::test]
async fn a_stream_waits_for_room_and_has_it_when_the_slow_one_is_cut() {
    let budget = Budget::default();
    let (slow, is_cut) = byte_account(&budget, CallerClass::Anyone);
    let held = slow.wait(STREAM_BYTES_IN_FLIGHT).await;
    let (other, _) = byte_account(&budget, CallerClass::Anyone);
    let mut waits = std::pin::pin!(other.wait(MUCH));
    assert!(std::future::poll_fn(|cx| Poll::Ready(waits.as_mut().poll(cx).is_pending())).await);
    budget.sweep(Instant::now());
    assert!(!is_cut.is_cancelled(), "it has its grace");
    budget.sweep(Instant::now() + BYTES_GRACE);
    assert!(is_cut.is_cancelled());
    drop(held);
    drop(waits.await);
    assert_eq!(budget.used(), 0);
}

/// Counts how often a task is woken.
#[derive(Default)]
struct Wakes(AtomicU32);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn sweeps_begin_with_a_lease_and_end_with_the_last() {
    let budget = Budget::default();
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut sweeps = std::pin::pin!(budget.keep_swept());
    let mut run = || sweeps.as_mut().poll(&mut Context::from_waker(&waker)).is_pending();
    // For each of three rounds: nothing is in flight, so nothing wakes the task; then a lease does, until it is dropped.
    for _ in 0..3 {
        assert!(run());
        wakes.0.store(0, Ordering::Relaxed);
        tokio::time::sleep(2 * SWEEP_INTERVAL).await;
        assert_eq!(wakes.0.load(Ordering::Relaxed), 0, "nothing is in flight");

        let (slow, is_cut) = byte_account(&budget, CallerClass::Anyone);
        let held = slow.within(Duration::ZERO).take(MUCH).unwrap();
        while !is_cut.is_cancelled() {
            assert!(run());
            tokio::time::sleep(SWEEP_INTERVAL / 10).await;
        }
        drop(held);
        tokio::time::sleep(2 * SWEEP_INTERVAL).await; // The last look is due.
    }
}
