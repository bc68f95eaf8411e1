//! Withdrawn requests for jobs: by a call, or because a caller goes away while its call waits. A caller that drops its
//! call does not want the result.

use std::pin::Pin;

use nakamoto_proto::v1::JobState;
use tokio::runtime::Handle;

use crate::chain::NodeChain;
use crate::error::ApiError;
use crate::jobs::Withdrawn;
use crate::rpc::blocking_pool::BlockingPool;
use crate::runtime::caller::Caller;

/// The state of a job after a request was withdrawn. `end` announces the end of a job that nobody wants any more.
pub(super) async fn state_after<R>(
    withdrawn: Withdrawn<R>,
    pool: BlockingPool,
    end: impl FnOnce(&NodeChain) + Send + 'static,
) -> Result<JobState, ApiError> {
    match withdrawn {
        Withdrawn::Pending => Ok(JobState::Pending),
        Withdrawn::Done(outcome) => Ok(outcome.parts().0),
        Withdrawn::Dropped => {
            // In a task of its own, so that the end is announced even when the caller does not wait for the answer.
            let announced = tokio::spawn(as_caller(async move {
                pool.write_in_turn(move |chain| {
                    end(chain);
                    Ok(())
                })
                .await
            }));
            announced.await.map_err(ApiError::internal)??;
            Ok(JobState::Cancelled)
        }
    }
}

/// The result for a call that waited for its job; `None` if it cannot be fetched, in which case the call answers with the
/// job's id alone.
///
/// # Errors
/// [`ApiError::ShuttingDown`]: the job does not end any more.
pub(super) fn result_of<T>(fetched: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match fetched {
        Err(ApiError::ShuttingDown) => Err(ApiError::ShuttingDown),
        fetched => Ok(fetched.ok()),
    }
}

/// A future that a task of its own runs, within the limits of the caller whose call makes it.
fn as_caller<T>(future: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = Caller::current();
    async move {
        match caller {
            Some(caller) => caller.serve(future).await,
            None => future.await,
        }
    }
}

/// Runs a future when the call that holds this is dropped before its end.
pub(super) struct RunOnDrop {
    runtime: Handle,
    then: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl RunOnDrop {
    /// Hold the result while the call waits.
    pub(super) fn new(then: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { runtime: Handle::current(), then: Some(Box::pin(as_caller(then))) }
    }

    /// Drops the future: the caller is still there and gets an answer.
    pub(super) fn disarm(mut self) {
        self.then = None;
    }
}

impl Drop for RunOnDrop {
    fn drop(&mut self) {
        if let Some(then) = self.then.take() {
            self.runtime.spawn(then);
        }
    }
}
