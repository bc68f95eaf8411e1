//! Waits for rare events beside work that is polled with every request.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Polls a future only when something woke it, not whenever its task is polled: polling a timer, or a token that all
/// connections share, takes a lock.
pub(super) struct PollWhenWoken<F> {
    inner: F,
    flag: Arc<WakeFlag>,
    waker: Waker,
    /// The task that the flag wakes.
    task: Option<Waker>,
}

struct WakeFlag {
    is_woken: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl<F: Future + Unpin> PollWhenWoken<F> {
    pub(super) fn new(inner: F) -> Self {
        let flag = Arc::new(WakeFlag { is_woken: AtomicBool::new(true), task: Mutex::default() });
        Self { inner, waker: Waker::from(Arc::clone(&flag)), flag, task: None }
    }
}

impl<F: Future + Unpin> Future for PollWhenWoken<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if !this.task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            this.task = Some(cx.waker().clone());
            this.flag.task().clone_from(&this.task);
        }
        // The task is registered by now: any later setting of the flag wakes it.
        if !this.flag.is_woken.load(Ordering::Relaxed) || !this.flag.is_woken.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        Pin::new(&mut this.inner).poll(&mut Context::from_waker(&this.waker))
    }
}

impl WakeFlag {
    fn task(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
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
        let mut polled = PollWhenWoken::new(poll_fn(|cx| {
            polls.fetch_add(1, Ordering::Relaxed);
            Pin::new(&mut happened).poll(cx)
        }));
        for _ in 0..10 {
            assert!(poll_fn(|cx| Poll::Ready(Pin::new(&mut polled).poll(cx))).await.is_pending());
        }
        assert_eq!(polls.load(Ordering::Relaxed), 1);
        let ringer = tokio::spawn(async { happens.send(7) });
        assert_eq!(polled.await, Ok(7), "its task is woken");
        assert_eq!((polls.load(Ordering::Relaxed), ringer.await.unwrap()), (2, Ok(())));
    }

    #[tokio::test]
    async fn another_task_may_go_on_with_it() {
        let (happens, happened) = oneshot::channel();
        let mut polled = PollWhenWoken::new(happened);
        assert!(poll_fn(|cx| Poll::Ready(Pin::new(&mut polled).poll(cx))).await.is_pending());
        let elsewhere = tokio::spawn(polled);
        tokio::task::yield_now().await;
        happens.send(()).unwrap();
        assert_eq!(elsewhere.await.unwrap(), Ok(()));
    }
}
