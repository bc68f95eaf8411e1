//! Callers that go away while a call of theirs waits: who drops a call wants nothing of it any more.

use tokio::runtime::Handle;

/// Does something when the call that holds this is dropped before its end.
pub(super) struct WhenGone<F: Future<Output = ()> + Send + 'static> {
    runtime: Handle,
    then: Option<F>,
}

impl<F: Future<Output = ()> + Send + 'static> WhenGone<F> {
    /// To be held while the call waits.
    pub(super) fn new(then: F) -> Self {
        Self { runtime: Handle::current(), then: Some(then) }
    }

    /// The caller is there, and gets an answer.
    pub(super) fn stays(mut self) {
        self.then = None;
    }
}

impl<F: Future<Output = ()> + Send + 'static> Drop for WhenGone<F> {
    fn drop(&mut self) {
        if let Some(then) = self.then.take() {
            self.runtime.spawn(then);
        }
    }
}
