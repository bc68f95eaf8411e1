//! The queue without workers.

use super::state::RETRY_AFTER;
use super::*;
use std::time::SystemTime;

use crate::jobs::types::JobKey;
use crate::limits::MAX_REQUEST_KEYS;

const HOUR: Duration = Duration::from_secs(3600);
const LIMITS: JobQueueLimits =
    JobQueueLimits { queue: 2, queue_bytes: 100, results: 2, result_bytes: 100, result_age: HOUR };

fn queue() -> JobQueue<u32, u32> {
    JobQueue::new("t", 0, LIMITS)
}

fn job(job: u32) -> JobRequest<u32> {
    JobRequest {
        job,
        key: None,
        request_key: None,
        bytes: 10,
        not_after: None,
        hold: Duration::ZERO,
        class: CallerClass::Anyone,
    }
}

fn keyed(number: u8, joins_running: bool) -> JobRequest<u32> {
    JobRequest { key: Some(JobKey { hash: [number; 32], joins_running }), ..job(number.into()) }
}

fn end_of(queue: &JobQueue<u32, u32>, id: &str) -> Option<Outcome<u32>> {
    match queue.fetch(id) {
        Ok(Fetched::Done(outcome)) => Some(Outcome::clone(&outcome)),
        Ok(Fetched::Pending { .. }) | Err(_) => None,
    }
}

fn run_one(queue: &JobQueue<u32, u32>, bytes: usize) -> String {
    let running = queue.take().unwrap();
    queue.finish(&running.id, Arc::new(Outcome::Succeeded(running.job)), bytes);
    running.id
}

#[test]
fn a_full_queue_refuses_and_has_room_again_after_a_take() {
    let queue = queue();
    assert_eq!(queue.request(job(1)).unwrap().position, 0);
    assert_eq!(queue.request(job(2)).unwrap().position, 1);
    let Err(NotQueued::Full(full)) = queue.request(job(3)) else { panic!("it is full") };
    assert_eq!(full.to_string(), "2 of 2 requests wait (20 of 100 bytes)");
    assert!(full.retry_after >= RETRY_AFTER.0 && full.retry_after <= RETRY_AFTER.1);
    let running = queue.take().unwrap();
    assert_eq!((running.id.as_str(), running.job), ("t-0-1", 1));
    let third = queue.request(job(3)).unwrap();
    assert_eq!((third.id.as_str(), third.position), ("t-0-3", 2), "one runs, one waits before it");
}

#[test]
fn bytes_bound_the_queue_as_well_as_the_number_does() {
    let queue = queue();
    queue.request(JobRequest { bytes: 60, ..job(1) }).unwrap();
    assert!(queue.request(JobRequest { bytes: 41, ..job(2) }).is_err());
    assert!(queue.request(JobRequest { bytes: 40, ..job(2) }).is_ok());
    assert_eq!(queue.stats().waiting_bytes, 100);
    run_one(&queue, 1);
    assert_eq!(queue.stats().waiting_bytes, 40);
    run_one(&queue, 1);
    assert!(queue.request(JobRequest { bytes: 1000, ..job(3) }).is_ok(), "one that is alone always has room");
}

#[test]
fn the_same_key_joins_until_the_job_finishes() {
    let queue = queue();
    let first = queue.request(keyed(7, true)).unwrap();
    let running = queue.take().unwrap();
    let second = queue.request(keyed(7, true)).unwrap();
    assert_eq!((second.id.as_str(), second.joined), (first.id.as_str(), true));
    queue.finish(&running.id, Arc::new(Outcome::Succeeded(9)), 1);
    let third = queue.request(keyed(7, true)).unwrap();
    assert!(!third.joined);
    assert_ne!(third.id, first.id);
}

