//! Threads for what may wait: reads and evaluations for whoever asks. The system runs the threads that make blocks first.

use std::sync::LazyLock;

use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinHandle;

use super::class::Class;
use crate::limits::{MAX_BLOCKING_THREADS, THREAD_STACK_BYTES};

/// How much less than others they get when all want a core: a tenth.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Never driven: it is there for its threads that may block. One for the process, as its threads are.
static THREADS: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .thread_name("background")
        .thread_stack_size(THREAD_STACK_BYTES)
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .on_thread_start(step_back)
        .build()
        .ok()
});

/// Runs work that blocks: an actor's on the threads of the runtime that asks, all other's in the background.
pub(crate) fn spawn<T: Send + 'static>(class: Class, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    match (class, &*THREADS) {
        (Class::Anyone, Some(threads)) => threads.spawn_blocking(work),
        (Class::Actor, _) | (Class::Anyone, None) => Handle::current().spawn_blocking(work),
    }
}

/// Has this thread run behind the others, where threads have a niceness of their own.
#[cfg(target_os = "linux")]
pub(crate) fn step_back() {
    // One that cannot runs as all others do.
    let _ = rustix::process::nice(NICENESS);
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn step_back() {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The niceness of this thread, as the system tells it.
    #[cfg(target_os = "linux")]
    fn niceness() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        // The name in parentheses may hold spaces: fields are counted from behind it.
        let fields = stat.rsplit_once(')').unwrap().1;
        fields.split_whitespace().nth(16).unwrap().parse().unwrap()
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_anyone_asks_for_runs_behind_the_rest() {
        let here = niceness();
        assert_eq!(spawn(Class::Anyone, niceness).await.unwrap(), (here + NICENESS).min(19));
        assert_eq!(spawn(Class::Actor, niceness).await.unwrap(), here);
        assert_eq!(niceness(), here);
    }
}
