//! Waits for what seldom happens, beside work that is polled with every request.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// A future that is polled when somebody woke it, and not whenever its task is: a look at a timer or at a token that all
/// connections share takes a lock.
pub(super) struct Apart<F> {
    inner: F,
    bell: Arc<Bell>,
    waker: Waker,
    /// The task that the bell wakes.
    task: Option<Waker>,
}

struct Bell {
    has_rung: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl<F: Future + Unpin> Apart<F> {
    pub(super) fn new(inner: F) -> Self {
        let bell = Arc::new(Bell { has_rung: AtomicBool::new(true), task: Mutex::default() });
        Self { inner, waker: Waker::from(Arc::clone(&bell)), bell, task: None }
    }
}

impl<F: Future + Unpin> Future for Apart<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if !this.task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            this.task = Some(cx.waker().clone());
            this.bell.task().clone_from(&this.task);
        }
        // After the task is known: who rings from here on wakes it.
        if !this.bell.has_rung.load(Ordering::Relaxed) || !this.bell.has_rung.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        Pin::new(&mut this.inner).poll(&mut Context::from_waker(&this.waker))
    }
}

impl Bell {
    fn task(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_rung.store(true, Ordering::Release);
        if let Some(task) = &*self.task() {
            task.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn it_is_polled_once_and_then_when_it_is_woken() {
        let polls = AtomicUsize::new(0);
        let (happens, mut happened) = oneshot::channel();
        let mut apart = Apart::new(poll_fn(|cx| {
            polls.fetch_add(1, Ordering::Relaxed);
            Pin::new(&mut happened).poll(cx)
        }));
        for _ in 0..10 {
            assert!(poll_fn(|cx| Poll::Ready(Pin::new(&mut apart).poll(cx))).await.is_pending());
        }
        assert_eq!(polls.load(Ordering::Relaxed), 1);
        let ringer = tokio::spawn(async { happens.send(7) });
        assert_eq!(apart.await, Ok(7), "its task is woken");
        assert_eq!((polls.load(Ordering::Relaxed), ringer.await.unwrap()), (2, Ok(())));
    }

    #[tokio::test]
    async fn another_task_may_go_on_with_it() {
        let (happens, happened) = oneshot::channel();
        let mut apart = Apart::new(happened);
        assert!(poll_fn(|cx| Poll::Ready(Pin::new(&mut apart).poll(cx))).await.is_pending());
        let elsewhere = tokio::spawn(apart);
        tokio::task::yield_now().await;
        happens.send(()).unwrap();
        assert_eq!(elsewhere.await.unwrap(), Ok(()));
    }
}