#[test]
fn a_job_that_has_chosen_its_inputs_is_not_joined_while_it_runs() {
    let queue = queue();
    let first = queue.request(keyed(7, false)).unwrap();
    assert!(queue.request(keyed(7, false)).unwrap().joined, "it waits: its inputs are not chosen yet");
    let running = queue.take().unwrap();
    let second = queue.request(keyed(7, false)).unwrap();
    assert!(!second.joined);
    queue.finish(&running.id, Arc::new(Outcome::Succeeded(9)), 1);
    let third = queue.request(keyed(7, false)).unwrap();
    assert_eq!((third.joined, third.id.as_str()), (true, second.id.as_str()));
    assert_ne!(first.id, second.id);
}

#[test]
fn the_latest_deadline_of_those_that_joined_counts() {
    let (early, late) = (SystemTime::UNIX_EPOCH, SystemTime::now() + HOUR);
    for (deadlines, is_late) in [
        (vec![Some(early)], true),
        (vec![Some(early), Some(late)], false),
        (vec![Some(late), Some(early)], false),
        (vec![Some(early), None], false),
        (vec![None, Some(early)], false),
    ] {
        let queue = queue();
        for not_after in deadlines.clone() {
            queue.request(JobRequest { not_after, ..keyed(1, true) }).unwrap();
        }
        assert_eq!(queue.take().unwrap().is_late, is_late, "{deadlines:?}");
    }
}

#[test]
fn results_are_kept_by_count_and_bytes() {
    let queue = queue();
    for number in 1..=3_u32 {
        queue.request(job(number)).unwrap();
        run_one(&queue, 10);
    }
    assert_eq!(queue.fetch("t-0-1").unwrap_err(), MissingJob::Expired);
    assert_eq!(end_of(&queue, "t-0-3"), Some(Outcome::Succeeded(3)));
    queue.request(job(4)).unwrap();
    run_one(&queue, 1000);
    assert_eq!(queue.fetch("t-0-3").unwrap_err(), MissingJob::Expired);
    assert_eq!(end_of(&queue, "t-0-4"), Some(Outcome::Succeeded(4)));
    assert_eq!((queue.stats().results, queue.stats().result_bytes), (1, 1000));
}

#[test]
fn one_who_waits_hears_of_the_end() {
    let queue = queue();
    queue.request(job(1)).unwrap();
    let Ok(Fetched::Pending { ended, .. }) = queue.fetch("t-0-1") else { panic!("it waits") };
    assert!(!*ended.borrow());
    run_one(&queue, 0);
    assert!(*ended.borrow());
    for never in ["t-0-9", "t-1-1", "v-0-1", "t-0-01", "t-0-0", "t-0", "", "t-0-1-1", "t-+0-1"] {
        assert_eq!(queue.fetch(never).unwrap_err(), MissingJob::Unknown, "{never}");
    }
}

#[test]
fn a_job_ends_when_all_who_asked_for_it_have_taken_it_back() {
    let queue = queue();
    let id = queue.request(keyed(1, true)).unwrap().id;
    queue.request(keyed(1, true)).unwrap();
    let Ok(Fetched::Pending { ended, .. }) = queue.fetch(&id) else { panic!("it waits") };
    assert!(matches!(queue.withdraw(&id, &Withdrawal::WithoutKey, CallerClass::Anyone), Ok(Withdrawn::Pending)));
    assert!(matches!(queue.withdraw(&id, &Withdrawal::WithoutKey, CallerClass::Anyone), Ok(Withdrawn::Dropped)));
    assert_eq!(end_of(&queue, &id), Some(Outcome::Cancelled));
    assert!(*ended.borrow(), "those who wait hear of it");
    assert_eq!(queue.stats().waiting_bytes, 0);
    assert!(matches!(queue.withdraw(&id, &Withdrawal::WithoutKey, CallerClass::Anyone), Ok(Withdrawn::Done(_))));
    assert!(!queue.request(keyed(1, true)).unwrap().joined, "it is not joined any more");
    assert_eq!(queue.withdraw("t-0-9", &Withdrawal::WithoutKey, CallerClass::Anyone).unwrap_err(), MissingJob::Unknown);
}

