//! A foreign page may read (GET) and nothing else.
//!
//! A browser sends a page's POST before it asks whether the page may read the answer (cross-site request forgery). It
//! reliably says where the page is from: in `Origin`, or else in `Sec-Fetch-Site`. Pages of this machine may do what
//! its programs may, and so may browser extensions, which the user has installed.

use axum::http::header::ORIGIN;
use axum::http::uri::{Authority, Uri};
use axum::http::{HeaderMap, StatusCode};

use super::Refusal;
use super::host::{self, is_this_machine};
use crate::config::ANY;

/// Schemes of browser extensions, such as wallets.
const INSTALLED: [&str; 3] = ["chrome-extension", "moz-extension", "safari-web-extension"];
const FETCH_SITE: &str = "sec-fetch-site";

/// The pages that may do more than read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    allowed: Vec<String>,
}

impl Origins {
    /// Pages of this machine and of the requested host, and those in `allowed`: `scheme://host:port` as browsers write
    /// it.
    #[must_use]
    pub fn new(allowed: Vec<String>) -> Self {
        Self { allowed }
    }

    /// Whether the page that sends a request with this target and these headers may do more than read.
    pub(super) fn check(&self, target: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut origins = headers.get_all(ORIGIN).iter().map(|origin| origin.to_str().unwrap_or_default());
        match (origins.next(), origins.next()) {
            (None, _) if !is_cross_site(headers) || self.is_allowed(ANY) => Ok(()),
            (None, _) => Err(refusal("another site")),
            (Some(origin), None) if self.is_ours(origin, target, headers) => Ok(()),
            (Some(origin), _) => Err(refusal(origin)),
        }
    }

    fn is_ours(&self, origin: &str, target: &Uri, headers: &HeaderMap) -> bool {
        if self.is_allowed(origin) {
            return true;
        }
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        if INSTALLED.contains(&scheme) {
            return true;
        }
        let Ok(page) = authority.parse::<Authority>() else { return false };
        is_this_machine(&page) || host::of(target, headers).is_ok_and(|host| host == page)
    }

    fn is_allowed(&self, origin: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == ANY || allowed.eq_ignore_ascii_case(origin))
    }
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get(FETCH_SITE).is_some_and(|site| site.as_bytes().eq_ignore_ascii_case(b"cross-site"))
}

fn refusal(origin: &str) -> Refusal {
    let text = format!(
        "a page of {origin} may only read here (GET); name it in [connection_options] allowed_origins if it may do more"
    );
    Refusal { status: StatusCode::FORBIDDEN, reason: "ORIGIN_FOREIGN", text }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use axum::http::header::HOST;

    use super::*;

    fn may(origins: &Origins, headers: &[(&'static str, &str)]) -> bool {
        let addressed = Request::builder().header(HOST, "node.lan:20443");
        let request = headers.iter().fold(addressed, |request, (name, value)| request.header(*name, *value));
        let request = request.body(()).unwrap();
        origins.check(request.uri(), request.headers()).is_ok()
    }

    #[test]
    fn pages_of_this_machine_and_programs_may() {
        let origins = Origins::default();
        assert!(may(&origins, &[]));
        for ours in [
            "http://localhost:3000",
            "https://LOCALHOST",
            "http://127.0.0.1:1",
            "http://[::1]:8080",
            "http://a.localhost",
            "http://node.lan:20443",
            "chrome-extension://abcdef",
        ] {
            assert!(may(&origins, &[("origin", ours)]), "{ours}");
        }
        // 127.0.0.1 is another site than localhost: the origin says more than the site.
        assert!(may(&origins, &[("origin", "http://localhost:3000"), ("sec-fetch-site", "cross-site")]));
        assert!(may(&origins, &[("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn pages_of_elsewhere_may_not() {
        let origins = Origins::default();
        for other in [
            "null",
            "",
            "http://localhost.evil.example",
            "http://127.0.0.1.nip.io",
            "http://10.0.0.1",
            "http://",
            "http://node.lan",
            "http://node.lan:20443.evil.example",
            "https://evil.example",
        ] {
            assert!(!may(&origins, &[("origin", other)]), "{other}");
        }
        assert!(!may(&origins, &[("origin", "http://localhost"), ("origin", "http://evil.example")]), "two origins");
        assert!(!may(&origins, &[("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn the_key_lets_pages_in() {
        let origins = Origins::new(vec!["https://wallet.example".to_owned(), "null".to_owned()]);
        assert!(may(&origins, &[("origin", "https://wallet.example")]) && may(&origins, &[("origin", "null")]));
        assert!(!may(&origins, &[("origin", "http://wallet.example")]), "another scheme is another origin");
        let all = Origins::new(vec!["*".to_owned()]);
        assert!(may(&all, &[("origin", "https://evil.example")]) && may(&all, &[("sec-fetch-site", "cross-site")]));
    }
}
