//! TLS with a certificate and key from PEM files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing, or is not PEM with the expected content.
    #[error("{}", path.display())]
    Pem {
        /// The PEM file.
        path: PathBuf,
        /// Why it is not valid PEM.
        #[source]
        source: pem::Error,
    },
    /// There is no certificate in the file.
    #[error("{}: no certificate", path.display())]
    Empty {
        /// The PEM file.
        path: PathBuf,
    },
    /// Certificate and key do not match, or their kind is not supported.
    #[error("certificate and key cannot be used")]
    Refused(#[from] rustls::Error),
}

/// Serves with the certificate chain in `cert` and the private key in `key`; prefers HTTP/2.
///
/// # Errors
/// [`TlsError`].
pub fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let pem = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::Pem { path, source }
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect).map_err(pem(cert))?;
    if chain.is_empty() {
        return Err(TlsError::Empty { path: cert.to_owned() });
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(pem(key))?;
    // The provider is named because rustls chooses none itself when a program has two.
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