#[test]
fn a_job_that_runs_learns_that_nobody_wants_it() {
    let queue = queue();
    let id = queue.request(job(1)).unwrap().id;
    let running = queue.take().unwrap();
    assert!(!running.cancelled.load(Ordering::Relaxed));
    assert!(matches!(queue.withdraw(&id, &Withdrawal::WithoutKey, CallerClass::Anyone), Ok(Withdrawn::Pending)));
    assert!(running.cancelled.load(Ordering::Relaxed));
    assert!(end_of(&queue, &id).is_none(), "it ends when the worker says so");
}

#[test]
fn what_came_while_a_job_ran_releases_it_as_soon_as_it_is_held() {
    let queue = queue();
    queue.request(JobRequest { hold: HOUR, ..job(1) }).unwrap();
    let running = queue.take().unwrap();
    queue.release_held();
    queue.hold(running).unwrap();
    assert!(!queue.has_held());
    let running = queue.take().unwrap();
    queue.hold(running).unwrap();
    assert!(queue.has_held(), "nothing came since it began again");
}

#[test]
fn a_held_job_comes_again_when_released_or_when_its_time_is_over() {
    let queue = queue();
    queue.request(JobRequest { hold: HOUR, ..keyed(1, true) }).unwrap();
    queue.hold(queue.take().unwrap()).unwrap();
    assert!(queue.has_held());
    assert_eq!(queue.stats().waiting, 1);
    assert!(queue.request(JobRequest { hold: HOUR, ..keyed(1, true) }).unwrap().joined, "it is open");
    queue.release_held();
    let running = queue.take().unwrap();
    assert_eq!((running.job, queue.has_held()), (1, false));
    queue.finish(&running.id, Arc::new(Outcome::Succeeded(1)), 0);

    queue.request(JobRequest { hold: Duration::from_millis(20), ..job(2) }).unwrap();
    queue.hold(queue.take().unwrap()).unwrap();
    let running = queue.take().unwrap(); // Waits for the end of the hold.
    let running = queue.hold(running).unwrap_err();
    assert_eq!(running.job, 2, "its time is over: it must be finished now");
    queue.finish(&running.id, Arc::new(Outcome::Succeeded(2)), 0);

    let id = queue.request(JobRequest { hold: HOUR, ..job(3) }).unwrap().id;
    let running = queue.take().unwrap();
    assert!(matches!(queue.withdraw(&id, &Withdrawal::WithoutKey, CallerClass::Anyone), Ok(Withdrawn::Pending)));
    assert!(queue.hold(running).is_err(), "nobody wants it any more");
}

#[test]
fn after_a_restart_results_are_there_and_lost_jobs_say_so() {
    let queue: JobQueue<u32, u32> = JobQueue::new("t", 3, LIMITS);
    queue.restore("t-1-8".to_owned(), Outcome::Succeeded(18), 1, Duration::ZERO);
    queue.restore("t-2-4".to_owned(), Outcome::Succeeded(24), 1, Duration::ZERO);
    queue.restore("t-2-6".to_owned(), Outcome::Cancelled, 1, Duration::ZERO);
    assert_eq!(end_of(&queue, "t-2-4"), Some(Outcome::Succeeded(24)));
    assert_eq!(end_of(&queue, "t-2-6"), Some(Outcome::Cancelled));
    for lost in ["t-2-5", "t-2-7"] {
        let Some(Outcome::Failed(failure)) = end_of(&queue, lost) else { panic!("{lost}") };
        assert_eq!(failure.reason, "NODE_RESTARTED");
    }
    for forgotten in ["t-2-3", "t-1-9", "t-1-8"] {
        assert_eq!(queue.fetch(forgotten).unwrap_err(), MissingJob::Expired, "{forgotten}");
    }
    assert_eq!(queue.request(job(1)).unwrap().id, "t-3-1");
}

