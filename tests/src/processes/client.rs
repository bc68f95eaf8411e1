//! The gRPC client of tests: calls, and a watch that reads the event stream.

use std::time::Duration;

use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::event_service_client::EventServiceClient;
use nakamoto_proto::v1::subscribe_response::Body as Frame;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

/// Longest wait of a test for something that must happen.
pub const WAIT: Duration = Duration::from_secs(60);

/// A connection to a node.
#[derive(Clone)]
pub struct Client {
    /// Channel that all services' clients share.
    pub channel: Channel,
}

impl Client {
    /// Prepares a connection to `host:port`, which is made at the first call.
    ///
    /// # Panics
    /// When the address does not parse.
    #[must_use]
    pub fn new(address: &str) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
        Self { channel: endpoint.timeout(WAIT).connect_lazy() }
    }

    /// As [`Self::new`], for a node with this certificate (PEM).
    ///
    /// # Panics
    /// When address or certificate do not parse.
    #[must_use]
    pub fn over_tls(address: &str, certificate: &str) -> Self {
        let endpoint = Endpoint::from_shared(format!("https://{address}")).expect("an address");
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(certificate));
        Self { channel: endpoint.tls_config(tls).expect("a certificate").timeout(WAIT).connect_lazy() }
    }

    /// Follows all events after a sequence.
    ///
    /// # Panics
    /// When the node does not answer.
    pub async fn watch(&self, after_sequence: u64) -> Watch {
        self.try_watch(after_sequence).await.expect("a stream")
    }

    /// As [`Self::watch`], for a node that may not run.
    ///
    /// # Errors
    /// Status of the node or the transport.
    pub async fn try_watch(&self, after_sequence: u64) -> Result<Watch, tonic::Status> {
        let request = v1::SubscribeRequest {
            filter: Some(v1::EventFilter { all: true, ..Default::default() }),
            start: Some(v1::StartPosition {
                position: Some(v1::start_position::Position::FromSequence(after_sequence + 1)),
            }),
            max_batch: 64,
            client_name: "e2e".to_owned(),
            ..Default::default()
        };
        // The stream has no deadline; the wait for each frame has one.
        let mut request = tonic::Request::new(request);
        request.set_timeout(Duration::from_secs(3600));
        let client = EventServiceClient::new(self.channel.clone());
        let stream = client.max_decoding_message_size(64 << 20).subscribe(request).await?.into_inner();
        Ok(Watch { stream, last: after_sequence, frame: 0, waiting: std::collections::VecDeque::new() })
    }

    /// The canonical tips of the node.
    ///
    /// # Panics
    /// When the node does not answer.
    pub async fn tip(&self) -> v1::GetTipResponse {
        let mut client = v1::block_service_client::BlockServiceClient::new(self.channel.clone());
        client.get_tip(v1::GetTipRequest {}).await.expect("tips").into_inner()
    }

    /// Offers a transaction to the node.
    ///
    /// # Panics
    /// When the node does not answer.
    pub async fn submit(&self, raw: Vec<u8>) -> v1::SubmitTransactionResponse {
        let mut client = v1::transaction_service_client::TransactionServiceClient::new(self.channel.clone());
        let request = v1::SubmitTransactionRequest { transaction: raw.into() };
        client.submit_transaction(request).await.expect("an answer").into_inner()
    }
}

/// An open event stream. Checks that no event is missing and none comes twice.
pub struct Watch {
    stream: tonic::Streaming<v1::SubscribeResponse>,
    last: u64,
    frame: u64,
    waiting: std::collections::VecDeque<v1::Event>,
}

impl Watch {
    /// Waits for the next event.
    ///
    /// # Errors
    /// Why the stream ended.
    ///
    /// # Panics
    /// When a frame or an event is missing.
    pub async fn try_next(&mut self) -> Result<v1::Event, tonic::Status> {
        while self.waiting.is_empty() {
            let frame = tokio::time::timeout(WAIT, self.stream.message()).await;
            let frame = frame.map_err(|_| tonic::Status::deadline_exceeded("no frame, not even a heartbeat"))??;
            let frame = frame.ok_or_else(|| tonic::Status::unavailable("the stream ended"))?;
            self.frame += 1;
            assert_eq!(frame.frame, self.frame, "a frame is missing");
            if let Some(Frame::Events(batch)) = frame.body {
                self.waiting.extend(batch.events);
            }
        }
        let event = self.waiting.pop_front().expect("one was there");
        assert_eq!(event.sequence, self.last + 1, "an event is missing or comes twice");
        self.last = event.sequence;
        Ok(event)
    }

    /// Waits for the first event that `pick` takes.
    ///
    /// # Panics
    /// When there is none in time.
    pub async fn until<T>(&mut self, what: &str, mut pick: impl FnMut(&Body) -> Option<T>) -> T {
        let found = tokio::time::timeout(WAIT, async {
            loop {
                let event = self.try_next().await.expect("the stream goes on");
                if let Some(found) = event.body.as_ref().and_then(&mut pick) {
                    return found;
                }
            }
        });
        found.await.unwrap_or_else(|_| panic!("no event says: {what}"))
    }

    /// Waits for the receipt of a transaction.
    ///
    /// # Panics
    /// When it is not mined in time.
    pub async fn receipt(&mut self, txid: &[u8]) -> v1::TransactionReceipt {
        let what = format!("transaction {} is mined", hex::encode(txid));
        self.until(&what, |body| match body {
            Body::BlockProcessed(block) => block.receipts.iter().find(|receipt| receipt.txid == txid).cloned(),
            _ => None,
        })
        .await
    }

    /// Waits for the next processed block.
    ///
    /// # Panics
    /// When there is none in time.
    pub async fn block(&mut self) -> v1::BlockProcessed {
        self.until("a block is processed", |body| match body {
            Body::BlockProcessed(block) => Some(block.clone()),
            _ => None,
        })
        .await
    }
}
