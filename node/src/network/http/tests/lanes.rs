//! How many calls run at once, and that those of one kind leave the others' turns alone.

use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::task::Poll;
use std::time::Duration;

use super::bench::Bench;
use crate::chain::{ApiError, ChainApi};
use crate::network::gate::Gate;
use crate::network::limits::{MAX_CONCURRENT_EVALUATIONS, MAX_CONCURRENT_READS, MAX_CONCURRENT_WRITES};

/// For what must happen: far above what it takes.
const WAIT: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    Read,
    Evaluate,
    Write,
}

impl Lane {
    async fn run(self, gate: &Gate, work: impl FnOnce() + Send + 'static) -> Result<(), ApiError> {
        let work = move |_: &dyn ChainApi| {
            work();
            Ok(())
        };
        match self {
            Self::Read => gate.read(work).await,
            Self::Evaluate => gate.evaluate(work).await,
            Self::Write => gate.write(work).await,
        }
    }
}

/// Holds up threads until it is dropped: also when the test fails, or they would hold up its end.
#[derive(Default)]
struct Door(Arc<(Mutex<bool>, Condvar)>);

impl Drop for Door {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

/// Fills a lane; what is offered to it waits, and the other lanes serve.
fn check(lane: Lane, turns: usize) {
    let bench = Bench::new(None);
    let gate = bench.services.gate.clone();
    let (begun, begins) = mpsc::channel();
    let door = Door::default();
    let work = || {
        let (begun, inside) = (begun.clone(), Arc::clone(&door.0));
        move || {
            begun.send(()).unwrap();
            drop(inside.1.wait_while(inside.0.lock().unwrap(), |open| !*open).unwrap());
        }
    };
    let mut held = tokio::task::JoinSet::new();
    for _ in 0..turns {
        let (gate, work) = (gate.clone(), work());
        held.spawn_on(async move { lane.run(&gate, work).await }, bench.runtime.handle());
    }
    (0..turns).for_each(|_| begins.recv_timeout(WAIT).expect("as many run as may"));
    bench.runtime.block_on(async {
        let mut one_more = Box::pin(lane.run(&gate, work()));
        let ready = std::future::poll_fn(|context| Poll::Ready(one_more.as_mut().poll(context).is_ready())).await;
        assert!(!ready);
        for other in [Lane::Read, Lane::Evaluate, Lane::Write] {
            if other != lane {
                let served = tokio::time::timeout(WAIT, other.run(&gate, || {})).await;
                served.unwrap_or_else(|_| panic!("{other:?} waits for {lane:?}")).unwrap();
            }
        }
    });
    drop(door);
    bench.runtime.block_on(async { held.join_all().await }).into_iter().for_each(|answer| answer.unwrap());
    // If it had begun without a turn, its thread would say so before it ends.
    drop((begun, bench));
    assert_eq!(begins.iter().count(), 0, "one more ran than may");
}

#[test]
fn each_lane_has_its_turns_and_takes_no_others() {
    check(Lane::Read, MAX_CONCURRENT_READS);
    check(Lane::Evaluate, MAX_CONCURRENT_EVALUATIONS);
    check(Lane::Write, MAX_CONCURRENT_WRITES);
}