#[test]
fn what_is_too_old_after_a_restart_is_gone() {
    let queue: JobQueue<u32, u32> = JobQueue::new("t", 1, LIMITS);
    queue.restore("t-0-1".to_owned(), Outcome::Succeeded(1), 1, 2 * HOUR);
    queue.restore("t-0-2".to_owned(), Outcome::Succeeded(2), 1, HOUR / 2);
    assert_eq!(queue.fetch("t-0-1").unwrap_err(), MissingJob::Expired);
    assert_eq!(end_of(&queue, "t-0-2"), Some(Outcome::Succeeded(2)));
}

#[test]
fn a_stopped_board_gives_no_jobs_and_stops_the_one_that_runs() {
    let queue = queue();
    queue.request(job(1)).unwrap();
    queue.request(job(2)).unwrap();
    let running = queue.take().unwrap();
    queue.stop();
    assert!(running.cancelled.load(Ordering::Relaxed));
    assert!(queue.take().is_none());
    assert_eq!(queue.request(job(3)), Err(NotQueued::Stopped));
    assert_eq!(queue.stats().refused_total, 0, "it is not full");
}

#[test]
fn every_end_without_a_result_says_why() {
    for outcome in [Outcome::<u32>::Expired, Outcome::Cancelled] {
        let (state, reason, detail) = outcome.parts();
        assert!(!reason.is_empty() && !detail.is_empty(), "{state:?}");
    }
}

#[tokio::test]
async fn who_waits_for_a_job_is_told_that_the_queue_was_stopped() {
    /// Far above what it takes.
    const WAIT: Duration = Duration::from_secs(20);
    let queue = queue();
    let ids = [1, 2].map(|number| queue.request(job(number)).unwrap().id);
    let _runs = queue.take().unwrap();
    let waits = ids.each_ref().map(|id| queue.fetch_within(id, Some(WAIT)));
    let stop = async { queue.stop() };
    let [runs, waits] = waits;
    let (runs, waits, ()) = tokio::join!(runs, waits, stop);
    assert_eq!([runs.unwrap_err(), waits.unwrap_err()], [MissingJob::Stopped; 2]);
    assert_eq!(queue.fetch_within(&ids[1], Some(WAIT)).await.unwrap_err(), MissingJob::Stopped);
    assert!(matches!(queue.fetch_within(&ids[1], None).await, Ok(Fetched::Pending { .. })));
}

fn actors(number: u32) -> JobRequest<u32> {
    JobRequest { class: CallerClass::Actor, ..job(number) }
}

#[test]
fn producers_and_signers_have_room_of_their_own_and_go_first() {
    let queue = queue();
    (1..=2).for_each(|number| drop(queue.request(job(number)).unwrap()));
    assert!(queue.request(job(3)).is_err());
    assert_eq!(queue.request(actors(4)).unwrap().position, 0);
    assert_eq!(queue.request(actors(5)).unwrap().position, 1);
    assert!(queue.request(actors(6)).is_err(), "theirs has a limit too");
    assert_eq!((queue.stats().waiting, queue.stats().waiting_bytes), (4, 40));
    let order: Vec<_> = (0..4).map(|_| queue.take().unwrap().job).collect();
    assert_eq!(order, [4, 5, 1, 2]);
}

#[test]
fn results_of_others_do_not_push_theirs_out() {
    let queue = queue();
    let id = queue.request(actors(1)).unwrap().id;
    run_one(&queue, 60);
    for number in 2..9 {
        queue.request(job(number)).unwrap();
        run_one(&queue, 60);
    }
    assert_eq!(end_of(&queue, &id), Some(Outcome::Succeeded(1)));
    assert_eq!((queue.stats().results, queue.stats().result_bytes), (2, 120));
}

#[test]
fn what_runs_ends_with_what_it_has_when_one_of_theirs_comes() {
    let queue = queue();
    queue.request(job(1)).unwrap();
    let running = queue.take().unwrap();
    queue.request(job(2)).unwrap();
    assert!(!running.finish_early.load(Ordering::Relaxed));
    queue.request(actors(3)).unwrap();
    assert!(running.finish_early.load(Ordering::Relaxed));
    assert!(!running.cancelled.load(Ordering::Relaxed), "it has a result all the same");
    let theirs = queue.take().unwrap();
    queue.request(actors(4)).unwrap();
    assert!(!theirs.finish_early.load(Ordering::Relaxed));
}

