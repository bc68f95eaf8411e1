//! Names in keys of `[connection_options]`: hosts that mean this node, and pages that may do more than read.

use axum::http::uri::Authority;

/// Stands for every host, or every page.
pub const ANY: &str = "*";

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
