//! Serves `EventService` like the generated server, except for `Subscribe`: its frames are already encoded, and all
//! streams send the same shared bytes.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use nakamoto_proto::codec::BoundedDecoder;
use nakamoto_proto::v1;
use tonic::body::Body;
use tonic::codec::{Codec, EncodeBuf, Encoder};
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, ServerStreamingService};
use tonic::{Request, Response, Status};
use v1::event_service_server::EventServiceServer;

use super::events::{Events, Frames};
use crate::event_stream::frame::Frame;
use crate::limits::MAX_MESSAGE_BYTES;
use crate::rpc::server::answer::InFlight;

const SUBSCRIBE: &str = "/nakamoto.v1.EventService/Subscribe";

/// The service. Cheap to clone.
#[derive(Clone)]
pub(super) struct EventServer {
    events: Arc<Events>,
    others: EventServiceServer<Events>,
}

impl EventServer {
    pub(super) fn new(events: Events) -> Self {
        let events = Arc::new(events);
        let others = EventServiceServer::from_arc(Arc::clone(&events)).max_decoding_message_size(MAX_MESSAGE_BYTES);
        Self { others, events }
    }
}

impl NamedService for EventServer {
    const NAME: &'static str = <EventServiceServer<Events> as NamedService>::NAME;
}

impl Service<http::Request<Body>> for EventServer {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path() != SUBSCRIBE {
            return self.others.call(request);
        }
        let subscribe = Subscribe(Arc::clone(&self.events));
        Box::pin(async move {
            let codec = FrameCodec::default();
            let in_flight = codec.0.clone();
            let mut server = Grpc::new(codec).max_decoding_message_size(MAX_MESSAGE_BYTES);
            let mut response = server.server_streaming(subscribe, request).await;
            response.extensions_mut().insert(in_flight);
            Ok(response)
        })
    }
}

struct Subscribe(Arc<Events>);

impl ServerStreamingService<v1::SubscribeRequest> for Subscribe {
    type Response = Frame;
    type ResponseStream = Frames;
    type Future = BoxFuture<Response<Frames>, Status>;

    fn call(&mut self, request: Request<v1::SubscribeRequest>) -> Self::Future {
        let events = Arc::clone(&self.0);
        Box::pin(async move { events.open(request).await.map(Response::new) })
    }
}

/// Decodes requests as the generated servers do, and sends frames as they are; a frame's lease of the budget stays with its
/// bytes.
#[derive(Debug, Clone, Default)]
struct FrameCodec(InFlight);

impl Codec for FrameCodec {
    type Encode = Frame;
    type Decode = v1::SubscribeRequest;
    type Encoder = Self;
    type Decoder = BoundedDecoder<v1::SubscribeRequest>;

    fn encoder(&mut self) -> Self::Encoder {
        self.clone()
    }

    fn decoder(&mut self) -> Self::Decoder {
        BoundedDecoder::default()
    }
}

impl Encoder for FrameCodec {
    type Item = Frame;
    type Error = Status;

    fn encode(&mut self, frame: Frame, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        self.0.add(frame.lease());
        out.reserve(frame.encoded_len());
        frame.encode(out);
        Ok(())
    }
}
