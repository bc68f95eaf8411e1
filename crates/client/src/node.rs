//! A connection to a node: one HTTP/2 channel, and a client for each service. Every call carries the bearer token and the
//! slot-key header, if the caller has them.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

use super::backoff::Backoff;
use super::status::{cause, is_transient, retry_delay};
use super::tls::{Tls, TrustError};
use crate::lane;
use nakamoto_proto::v1::block_service_client::BlockServiceClient;
use nakamoto_proto::v1::burnchain_service_client::BurnchainServiceClient;
use nakamoto_proto::v1::event_service_client::EventServiceClient;
use nakamoto_proto::v1::node_service_client::NodeServiceClient;
use nakamoto_proto::v1::stacker_db_service_client::StackerDbServiceClient;
use nakamoto_proto::v1::template_service_client::TemplateServiceClient;
use nakamoto_proto::v1::validation_service_client::ValidationServiceClient;
use nakamoto_proto::v1::{GetServiceInfoRequest, GetServiceInfoResponse};
use stacks_types::keys::PrivateKey;

/// Largest response that is read. A frame holds at least one whole event. The largest event is a processed block of 2
/// MiB with its receipts, whose printed values the tenure's cost limit bounds.
pub const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// Longest wait for a unary call. The calls used here are answered at once; a node that does not answer is lost.
pub const UNARY_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// First byte of the TLS record that refuses a client without TLS.
const TLS_ALERT: u8 = 0x15;

/// First byte of an HTTP/2 server's first frame: the high byte of a short length.
const FRAME: u8 = 0;

/// Flow-control window of a stream: large enough for a block's events.
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;

/// Flow-control window of the connection.
const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// The channel of all service clients: it adds [`Credentials`] to each call.
pub type NodeChannel = InterceptedService<Channel, Credentials>;

/// Adds `authorization: Bearer ...` to every call, if there is a token, and the slot-key header ([`lane`]), if there is
/// a key.
#[derive(Clone, Default)]
pub struct Credentials {
    token: Option<MetadataValue<Ascii>>,
    slot_key: Option<MetadataValue<Ascii>>,
}

impl std::fmt::Debug for Credentials {
    /// Shows whether there is a token, never the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.token.is_some() { "Credentials(with a token)" } else { "Credentials(without a token)" })
    }
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.token {
            request.metadata_mut().insert("authorization", value.clone());
        }
        if let Some(value) = &self.slot_key {
            request.metadata_mut().insert(lane::HEADER, value.clone());
        }
        Ok(request)
    }
}

