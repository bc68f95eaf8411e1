//! Requests for jobs that are taken back: by a call, or by going away while a call waits. Who drops a call wants nothing of it any
//! more.

use nakamoto_proto::v1::JobState;
use tokio::runtime::Handle;

use crate::chain::NodeChain;
use crate::error::ApiError;
use crate::jobs::TakenBack;
use crate::rpc::blocking_pool::BlockingPool;

/// The state of a job of which a request was taken back. `end` announces the end of one that nobody wants any more.
pub(super) async fn state_after<R>(
    taken: TakenBack<R>,
    pool: BlockingPool,
    end: impl FnOnce(&NodeChain) + Send + 'static,
) -> Result<JobState, ApiError> {
    match taken {
        TakenBack::Pending => Ok(JobState::Pending),
        TakenBack::Done(outcome) => Ok(outcome.parts().0),
        TakenBack::Dropped => {
            // A task of its own: the end is announced also when the caller does not wait for the answer.
            let announced = tokio::spawn(async move {
                pool.write(move |chain| {
                    end(chain);
                    Ok(())
                })
                .await
            });
            announced.await.map_err(ApiError::internal)??;
            Ok(JobState::Cancelled)
        }
    }
}

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