#[test]
fn who_wants_a_result_at_once_does_not_wait_for_what_another_waits_for() {
    let queue = queue();
    let waits = queue.request(JobRequest { hold: HOUR, ..keyed(1, true) }).unwrap().id;
    queue.hold(queue.take().unwrap()).unwrap();
    let at_once = queue.request(keyed(1, true)).unwrap();
    assert!(!at_once.joined && at_once.id != waits);
    let too = JobRequest { hold: HOUR, ..keyed(1, true) };
    let joined = queue.request(keyed(1, true)).unwrap();
    assert_eq!((joined.joined, &joined.id), (true, &at_once.id));
    run_one(&queue, 1);
    assert!(end_of(&queue, &at_once.id).is_some() && end_of(&queue, &waits).is_none());
    assert!(!queue.request(too).unwrap().joined, "the newest with the key was another");
}

#[test]
fn a_job_of_everybodys_that_an_actor_joins_goes_first() {
    let queue = queue();
    (1..=2).for_each(|number| drop(queue.request(keyed(number, true)).unwrap()));
    let joined = queue.request(JobRequest { class: CallerClass::Actor, ..keyed(2, true) }).unwrap();
    assert_eq!((joined.joined, joined.position), (true, 0));
    assert!(queue.request(job(3)).is_ok(), "it has left its lane");
    let order: Vec<_> = (0..3).map(|_| queue.take().unwrap().job).collect();
    assert_eq!(order, [2, 1, 3]);
    assert_eq!(queue.stats().waiting_bytes, 0);
}

#[test]
fn a_held_job_that_an_actor_joins_is_theirs() {
    let queue = queue();
    queue.request(JobRequest { hold: HOUR, ..keyed(1, true) }).unwrap();
    let running = queue.take().unwrap();
    assert!(queue.hold(running).is_ok());
    queue.request(JobRequest { hold: HOUR, class: CallerClass::Actor, ..keyed(1, true) }).unwrap();
    queue.request(job(2)).unwrap();
    queue.release_held();
    let order: Vec<_> = (0..2).map(|_| queue.take().unwrap().job).collect();
    assert_eq!(order, [1, 2]);
}

#[test]
fn nobody_else_takes_back_what_an_actor_wants() {
    let queue = queue();
    let id = queue.request(JobRequest { class: CallerClass::Actor, ..keyed(1, true) }).unwrap().id;
    queue.request(keyed(1, true)).unwrap();
    for _ in 0..3 {
        assert!(matches!(queue.withdraw(&id, &Withdrawal::WithoutKey, CallerClass::Anyone), Ok(Withdrawn::Pending)));
    }
    assert!(matches!(queue.withdraw(&id, &Withdrawal::WithoutKey, CallerClass::Actor), Ok(Withdrawn::Dropped)));
}

/// A request with a name for it.
fn named(number: u8, request_key: &str) -> JobRequest<u32> {
    JobRequest { request_key: Some(request_key.to_owned()), ..keyed(number, true) }
}

fn request_of(key: &str) -> Withdrawal {
    Withdrawal::Request(key.to_owned())
}

fn call_of(key: &str) -> Withdrawal {
    Withdrawal::Call(key.to_owned())
}

