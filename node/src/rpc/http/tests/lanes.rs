//! How many calls run at once, and that calls of one kind do not use up the permits of another.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::task::Poll;
use std::time::Duration;

use axum::http::HeaderName;
use client::lane;
use tokio_util::sync::CancellationToken;

use super::bench::Bench;
use crate::error::ApiError;
use crate::limits::{MAX_CONCURRENT_READS, MAX_CONCURRENT_WRITES, MAX_EVALUATIONS_OF_PEER, MAX_SIMULATIONS_OF_PEER};
use crate::rpc::actors::Actors;
use crate::rpc::auth::Guard;
use crate::rpc::blocking_pool::BlockingPool;
use crate::runtime::budget::Budget;
use crate::runtime::caller::Caller;
use crate::runtime::class::CallerClass;
use chainstate::test_support::key;

/// Longest wait for something that must happen, far above what it takes.
const WAIT: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    Read,
    Evaluate,
    Simulate,
    Write,
}

impl Lane {
    async fn run(self, pool: &BlockingPool, work: impl FnOnce() + Send + 'static) -> Result<(), ApiError> {
        let work = move || {
            work();
            Ok(())
        };
        match self {
            Self::Read => pool.read(move |_| work()).await,
            Self::Evaluate => pool.evaluate(move |_| work()).await,
            Self::Simulate => pool.simulate(move |_, _| work()).await,
            Self::Write => pool.write(move |_| work()).await,
        }
    }
}

/// Blocks threads until it is dropped; also when the test fails, which would otherwise hang.
#[derive(Default)]
struct Latch(Arc<(Mutex<bool>, Condvar)>);

