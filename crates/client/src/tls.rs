//! TLS to a node whose certificate, or the one that signed it, is in a file.
//!
//! A certificate in the file is trusted as it is, for any name, and whether or not it may sign others. Any other
//! certificate is checked as usual: it must be signed by one in the file, for this host, and be within its dates.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, InvalidMessage, RootCertStore, SignatureScheme,
};
use tonic::transport::Uri;

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The system cannot read the file.
    #[error("{}", path.display())]
    Read {
        /// Path of the file with the certificates.
        path: PathBuf,
        /// Error of the system.
        #[source]
        source: io::Error,
    },
    /// The file has no PEM certificate that can be used.
    #[error("{} holds no certificate (PEM)", path.display())]
    Empty {
        /// Path of the file with the certificates.
        path: PathBuf,
    },
    /// The TLS library refuses the certificates or its own setup.
    #[error("TLS")]
    Library(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Connects by TLS to nodes that the trusted certificates vouch for.
#[derive(Clone)]
pub(super) struct Tls(TlsConnector);

impl Tls {
    /// Reads the certificates to trust from a PEM file.
    pub(super) fn trusting(path: PathBuf) -> Result<Self, TrustError> {
        let pem = match std::fs::read(&path) {
            Ok(pem) => pem,
            Err(source) => return Err(TrustError::Read { path, source }),
        };
        let named: Vec<_> = CertificateDer::pem_slice_iter(&pem).flatten().collect();
        if named.is_empty() {
            return Err(TrustError::Empty { path });
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(named.iter().cloned());
        let provider = Arc::new(ring::default_provider());
        let signed = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        let signed = signed.map_err(|error| TrustError::Library(error.into()))?;
        Self::with(provider, Trust { named, signed })
    }

    fn with(provider: Arc<CryptoProvider>, trust: Trust) -> Result<Self, TrustError> {
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|error| TrustError::Library(error.into()))?;
        let config = config.dangerous().with_custom_certificate_verifier(Arc::new(trust));
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Connects to the host and port of `uri`.
    pub(super) async fn connect(self, uri: Uri) -> io::Result<TokioIo<TlsStream<TcpStream>>> {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let stream = TcpStream::connect((host.as_str(), uri.port_u16().unwrap_or(443))).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(host).map_err(io::Error::other)?;
        self.0.connect(name, stream).await.map(TokioIo::new).map_err(in_plain_words)
    }
}

/// Replaces the library's error for a server that does not speak TLS or has another certificate by one that names the
/// remedy.
fn in_plain_words(error: io::Error) -> io::Error {
    match error.get_ref().and_then(|cause| cause.downcast_ref::<Error>()) {
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            io::Error::other("the node does not speak TLS: address it by http://, without --tls-ca")
        }
        Some(Error::InvalidCertificate(why)) => {
            io::Error::other(format!("the file of --tls-ca does not vouch for the node's certificate: {why}"))
        }
        _ => error,
    }
}

#[derive(Debug)]
struct Trust {
    named: Vec<CertificateDer<'static>>,
    signed: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.named.iter().any(|named| named == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        self.signed.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}
