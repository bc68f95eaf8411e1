//! Names of hosts and pages: addresses to serve on, hosts that mean this node, and web pages that may do more than
//! read.

use std::net::{SocketAddr, ToSocketAddrs as _};

use axum::http::uri::Authority;

/// Stands for every host, or every page.
pub const ANY: &str = "*";

/// The address of `host:port`. A name is looked up, and its first address is used.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn resolve(text: &str) -> Result<SocketAddr, String> {
    let mut found = text.to_socket_addrs().map_err(|error| format!("`{text}` is not host:port: {error}"))?;
    found.next().ok_or_else(|| format!("`{text}` has no address"))
}

/// Whether a text can be a host of `allowed_hosts`: a name or number without port, or `*`.
#[must_use]
pub(super) fn is_host(text: &str) -> bool {
    text == ANY || text.parse::<Authority>().is_ok_and(|host| host.host() == text)
}

/// Whether a text can be an origin of `allowed_origins`: `*`, `null`, or scheme, host and perhaps a port.
#[must_use]
pub(super) fn is_origin(text: &str) -> bool {
    let page = text.split_once("://").map(|(scheme, page)| (!scheme.is_empty(), page.parse::<Authority>()));
    text == ANY || text == "null" || matches!(page, Some((true, Ok(_))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_with_a_port_are_resolved() {
        assert_eq!(resolve("127.0.0.1:5").unwrap().to_string(), "127.0.0.1:5");
        assert!(resolve("localhost:5").unwrap().ip().is_loopback());
        let error = resolve("localhost").unwrap_err();
        assert!(error.starts_with("`localhost` is not host:port"), "{error}");
    }

    #[test]
    fn names_without_port_are_hosts() {
        assert!(["*", "node.lan", "192.0.2.1", "[::1]"].into_iter().all(is_host));
        assert!(!["", "node.lan:1", "http://node.lan", "a b", "a/b", "u@a"].into_iter().any(is_host));
    }

    #[test]
    fn schemes_with_hosts_are_origins() {
        assert!(["*", "null", "https://a.example", "http://a:1"].into_iter().all(is_origin));
        assert!(!["", "a.example", "https://a.example/path", "://a", "https://"].into_iter().any(is_origin));
    }
}
