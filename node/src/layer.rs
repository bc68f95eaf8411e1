//! What is done around requests: a look before, which may answer in the place of what comes after, and a word after.
//!
//! axum's `from_fn` does as much, at a price: it copies all layers beneath, down to the handler, twice with each request, and
//! each of them stands beneath others. These call what is beneath as it is.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::response::Response;
use tower::{Layer, Service};

/// One thing that is done around requests. It is copied with each of them.
pub(crate) trait Around: Clone + Send + Sync + 'static {
    /// What the look before has to say to the word after.
    type Kept: Send + Unpin + 'static;

    /// Lets a request through, or answers it; such an answer is not seen by [`Self::after`].
    fn before(&self, request: &Request) -> ControlFlow<Response, Self::Kept>;

    /// Completes the answer of a request that was let through.
    fn after(kept: Self::Kept, response: Response) -> Response;
}

/// The layer of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AroundLayer<A>(pub A);

/// See [`AroundLayer`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct AroundService<A, S> {
    around: A,
    inner: S,
}

/// The answer in the making.
pub(crate) enum AroundFuture<A: Around, F> {
    /// By the look; none once it was given.
    Answered(Option<Response>),
    /// By what is beneath; nothing is kept once it was given.
    LetThrough(F, Option<A::Kept>),
}

impl<A: Around, S> Layer<S> for AroundLayer<A> {
    type Service = AroundService<A, S>;

    fn layer(&self, inner: S) -> Self::Service {
        AroundService { around: self.0.clone(), inner }
    }
}

impl<A, S> Service<Request> for AroundService<A, S>
where
    A: Around,
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response;
    type Error = Infallible;
    type Future = AroundFuture<A, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.around.before(&request) {
            ControlFlow::Continue(kept) => AroundFuture::LetThrough(self.inner.call(request), Some(kept)),
            ControlFlow::Break(answer) => AroundFuture::Answered(Some(answer)),
        }
    }
}

impl<A, F> Future for AroundFuture<A, F>
where
    A: Around,
    F: Future<Output = Result<Response, Infallible>> + Unpin,
{
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match &mut *self {
            Self::Answered(answer) => answer.take(),
            Self::LetThrough(inner, kept) => {
                let response = match ready!(Pin::new(inner).poll(cx)) {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                kept.take().map(|kept| A::after(kept, response))
            }
        };
        // Nobody polls a future that has ended.
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

    /// Answers DELETE, and says of all others by which method they were asked.
    #[derive(Clone)]
    struct Says;

    impl Around for Says {
        type Kept = Method;

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
        let router = Router::new().route("/", any(|| async { StatusCode::ACCEPTED })).layer(AroundLayer(Says));
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
