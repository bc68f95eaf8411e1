//! Limits, the order of permits, and callers that go away.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::*;

const FULL: &str = "FULL";
const TIMEOUT: Duration = Duration::from_millis(50);
const SHARES: FairQueueLimits =
    FairQueueLimits { permits: 3, of_one: 2, waiting_of_one: 4, timeout: TIMEOUT, full: FULL };

type Key = u8;
type Waiting = Pin<Box<dyn Future<Output = Result<Permit<Key>, ApiError>>>>;

fn ask(queue: &Arc<FairQueue<Key>>, sender: Key) -> Waiting {
    let queue = Arc::clone(queue);
    Box::pin(async move { queue.permit(sender).await })
}

fn look(waiting: &mut Waiting) -> Option<Result<Permit<Key>, ApiError>> {
    match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

fn now(queue: &Arc<FairQueue<Key>>, sender: Key) -> Permit<Key> {
    look(&mut ask(queue, sender)).expect("a permit at once").expect("a permit")
}

/// A request that waits now.
fn waits(queue: &Arc<FairQueue<Key>>, sender: Key) -> Waiting {
    let mut waiting = ask(queue, sender);
    assert!(look(&mut waiting).is_none(), "{sender} does not wait");
    waiting
}

fn is_empty(queue: &FairQueue<Key>) -> bool {
    let state = queue.lock();
    state.out == 0 && state.waiting == 0 && state.senders.is_empty() && state.round.is_empty()
}

#[tokio::test]
async fn one_sender_has_his_share_and_leaves_the_rest_to_others() {
    let queue = FairQueue::new(SHARES);
    let (first, second) = (now(&queue, 1), now(&queue, 1));
    let mut third = waits(&queue, 1);
    let other = now(&queue, 2);
    let mut last = waits(&queue, 3);
    drop(first);
    // Both may run now; the one that came first does.
    assert!(
        look(&mut last).is_some_and(|permit| permit.is_ok()),
        "all permits were out when he came, none of them his"
    );
    assert!(look(&mut third).is_some_and(|permit| permit.is_ok()));
    drop((second, other));
    assert!(is_empty(&queue));
}

#[tokio::test]
async fn senders_come_one_after_the_other_however_much_each_asks() {
    let queue = FairQueue::new(FairQueueLimits { permits: 1, of_one: 1, ..SHARES });
    let mut permit = Some(now(&queue, 1));
    let mut waiting: Vec<_> = [1, 1, 1, 2, 3, 2].map(|sender| (sender, waits(&queue, sender))).into();
    let mut order = Vec::new();
    while !waiting.is_empty() {
        drop(permit.take());
        let mut ran = None;
        waiting.retain_mut(|(sender, waiting)| match look(waiting) {
            Some(answer) => {
                assert!(ran.replace((*sender, answer.unwrap())).is_none(), "two run");
                false
            }
            None => true,
        });
        let (sender, next) = ran.expect("a permit is given on at once");
        order.push(sender);
        permit = Some(next);
    }
    assert_eq!(order, [2, 3, 1, 2, 1, 1]);
    drop(permit);
    assert!(is_empty(&queue));
}

#[tokio::test]
async fn who_gets_no_turn_in_time_or_has_too_many_waiting_is_told_to_come_back() {
    let is_busy = |answer: &Result<Permit<Key>, ApiError>| matches!(answer, Err(ApiError::Busy { reason: FULL, retry_after }) if *retry_after == RETRY_AFTER);
    let queue = FairQueue::new(SHARES);
    let held = (now(&queue, 1), now(&queue, 1));
    assert!(is_busy(&tokio::time::timeout(1_000 * TIMEOUT, ask(&queue, 1)).await.expect("an end of the wait")));
    let mut waiting: Vec<_> = (0..SHARES.waiting_of_one).map(|_| waits(&queue, 1)).collect();
    assert!(look(&mut ask(&queue, 1)).is_some_and(|answer| is_busy(&answer)), "his room is full");
    drop(now(&queue, 2));
    waiting.pop();
    waiting.push(waits(&queue, 1));
    drop((waiting, held));
    assert!(is_empty(&queue));
}

#[tokio::test]
async fn no_more_wait_in_all_than_may() {
    let queue: Arc<FairQueue<u32>> = FairQueue::new(FairQueueLimits { permits: 0, ..SHARES });
    let ask = |sender| {
        let queue = Arc::clone(&queue);
        let mut waiting = Box::pin(async move { queue.permit(sender).await.is_err() });
        let ready = waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        (waiting, ready)
    };
    let waiting: Vec<_> = (0..u32::try_from(MAX_WAITING).unwrap()).map(ask).collect();
    assert!(waiting.iter().all(|(_, ready)| !ready));
    assert!(ask(u32::MAX).1, "the room is full");
}

proptest! {
    /// Random orders of asking, ending and going away.
    #[test]
    fn no_turn_is_lost_and_no_share_is_passed(acts in prop::collection::vec((0_u8..3, 0_u8..4, 0_usize..8), 1..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // Nothing times out here.
            let queue = FairQueue::new(FairQueueLimits { timeout: Duration::from_secs(3600), ..SHARES });
            let (mut running, mut waiting) = (Vec::new(), Vec::new());
            for (act, sender, which) in acts {
                match act {
                    0 => waiting.push((sender, ask(&queue, sender))),
                    1 if which < waiting.len() => drop(waiting.swap_remove(which)),
                    _ if which < running.len() => drop(running.swap_remove(which)),
                    _ => {}
                }
                // A permit that was given and not taken is dropped with its waiting request.
                waiting.retain_mut(|(sender, waiting)| match look(waiting) {
                    Some(Ok(permit)) => {
                        running.push((*sender, permit));
                        false
                    }
                    answer => answer.is_none(),
                });
                let of = |sender: Key| running.iter().filter(|(other, _)| *other == sender).count();
                prop_assert!(running.len() <= SHARES.permits && (0..4).all(|sender| of(sender) <= SHARES.of_one));
                let may_run = waiting.iter().any(|(sender, _)| of(*sender) < SHARES.of_one);
                prop_assert!(!may_run || running.len() == SHARES.permits, "one waits who may run");
                let state = queue.lock();
                prop_assert_eq!((state.out, state.waiting), (running.len(), waiting.len()));
            }
            drop((waiting, running));
            prop_assert!(is_empty(&queue));
            Ok(())
        })?;
    }
}
