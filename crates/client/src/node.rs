//! A connection to a node: one HTTP/2 channel, a client for each service; on every call the bearer token, and who it is that
//! calls.

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

/// Largest response that is read. A frame holds at least one whole event, and the largest event is a processed block
/// of 2 MiB with its receipts, whose printed values are bounded by the tenure's cost limit.
pub const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// Longest that a unary call may take: those used here answer at once, a node that does not is gone.
pub const UNARY_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest that a connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// First byte of the record by which TLS refuses what is no TLS.
const TLS_ALERT: u8 = 0x15;

/// Flow-control window of a stream: large enough for a block's events.
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;

/// Flow-control window of the connection.
const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// What the service clients call through.
pub type NodeChannel = InterceptedService<Channel, Credentials>;

/// Puts `authorization: Bearer ...` on every call, when there is a token, and the pass of a slot's key ([`lane`]).
#[derive(Clone, Default)]
pub struct Credentials {
    token: Option<MetadataValue<Ascii>>,
    pass: Option<MetadataValue<Ascii>>,
}

impl std::fmt::Debug for Credentials {
    /// Never shows the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.token.is_some() { "Credentials(with a token)" } else { "Credentials(without a token)" })
    }
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.token {
            request.metadata_mut().insert("authorization", value.clone());
        }
        if let Some(value) = &self.pass {
            request.metadata_mut().insert(lane::HEADER, value.clone());
        }
        Ok(request)
    }
}

/// Why a node cannot be addressed.
#[derive(Debug, thiserror::Error)]
pub enum NodeUrlError {
    /// The text is not a URL.
    #[error("`{url}` is not a node's url, as in http://127.0.0.1:20443")]
    Url {
        /// The text that is no address.
        url: String,
        /// What is wrong with the address.
        #[source]
        source: tonic::transport::Error,
    },
    /// Neither HTTP/2 in clear nor over TLS.
    #[error("`{0}` starts neither with http:// nor with https://")]
    Scheme(String),
    /// TLS without a certificate to trust.
    #[error("`{0}` speaks TLS: name the certificates that it is trusted by (--tls-ca)")]
    NoTrust(String),
    /// A certificate to trust, and a node in clear.
    #[error("`{0}` is not https://, there is no use for certificates")]
    Clear(String),
    /// The certificates cannot be used.
    #[error("certificates to trust")]
    Trust(#[from] TrustError),
    /// The token cannot stand in a header.
    #[error("the token has characters that cannot stand in a header")]
    Token,
}

/// A node, connected when the first call is made and again whenever the connection was lost.
#[derive(Debug, Clone)]
pub struct Node {
    channel: Channel,
    credentials: Credentials,
    /// Host and port of a node that is spoken to in clear.
    clear: Option<String>,
}

impl Node {
    /// Addresses the node at `url`: `http://host:port`, or `https://host:port` with `tls_ca`, a PEM file of the
    /// certificates that its own must be, or be signed by. Needs a running tokio runtime; does not connect yet.
    ///
    /// # Errors
    /// [`NodeUrlError`] if url, token or certificates cannot be used.
    pub fn new(url: &str, token: Option<&str>, tls_ca: Option<&Path>) -> Result<Self, NodeUrlError> {
        let endpoint = Endpoint::from_shared(url.to_owned())
            .map_err(|source| NodeUrlError::Url { url: url.to_owned(), source })?;
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
        Ok(Self { channel, credentials: Credentials { token, pass: None }, clear })
    }

    /// The same node, told on every call that a producer or signer with this key calls: it has lanes of its own for them.
    #[must_use]
    pub fn as_owner_of_slot(mut self, key: &PrivateKey) -> Self {
        // Hex can stand in a header.
        self.credentials.pass = lane::pass(key).parse().ok();
        self
    }

    fn channel(&self) -> NodeChannel {
        InterceptedService::new(self.channel.clone(), self.credentials.clone())
    }

    /// What the node is. Waits for a node that is not there yet.
    ///
    /// # Errors
    /// The status of a node that is there and refuses to answer, or wants TLS and is addressed in clear.
    pub async fn service_info_when_up(&self) -> Result<GetServiceInfoResponse, Status> {
        let mut backoff = Backoff::for_connections();
        let mut known_cause = String::new();
        loop {
            match unary(self.info().get_service_info(GetServiceInfoRequest {})).await {
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
                    // What TLS answers to HTTP/2 in clear reads as one broken frame or another.
                    self.check_clear().await?;
                    return Err(status);
                }
                answer => return answer,
            }
        }
    }

    /// Refuses a node that wants TLS and is addressed in clear.
    async fn check_clear(&self) -> Result<(), Status> {
        match &self.clear {
            Some(address) if wants_tls(address).await => Err(Status::failed_precondition(
                "the node speaks TLS: address it by https://, with --tls-ca FILE, its certificate",
            )),
            _ => Ok(()),
        }
    }

    /// Client of `NodeService`.
    #[must_use]
    pub fn info(&self) -> NodeServiceClient<NodeChannel> {
        NodeServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }

    /// Client of `EventService`.
    #[must_use]
    pub fn events(&self) -> EventServiceClient<NodeChannel> {
        EventServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }

    /// Client of `BlockService`.
    #[must_use]
    pub fn blocks(&self) -> BlockServiceClient<NodeChannel> {
        BlockServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }

    /// Client of `BurnchainService`.
    #[must_use]
    pub fn burnchain(&self) -> BurnchainServiceClient<NodeChannel> {
        BurnchainServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }

    /// Client of `StackerDbService`.
    #[must_use]
    pub fn stackerdb(&self) -> StackerDbServiceClient<NodeChannel> {
        StackerDbServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }

    /// Client of `TemplateService`.
    #[must_use]
    pub fn templates(&self) -> TemplateServiceClient<NodeChannel> {
        TemplateServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }

    /// Client of `ValidationService`.
    #[must_use]
    pub fn validation(&self) -> ValidationServiceClient<NodeChannel> {
        ValidationServiceClient::new(self.channel()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }
}

/// The answer of a unary call, within [`UNARY_TIMEOUT`].
///
/// # Errors
/// The call's status; `DEADLINE_EXCEEDED` when it takes too long.
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

/// The scheme is the connector's matter: the library would not let it speak TLS to an `https` address.
fn over_tls(endpoint: Endpoint, tls: &Tls) -> Result<Channel, NodeUrlError> {
    let uri = endpoint.uri().clone();
    let bad = |source| NodeUrlError::Url { url: uri.to_string(), source };
    let clear = Endpoint::from_shared(uri.to_string().replacen("https", "http", 1)).map_err(bad)?;
    let clear = configured(clear).origin(uri);
    let tls = tls.clone();
    Ok(clear.connect_with_connector_lazy(tower::service_fn(move |uri| tls.clone().connect(uri))))
}

/// Whether a server that was greeted by HTTP/2 in clear answers with a record of TLS.
async fn wants_tls(address: &str) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await?;
        stream.read_u8().await
    };
    matches!(tokio::time::timeout(CONNECT_TIMEOUT, asked).await, Ok(Ok(TLS_ALERT)))
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
        let pass = request.metadata().get(lane::HEADER).unwrap();
        assert_eq!(lane::who(pass.as_bytes()), Some(key.public_key().hash160()));
    }
}