/// Why no connection to a node can be made.
#[derive(Debug, thiserror::Error)]
pub enum NodeUrlError {
    /// The text does not parse as a URL.
    #[error("`{url}` is not a node's url, as in http://127.0.0.1:20443")]
    Url {
        /// The text as given.
        url: String,
        /// Error of the URL parser.
        #[source]
        source: tonic::transport::Error,
    },
    /// The scheme is neither http nor https.
    #[error("`{0}` starts neither with http:// nor with https://")]
    Scheme(String),
    /// The URL has a path after host and port.
    #[error("`{0}` has a path: a node is named by host and port alone, as in http://127.0.0.1:20443")]
    Path(String),
    /// An https URL needs certificates to trust, and none are given.
    #[error("`{0}` speaks TLS: name the certificates that it is trusted by (--tls-ca)")]
    NoTrust(String),
    /// Certificates are given, and the URL is not https.
    #[error("`{0}` is not https://, there is no use for certificates")]
    Clear(String),
    /// The file with the certificates cannot be used.
    #[error("certificates to trust")]
    Trust(#[from] TrustError),
    /// The token has characters that a header cannot hold.
    #[error("the token has characters that cannot stand in a header")]
    Token,
}

/// A node. Connects at the first call, and again whenever the connection was lost.
#[derive(Debug, Clone)]
pub struct Node {
    channel: Channel,
    credentials: Credentials,
    /// Names the requests for jobs; empty without a slot key.
    request_key: String,
    /// Host and port of a node without TLS; `None` with TLS.
    clear: Option<String>,
}

impl Node {
    /// Prepares a connection to the node at `url`: `http://host:port`, or `https://host:port` with `tls_ca`, a PEM file
    /// with the node's certificate or the one that signed it. Needs a running tokio runtime; does not connect yet.
    ///
    /// # Errors
    /// [`NodeUrlError`] if url, token or certificates cannot be used.
    pub fn new(url: &str, token: Option<&str>, tls_ca: Option<&Path>) -> Result<Self, NodeUrlError> {
        let endpoint = Endpoint::from_shared(url.to_owned())
            .map_err(|source| NodeUrlError::Url { url: url.to_owned(), source })?;
        if endpoint.uri().path_and_query().is_some_and(|path| path != "/") {
            return Err(NodeUrlError::Path(url.to_owned()));
        }
        let endpoint = configured(endpoint);
        let tls = match (endpoint.uri().scheme_str(), tls_ca) {
            (Some("http"), None) => None,
            (Some("https"), Some(path)) => Some(Tls::trusting(path.to_owned())?),
            (Some("http"), Some(_)) => return Err(NodeUrlError::Clear(url.to_owned())),
            (Some("https"), None) => return Err(NodeUrlError::NoTrust(url.to_owned())),
            _ => return Err(NodeUrlError::Scheme(url.to_owned())),
        };
        let token = match token {
            Some(token) => {
                let value = format!("Bearer {token}").parse::<MetadataValue<Ascii>>();
                let mut value = value.map_err(|_| NodeUrlError::Token)?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        let clear = tls.is_none().then(|| endpoint.uri().authority().map(ToString::to_string)).flatten();
        let channel = match tls {
            None => endpoint.connect_lazy(),
            Some(tls) => over_tls(endpoint, &tls)?,
        };
        Ok(Self { channel, credentials: Credentials { token, slot_key: None }, request_key: String::new(), clear })
    }

    /// The same node, with the slot-key header of a producer or signer on every call: the node has separate queues for
    /// them. Also gives their requests for templates and validations a name ([`Self::request_key`]).
    #[must_use]
    pub fn as_owner_of_slot(mut self, key: &PrivateKey) -> Self {
        // Hex is valid in a header.
        self.credentials.slot_key = lane::header_value(key).parse().ok();
        self.request_key = lane::request_key(key);
        self
    }

    /// The name of the slot owner's requests for templates and validations; empty without a slot key.
    #[must_use]
    pub fn request_key(&self) -> String {
        self.request_key.clone()
    }

    fn channel(&self) -> NodeChannel {
        InterceptedService::new(self.channel.clone(), self.credentials.clone())
    }

    /// Asks the node for its service info, and waits until the node runs.
    ///
    /// # Errors
    /// The status, if the node refuses to answer, needs TLS and is called without it, or is another server.
    pub async fn service_info_when_up(&self) -> Result<GetServiceInfoResponse, Status> {
        self.when_up(async || unary(self.info().get_service_info(GetServiceInfoRequest {})).await).await
    }

    /// Repeats a call, with growing pauses, as long as the node is down or has no room. Logs why it waits.
    ///
    /// # Errors
    /// As [`Self::service_info_when_up`].
    pub async fn when_up<T>(&self, call: impl AsyncFn() -> Result<T, Status>) -> Result<T, Status> {
        let mut backoff = Backoff::for_connections();
        let mut known_cause = String::new();
        loop {
            match call().await {
                Err(status) if is_transient(&status) => {
                    let cause = cause(&status);
                    if cause != known_cause {
                        self.check_clear().await?;
                        tracing::info!(cause, "waiting for the node");
                        known_cause = cause;
                    }
                    tokio::time::sleep(backoff.next_delay().max(retry_delay(&status).unwrap_or_default())).await;
                }
                Err(status) => {
                    // Another server's answer reads as some broken HTTP/2 frame, so the real cause is looked for here.
                    self.check_clear().await?;
                    return Err(status);
                }
                answer => return answer,
            }
        }
    }

    /// Refuses a server that needs TLS and is called without it, or does not speak HTTP/2.
    async fn check_clear(&self) -> Result<(), Status> {
        let Some(address) = &self.clear else { return Ok(()) };
        match first_byte(address).await {
            None | Some(FRAME) => Ok(()),
            Some(TLS_ALERT) => Err(Status::failed_precondition(
                "the node speaks TLS: address it by https://, with --tls-ca FILE, its certificate",
            )),
            Some(_) => Err(Status::failed_precondition(format!(
                "what answers at {address} does not speak HTTP/2, which gRPC needs: is it the port of a node?"
            ))),
        }
    }

    /// A client of `NodeService`, on the shared channel.
    #[must_use]
    pub fn info(&self) -> NodeServiceClient<NodeChannel> {
        NodeServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }

    /// A client of `EventService`, on the shared channel.
    #[must_use]
    pub fn events(&self) -> EventServiceClient<NodeChannel> {
        EventServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }

    /// A client of `BlockService`, on the shared channel.
    #[must_use]
    pub fn blocks(&self) -> BlockServiceClient<NodeChannel> {
        BlockServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }

    /// A client of `BurnchainService`, on the shared channel.
    #[must_use]
    pub fn burnchain(&self) -> BurnchainServiceClient<NodeChannel> {
        BurnchainServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }

    /// A client of `StackerDbService`, on the shared channel.
    #[must_use]
    pub fn stackerdb(&self) -> StackerDbServiceClient<NodeChannel> {
        StackerDbServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }

    /// A client of `TemplateService`, on the shared channel.
    #[must_use]
    pub fn templates(&self) -> TemplateServiceClient<NodeChannel> {
        TemplateServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }

    /// A client of `ValidationService`, on the shared channel.
    #[must_use]
    pub fn validation(&self) -> ValidationServiceClient<NodeChannel> {
        ValidationServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }
}

/// Waits for the answer to a unary call, for at most [`UNARY_TIMEOUT`].
///
/// # Errors
/// The call's status; `DEADLINE_EXCEEDED` after the timeout.
pub async fn unary<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, Status> {
    match tokio::time::timeout(UNARY_TIMEOUT, call).await {
        Ok(answer) => answer.map(Response::into_inner),
        Err(_) => Err(Status::deadline_exceeded("the node did not answer in time")),
    }
}

fn configured(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
}

/// The connector speaks TLS, so the library gets an `http` URL: it would refuse to use this connector for `https`.
fn over_tls(endpoint: Endpoint, tls: &Tls) -> Result<Channel, NodeUrlError> {
    let uri = endpoint.uri().clone();
    let bad = |source| NodeUrlError::Url { url: uri.to_string(), source };
    let clear = Endpoint::from_shared(uri.to_string().replacen("https", "http", 1)).map_err(bad)?;
    let clear = configured(clear).origin(uri);
    let tls = tls.clone();
    Ok(clear.connect_with_connector_lazy(tower::service_fn(move |uri| tls.clone().connect(uri))))
}

/// The first byte of a server's answer to an HTTP/2 greeting without TLS.
async fn first_byte(address: &str) -> Option<u8> {
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await?;
        stream.read_u8().await
    };
    tokio::time::timeout(CONNECT_TIMEOUT, asked).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn urls_and_tokens_are_checked_and_tokens_not_shown() {
        let ca = Some(Path::new("no-such.pem"));
        assert!(matches!(Node::new("ftp://localhost:1", None, None), Err(NodeUrlError::Scheme(_))));
        assert!(matches!(Node::new("localhost:1", None, None), Err(NodeUrlError::Scheme(_))));
        assert!(matches!(Node::new("http://", None, None), Err(NodeUrlError::Url { .. })));
        assert!(matches!(Node::new("http://localhost:1/abc", None, None), Err(NodeUrlError::Path(_))));
        assert!(matches!(Node::new("http://localhost:1/?a=b", None, None), Err(NodeUrlError::Path(_))));
        assert!(Node::new("http://localhost:1/", None, None).is_ok());
        assert!(matches!(Node::new("http://localhost:1", Some("a\nb"), None), Err(NodeUrlError::Token)));
        assert!(matches!(Node::new("https://localhost:1", None, None), Err(NodeUrlError::NoTrust(_))));
        assert!(matches!(Node::new("http://localhost:1", None, ca), Err(NodeUrlError::Clear(_))));
        assert!(matches!(
            Node::new("https://localhost:1", None, ca),
            Err(NodeUrlError::Trust(TrustError::Read { .. }))
        ));
        let key = PrivateKey::from_seed(b"producer");
        let node = Node::new("http://localhost:1", Some("abc"), None).unwrap().as_owner_of_slot(&key);
        assert!(!format!("{node:?}").contains("abc"));
        let request = node.credentials.clone().call(Request::new(())).unwrap();
        assert_eq!(request.metadata().get("authorization").unwrap(), "Bearer abc");
        let value = request.metadata().get(lane::HEADER).unwrap();
        assert_eq!(lane::signer_of(value.as_bytes()), Some(key.public_key().hash160()));
    }

    #[tokio::test]
    async fn a_server_that_is_no_node_is_named() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let _ = stream.read_u8().await;
                    let _ = stream.write_all(b"HTTP/1.0 505 Version\r\n\r\n").await;
                });
            }
        });
        let node = Node::new(&format!("http://{address}"), None, None).unwrap();
        let status = node.service_info_when_up().await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::FailedPrecondition);
        assert!(status.message().contains(&format!("at {address} does not speak HTTP/2")), "{status}");
    }
}