impl Drop for Latch {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

/// Fills a lane: one more call on it waits, and the other lanes serve.
fn check(lane: Lane, permits: usize) {
    let bench = Bench::new(None);
    let pool = bench.services.pool.clone();
    let (begun, begins) = mpsc::channel();
    let latch = Latch::default();
    let work = || {
        let (begun, inside) = (begun.clone(), Arc::clone(&latch.0));
        move || {
            begun.send(()).unwrap();
            drop(inside.1.wait_while(inside.0.lock().unwrap(), |open| !*open).unwrap());
        }
    };
    let mut held = tokio::task::JoinSet::new();
    for _ in 0..permits {
        let (pool, work) = (pool.clone(), work());
        held.spawn_on(async move { lane.run(&pool, work).await }, bench.runtime.handle());
    }
    (0..permits).for_each(|_| begins.recv_timeout(WAIT).expect("as many run as may"));
    bench.runtime.block_on(async {
        let mut one_more = Box::pin(lane.run(&pool, work()));
        let ready = std::future::poll_fn(|context| Poll::Ready(one_more.as_mut().poll(context).is_ready())).await;
        assert!(!ready);
        for other in [Lane::Read, Lane::Evaluate, Lane::Simulate, Lane::Write] {
            if other != lane {
                let served = tokio::time::timeout(WAIT, other.run(&pool, || {})).await;
                served.unwrap_or_else(|_| panic!("{other:?} waits for {lane:?}")).unwrap();
            }
        }
    });
    drop(latch);
    bench.runtime.block_on(async { held.join_all().await }).into_iter().for_each(|answer| answer.unwrap());
    // Had it begun without a permit, its thread would have said so by now.
    drop((begun, bench));
    assert_eq!(begins.iter().count(), 0, "one more ran than may");
}

#[test]
fn each_lane_has_its_turns_and_takes_no_others() {
    check(Lane::Read, MAX_CONCURRENT_READS);
    check(Lane::Evaluate, MAX_EVALUATIONS_OF_PEER);
    check(Lane::Simulate, MAX_SIMULATIONS_OF_PEER);
    check(Lane::Write, MAX_CONCURRENT_WRITES);
}

#[test]
fn a_dry_run_is_told_when_nobody_waits_for_it_any_more() {
    let bench = Bench::new(None);
    let pool = bench.services.pool.clone();
    let (told, tells) = mpsc::channel();
    let run = async move {
        let spin = pool.simulate(move |_, gone| {
            told.send(()).unwrap();
            while !gone.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            told.send(()).unwrap();
            Ok(())
        });
        spin.await
    };
    let asked = bench.runtime.spawn(run);
    tells.recv_timeout(WAIT).expect("it runs");
    asked.abort();
    tells.recv_timeout(WAIT).expect("it ends");
}

/// The class of a request with these headers.
fn class(bench: &Bench, token: Option<&str>, headers: &[(&'static str, String)]) -> CallerClass {
    let actors = Actors::new(Guard::new(token), bench.services.pool.clone());
    let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
    bench.runtime.block_on(actors.class(&headers.collect()))
}

#[test]
fn producers_and_signers_are_known_by_their_slots_key_or_by_the_token() {
    let bench = Bench::new(None);
    let pass = |kind, index| vec![(lane::HEADER, lane::header_value(&key(kind, index)))];
    assert_eq!(class(&bench, None, &pass("producer", 0)), CallerClass::Actor);
    assert_eq!(class(&bench, None, &pass("stacker", 2)), CallerClass::Actor);
    assert_eq!(class(&bench, None, &pass("user", 0)), CallerClass::Anyone, "a key without a slot");
    assert_eq!(class(&bench, None, &[(lane::HEADER, "00".to_owned())]), CallerClass::Anyone);
    assert_eq!(class(&bench, None, &[]), CallerClass::Anyone);
    let token = |token: &str| vec![("authorization", format!("Bearer {token}"))];
    assert_eq!(class(&bench, Some("secret"), &token("secret")), CallerClass::Actor);
    assert_eq!(class(&bench, Some("secret"), &token("other")), CallerClass::Anyone);
    assert_eq!(
        class(&bench, None, &token("secret")),
        CallerClass::Anyone,
        "no token is asked for, so none tells anything"
    );
}

#[test]
fn an_actor_reads_and_writes_while_everybodys_turns_are_taken() {
    let bench = Bench::new(None);
    let pool = bench.services.pool.clone();
    let (begun, begins) = mpsc::channel();
    let latch = Latch::default();
    let mut held = tokio::task::JoinSet::new();
    for (lane, permits) in [(Lane::Read, MAX_CONCURRENT_READS), (Lane::Write, MAX_CONCURRENT_WRITES)] {
        for _ in 0..permits {
            let (pool, begun, inside) = (pool.clone(), begun.clone(), Arc::clone(&latch.0));
            let work = move || {
                begun.send(()).unwrap();
                drop(inside.1.wait_while(inside.0.lock().unwrap(), |open| !*open).unwrap());
            };
            held.spawn_on(async move { lane.run(&pool, work).await }, bench.runtime.handle());
        }
    }
    for _ in 0..MAX_CONCURRENT_READS + MAX_CONCURRENT_WRITES {
        begins.recv_timeout(WAIT).expect("as many run as may");
    }
    let byte_account = Budget::default().byte_account(CallerClass::Actor, &CancellationToken::new());
    let caller = Caller::new(IpAddr::from([127, 0, 0, 1]), byte_account);
    bench.runtime.block_on(caller.serve(async {
        for lane in [Lane::Read, Lane::Write] {
            let served = tokio::time::timeout(WAIT, lane.run(&pool, || {})).await;
            served.unwrap_or_else(|_| panic!("{lane:?} waits")).unwrap();
        }
    }));
    drop(latch);
    bench.runtime.block_on(async { held.join_all().await }).into_iter().for_each(|answer| answer.unwrap());
}

#[test]
fn a_peer_evaluates_while_another_has_all_that_one_may() {
    let bench = Bench::new(None);
    let pool = bench.services.pool.clone();
    let caller = |peer: [u8; 4]| {
        let byte_account = Budget::default().byte_account(CallerClass::Anyone, &CancellationToken::new());
        Caller::new(IpAddr::from(peer), byte_account)
    };
    let (begun, begins) = mpsc::channel();
    let latch = Latch::default();
    let mut held = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (pool, begun, inside) = (pool.clone(), begun.clone(), Arc::clone(&latch.0));
        let work = move || {
            begun.send(()).unwrap();
            drop(inside.1.wait_while(inside.0.lock().unwrap(), |open| !*open).unwrap());
        };
        let run = async move { Lane::Evaluate.run(&pool, work).await };
        held.spawn_on(caller([127, 0, 0, 1]).serve(run), bench.runtime.handle());
    }
    for _ in 0..MAX_EVALUATIONS_OF_PEER {
        begins.recv_timeout(WAIT).expect("as many run as may");
    }
    let other = caller([127, 0, 0, 2]).serve(Lane::Evaluate.run(&pool, || {}));
    let served = bench.runtime.block_on(async { tokio::time::timeout(WAIT, other).await });
    served.expect("it does not wait").unwrap();
    drop(latch);
    // The waiting calls get permits as they are returned, or are told to try later.
    bench.runtime.block_on(async { held.join_all().await }).into_iter().for_each(|answer| answer.unwrap());
}
