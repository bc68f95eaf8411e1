//! The shim's paths and the gRPC services on one port, as the node serves them.

use axum::Router;
use axum::body::Body;
use axum::http::request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::bench::{Bench, Reply};
use crate::rpc::auth::Guard;
use crate::rpc::grpc::{into_router, routes, web};
use crate::rpc::request_filter::RequestFilter;
use crate::rpc::request_filter::host::Hosts;
use crate::rpc::request_filter::origin::Origins;

/// Both behind one router.
pub(super) struct BothProtocols {
    pub(super) bench: Bench,
    pub(super) router: Router,
}

impl BothProtocols {
    pub(super) fn new(token: Option<&str>) -> Self {
        let bench = Bench::new(token);
        let (grpc, _) = bench.runtime.block_on(routes(&bench.services)).unwrap();
        let filter = RequestFilter::new(Hosts::default(), Origins::default(), Guard::new(token));
        let router = web::join(bench.router.clone(), into_router(grpc), &filter, bench.services.pool.clone());
        Self { bench, router }
    }

    pub(super) fn send(&self, request: request::Builder, body: Vec<u8>) -> Reply {
        let request = request.body(Body::from(body)).unwrap();
        self.bench.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (status, headers) = (response.status(), response.headers().clone());
            let body = response.into_body().collect().await.unwrap().to_bytes().to_vec();
            Reply { status, headers, body }
        })
    }
}
