//! Threads for work that may wait: public reads and evaluations. The system prefers the threads that make blocks.

use std::sync::LazyLock;

use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinHandle;

use super::class::CallerClass;
use crate::limits::{MAX_BLOCKING_THREADS, THREAD_STACK_BYTES};

/// Niceness of these threads: they get a tenth of a contended core.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// A runtime that is never driven: only its blocking threads are used. The process has one.
static THREADS: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .thread_name("background")
        .thread_stack_size(THREAD_STACK_BYTES)
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .on_thread_start(lower_priority)
        .build()
        .ok()
});

/// Runs blocking work: for producers and signers on the caller's runtime, for others on the background threads.
pub(crate) fn spawn<T: Send + 'static>(class: CallerClass, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    match (class, &*THREADS) {
        (CallerClass::Anyone, Some(threads)) => threads.spawn_blocking(work),
        (CallerClass::Actor, _) | (CallerClass::Anyone, None) => Handle::current().spawn_blocking(work),
    }
}

/// Lowers this thread's priority, on systems where threads have their own niceness.
#[cfg(target_os = "linux")]
pub(crate) fn lower_priority() {
    // If this fails, the thread keeps the normal priority.
    let _ = rustix::process::nice(NICENESS);
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn lower_priority() {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The niceness of this thread, from the system.
    #[cfg(target_os = "linux")]
    fn niceness() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        // The name in parentheses may contain spaces, so fields are counted from its end.
        let fields = stat.rsplit_once(')').unwrap().1;
        fields.split_whitespace().nth(16).unwrap().parse().unwrap()
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_anyone_asks_for_runs_behind_the_rest() {
        let here = niceness();
        assert_eq!(spawn(CallerClass::Anyone, niceness).await.unwrap(), (here + NICENESS).min(19));
        assert_eq!(spawn(CallerClass::Actor, niceness).await.unwrap(), here);
        assert_eq!(niceness(), here);
    }
}
