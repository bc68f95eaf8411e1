//! Tower layers that run one hook before a request, which may answer it, and one after its response.
//!
//! axum's `from_fn` clones the whole inner stack twice per request; these layers do not.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::response::Response;
use tower::{Layer, Service};

/// Runs before a request and after its response. Cloned for each request.
pub(crate) trait RequestHook: Clone + Send + Sync + 'static {
    /// What [`Self::before`] passes to [`Self::after`].
    type State: Send + Unpin + 'static;

    /// Lets a request through, or answers it; [`Self::after`] does not see such an answer.
    fn before(&self, request: &Request) -> ControlFlow<Response, Self::State>;

    /// Completes the answer of a request that was let through.
    fn after(state: Self::State, response: Response) -> Response;
}

/// Tower layer that runs a [`RequestHook`] around a service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HookLayer<A>(pub A);

/// See [`HookLayer`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct HookService<A, S> {
    hook: A,
    inner: S,
}

/// A response in progress.
pub(crate) enum HookFuture<A: RequestHook, F> {
    /// Answered by the hook; `None` after it was polled.
    Answered(Option<Response>),
    /// Passed to the inner service; the state is `None` after completion.
    LetThrough(F, Option<A::State>),
}

impl<A: RequestHook, S> Layer<S> for HookLayer<A> {
    type Service = HookService<A, S>;

    fn layer(&self, inner: S) -> Self::Service {
        HookService { hook: self.0.clone(), inner }
    }
}

impl<A, S> Service<Request> for HookService<A, S>
where
    A: RequestHook,
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response;
    type Error = Infallible;
    type Future = HookFuture<A, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.hook.before(&request) {
            ControlFlow::Continue(state) => HookFuture::LetThrough(self.inner.call(request), Some(state)),
            ControlFlow::Break(answer) => HookFuture::Answered(Some(answer)),
        }
    }
}

impl<A, F> Future for HookFuture<A, F>
where
    A: RequestHook,
    F: Future<Output = Result<Response, Infallible>> + Unpin,
{
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match &mut *self {
            Self::Answered(answer) => answer.take(),
            Self::LetThrough(inner, state) => {
                let response = match ready!(Pin::new(inner).poll(cx)) {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                state.take().map(|state| A::after(state, response))
            }
        };
        // A completed future is not polled again.
        answer.map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer)))
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::{HeaderValue, Method, StatusCode};
    use axum::response::IntoResponse as _;
    use axum::routing::any;
    use tower::ServiceExt as _;

    use super::*;

    /// Answers DELETE itself, and notes the method of every other request in its response.
    #[derive(Clone)]
    struct Says;

    impl RequestHook for Says {
        type State = Method;

        fn before(&self, request: &Request) -> ControlFlow<Response, Method> {
            match request.method() {
                &Method::DELETE => ControlFlow::Break(StatusCode::IM_A_TEAPOT.into_response()),
                method => ControlFlow::Continue(method.clone()),
            }
        }

        fn after(method: Method, mut response: Response) -> Response {
            response.headers_mut().insert("method", HeaderValue::from_str(method.as_str()).unwrap());
            response
        }
    }

    #[tokio::test]
    async fn a_look_answers_or_lets_through_and_completes() {
        let router = Router::new().route("/", any(|| async { StatusCode::ACCEPTED })).layer(HookLayer(Says));
        let ask = |method: Method| {
            let request = Request::builder().method(method).body(Body::empty()).unwrap();
            let router = router.clone();
            async { router.oneshot(request).await.unwrap() }
        };
        let answered = ask(Method::DELETE).await;
        assert_eq!((answered.status(), answered.headers().get("method")), (StatusCode::IM_A_TEAPOT, None));
        let through = ask(Method::PUT).await;
        assert_eq!(
            (through.status(), &through.headers()["method"]),
            (StatusCode::ACCEPTED, &HeaderValue::from_static("PUT"))
        );
    }
}