#[test]
fn a_request_with_a_key_counts_once_and_is_taken_back_once() {
    let queue = queue();
    let id = queue.request(named(1, "a")).unwrap().id;
    for again in [named(1, "a"), named(1, "b"), keyed(1, true)] {
        assert_eq!(queue.request(again).unwrap(), Ticket { id: id.clone(), position: 0, joined: true });
    }
    assert_eq!(queue.requests(), 3);
    for _ in 0..3 {
        let taken = queue.withdraw(&id, &request_of("a"), CallerClass::Anyone);
        assert!(matches!(taken, Ok(Withdrawn::Pending)), "others want it still");
    }
    for (withdrawal, left) in [(request_of("nobody"), 2), (Withdrawal::WithoutKey, 1), (Withdrawal::WithoutKey, 1)] {
        assert!(matches!(queue.withdraw(&id, &withdrawal, CallerClass::Anyone), Ok(Withdrawn::Pending)));
        assert_eq!(queue.requests(), left, "{withdrawal:?}");
    }
    assert!(matches!(queue.withdraw(&id, &request_of("b"), CallerClass::Anyone), Ok(Withdrawn::Dropped)));
    assert!(matches!(queue.withdraw(&id, &request_of("b"), CallerClass::Anyone), Ok(Withdrawn::Done(_))));
}

#[test]
fn a_call_that_is_dropped_leaves_the_one_that_sent_its_request_again() {
    let queue = queue();
    let id = queue.request(named(1, "a")).unwrap().id;
    queue.request(named(1, "a")).unwrap();
    assert!(matches!(queue.withdraw(&id, &call_of("a"), CallerClass::Anyone), Ok(Withdrawn::Pending)));
    assert_eq!(queue.requests(), 1);
    assert!(matches!(queue.withdraw(&id, &call_of("a"), CallerClass::Anyone), Ok(Withdrawn::Dropped)));
    // And one that was taken back while its calls waited is not missed.
    let id = queue.request(named(1, "a")).unwrap().id;
    queue.request(named(1, "b")).unwrap();
    queue.withdraw(&id, &request_of("a"), CallerClass::Anyone).unwrap();
    queue.withdraw(&id, &call_of("a"), CallerClass::Anyone).unwrap();
    assert_eq!(queue.requests(), 1);
}

#[test]
fn a_request_that_is_sent_again_finds_its_job_even_while_others_cannot_join_it() {
    let queue = queue();
    let sent = |key: &str| JobRequest { request_key: Some(key.to_owned()), ..keyed(1, false) };
    let id = queue.request(sent("a")).unwrap().id;
    let running = queue.take().unwrap();
    let other = queue.request(sent("b")).unwrap();
    assert!(!other.joined, "the job has chosen its inputs");
    assert_eq!(queue.request(sent("a")).unwrap().id, id);
    queue.finish(&running.id, Arc::new(Outcome::Succeeded(1)), 1);
    assert_eq!(queue.request(sent("a")).unwrap().id, other.id, "it has ended: the request is a new one");
}

#[test]
fn a_request_that_is_sent_again_finds_its_job_also_when_it_may_not_be_held_any_more() {
    let queue = queue();
    let short = || JobRequest { request_key: Some("a".to_owned()), hold: Duration::from_millis(20), ..keyed(1, true) };
    let id = queue.request(short()).unwrap().id;
    queue.hold(queue.take().unwrap()).unwrap();
    let running = queue.take().unwrap(); // Waits for the end of the hold.
    let other = JobRequest { request_key: Some("b".to_owned()), ..short() };
    assert_ne!(queue.request(other).unwrap().id, id, "it may be held");
    assert_eq!(queue.request(short()).unwrap().id, id);
    queue.finish(&running.id, Arc::new(Outcome::Succeeded(1)), 0);
}

#[test]
fn so_many_requests_with_keys_share_a_job() {
    let queue = queue();
    let id = queue.request(named(1, "0")).unwrap().id;
    for number in 1..MAX_REQUEST_KEYS {
        assert_eq!(queue.request(named(1, &number.to_string())).unwrap().id, id);
    }
    assert_eq!(queue.request(keyed(1, true)).unwrap().id, id, "one without a key needs no room");
    let next = queue.request(named(1, "next")).unwrap();
    assert!(!next.joined && next.id != id);
    assert_eq!(queue.request(named(1, "0")).unwrap().id, id, "its request is there already");
}
