//! A request must be addressed to this node by one of the node's names.
//!
//! A page can have its own server's name resolved to this machine (DNS rebinding): the browser then takes this node for
//! the page's server and lets the page read. The browser still sends the page's name as `Host`. An IP address cannot be
//! rebound, so a node that serves all addresses of the machine accepts any address as `Host`.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::uri::{Authority, Uri};
use axum::http::{HeaderMap, StatusCode};

use super::Refusal;
use crate::config::ANY;

/// The names of this node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts {
    /// Served addresses.
    bound: Vec<IpAddr>,
    /// More names, from the config.
    named: Vec<String>,
}

impl Hosts {
    /// Loopback, `bound`, and the names or addresses in `named`.
    #[must_use]
    pub fn new(bound: Vec<IpAddr>, named: Vec<String>) -> Self {
        Self { bound, named }
    }

    pub(super) fn check(&self, host: &Authority) -> Result<(), Refusal> {
        if is_this_machine(host) || self.is_bound(host) || self.is_named(host) {
            return Ok(());
        }
        let text = format!(
            "{} is no name of this node; name it in [connection_options] allowed_hosts if it is to be one",
            host.host()
        );
        Err(Refusal { status: StatusCode::FORBIDDEN, reason: "HOST_FOREIGN", text })
    }

    fn is_bound(&self, host: &Authority) -> bool {
        number(host).is_some_and(|ip| self.bound.iter().any(|bound| bound.is_unspecified() || *bound == ip))
    }

    fn is_named(&self, host: &Authority) -> bool {
        let host = name(host);
        self.named.iter().any(|named| named == ANY || named.eq_ignore_ascii_case(host))
    }
}

/// Whether the request has just one `Host`, `localhost` or 127.0.0.1 with any port, as nearly all local programs send
/// it. Every rule of this file accepts it, so it need not be parsed.
pub(super) fn is_plainly_here(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (Some(host), None, None) = (hosts.next(), hosts.next(), request.uri().authority()) else { return false };
    let host = host.as_bytes();
    let Some(rest) = host.strip_prefix(b"localhost").or_else(|| host.strip_prefix(b"127.0.0.1")) else { return false };
    match rest {
        [] => true,
        [b':', port @ ..] => (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// The host that a request with this target and these headers names. Target and `Host` must agree.
pub(super) fn of(target: &Uri, headers: &HeaderMap) -> Result<Authority, Refusal> {
    let bad = |text: &str| Refusal { status: StatusCode::BAD_REQUEST, reason: "HOST_INVALID", text: text.to_owned() };
    let mut hosts = headers.get_all(HOST).iter();
    let (header, more) = (hosts.next(), hosts.next());
    if more.is_some() {
        return Err(bad("the request has more than one Host"));
    }
    let header = match header {
        Some(header) => {
            let host = Authority::try_from(header.as_bytes()).ok().filter(|host| !host.as_str().contains('@'));
            Some(host.ok_or_else(|| bad("Host is not host:port"))?)
        }
        None => None,
    };
    match (target.authority(), header) {
        (Some(target), Some(header)) if *target != header => Err(bad("Host and the request's target differ")),
        (Some(host), _) => Ok(host.clone()),
        (None, Some(host)) => Ok(host),
        (None, None) => Err(bad("the request has no Host")),
    }
}

/// Whether the host can only be this machine: the names and addresses of loopback.
pub(super) fn is_this_machine(host: &Authority) -> bool {
    let name = name(host);
    let named = name.eq_ignore_ascii_case("localhost")
        || name.rsplit_once('.').is_some_and(|(_, last)| last.eq_ignore_ascii_case("localhost"));
    named || number(host).is_some_and(|ip| ip.is_loopback())
}

/// The host without the dot that ends a complete name.
fn name(host: &Authority) -> &str {
    host.host().strip_suffix('.').unwrap_or(host.host())
}

fn number(host: &Authority) -> Option<IpAddr> {
    let text = host.host();
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn admits(hosts: &Hosts, host: &str) -> bool {
        hosts.check(&host.parse().unwrap()).is_ok()
    }

    #[test]
    fn loopback_the_bound_address_and_the_keys_names_are_the_nodes() {
        let hosts = Hosts::new(vec!["192.0.2.1".parse().unwrap()], vec!["node.lan".to_owned()]);
        for ours in [
            "localhost",
            "LOCALHOST:1",
            "a.localhost:80",
            "localhost.",
            "127.0.0.1:20443",
            "127.9.9.9",
            "[::1]:5",
            "[::ffff:127.0.0.1]",
            "192.0.2.1:20443",
            "Node.Lan:9",
        ] {
            assert!(admits(&hosts, ours), "{ours}");
        }
        for other in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "192.0.2.2",
            "node.lan.evil.example",
            "[2001:db8::1]",
        ] {
            assert!(!admits(&hosts, other), "{other}");
        }
    }

    #[test]
    fn an_address_for_all_takes_numbers_and_a_star_takes_names() {
        let all = Hosts::new(vec!["0.0.0.0".parse().unwrap()], Vec::new());
        assert!(admits(&all, "198.51.100.7:20443") && admits(&all, "[2001:db8::1]"));
        assert!(!admits(&all, "evil.example"));
        assert!(admits(&Hosts::new(Vec::new(), vec!["*".to_owned()]), "evil.example"));
    }

    #[test]
    fn a_request_is_addressed_once() {
        let of = |uri: &str, hosts: &[&str]| {
            let request = hosts.iter().fold(Request::builder().uri(uri), |request, host| request.header(HOST, *host));
            let request = request.body(Body::empty()).unwrap();
            super::of(request.uri(), request.headers()).map_err(|refusal| refusal.status)
        };
        assert_eq!(of("/", &["a:1"]), Ok("a:1".parse().unwrap()));
        assert_eq!(of("http://a:1/", &[]), Ok("a:1".parse().unwrap()));
        assert_eq!(of("http://a:1/", &["A:1"]), Ok("a:1".parse().unwrap()));
        for (uri, hosts) in
            [("/", &[][..]), ("/", &["a", "a"]), ("http://a/", &["b"]), ("/", &["a b"]), ("/", &[""]), ("/", &["u@a"])]
        {
            assert_eq!(of(uri, hosts), Err(StatusCode::BAD_REQUEST), "{uri} {hosts:?}");
        }
    }

    #[test]
    fn what_is_plainly_here_is_right_by_all_rules() {
        let asked = |uri: &str, hosts: &[&str]| {
            let request = hosts.iter().fold(Request::builder().uri(uri), |request, host| request.header(HOST, *host));
            request.body(Body::empty()).unwrap()
        };
        for host in ["localhost", "localhost:20443", "127.0.0.1", "127.0.0.1:1"] {
            let request = asked("/", &[host]);
            assert!(is_plainly_here(&request), "{host}");
            assert_eq!(Hosts::default().check(&super::of(request.uri(), request.headers()).unwrap()), Ok(()), "{host}");
        }
        for host in
            ["", "localhost.", "LOCALHOST", "localhost:", "localhost:a", "localhost:1@b", "localhost.evil", "[::1]"]
        {
            assert!(!is_plainly_here(&asked("/", &[host])), "{host}");
        }
        assert!(!is_plainly_here(&asked("/", &[])));
        assert!(!is_plainly_here(&asked("/", &["localhost", "localhost"])));
        assert!(!is_plainly_here(&asked("http://evil.example/", &["localhost"])));
    }
}
