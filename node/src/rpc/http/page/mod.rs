//! GET / and /page/*: a page for people that shows the chain moving.
//!
//! Plain files without a build step, built into the binary. The page reads from public paths (`/v3/overview`,
//! `/v3/events`, `/v3/blocks/{block_id}/signers`). It loads nothing from other origins, and its content security policy
//! forbids it to.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use stacks_types::hashing::sha512_256;

use super::respond::{Answer, HttpError};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Scripts, styles, pictures and requests of this origin only; no page may frame this one.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);
/// The browser keeps the files but revalidates them each time: a new node may have a new page.
const CACHING: HeaderValue = HeaderValue::from_static("no-cache");

/// Bytes of the ETag's hash: enough that two versions never share one.
const TAG_BYTES: usize = 16;

/// A file of the page.
pub(super) struct PageFile {
    /// Its name under `/page/`.
    pub(super) name: &'static str,
    kind: &'static str,
    body: &'static [u8],
}

macro_rules! files {
    ($($kind:ident $name:literal,)*) => {
        pub(super) const FILES: &[PageFile] = &[
            $(PageFile { name: $name, kind: $kind, body: include_bytes!(concat!("assets/", $name)) },)*
        ];
    };
}

files! {
    HTML "index.html",
    CSS "style.css",
    SVG "icon.svg",
    SCRIPT "main.js",
    SCRIPT "stream.js",
    SCRIPT "store.js",
    SCRIPT "bytes.js",
    SCRIPT "c32.js",
    SCRIPT "clarity.js",
    SCRIPT "transaction.js",
    SCRIPT "message.js",
    SCRIPT "format.js",
    SCRIPT "dom.js",
    SCRIPT "list.js",
    SCRIPT "head.js",
    SCRIPT "burnchain.js",
    SCRIPT "blocks.js",
    SCRIPT "transactions.js",
    SCRIPT "detail.js",
    SCRIPT "detail_transaction.js",
    SCRIPT "people.js",
    SCRIPT "slots.js",
    SCRIPT "feed.js",
}

/// Changes whenever a file changes.
static TAG: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let bodies: Vec<&[u8]> = FILES.iter().map(|file| file.body).collect();
    let hash = sha512_256(&bodies);
    let (tag, _) = hash.split_at(TAG_BYTES);
    HeaderValue::try_from(format!("\"{}\"", hex::encode(tag))).ok()
});

/// GET /.
pub(super) async fn index(headers: HeaderMap) -> Answer {
    serve("index.html", &headers)
}

/// GET /page/{file}.
pub(super) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Answer {
    serve(&name, &headers)
}

fn serve(name: &str, headers: &HeaderMap) -> Answer {
    let file = FILES.iter().find(|file| file.name == name).ok_or_else(|| HttpError::not_found("not found"))?;
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|tag| Some(tag) == TAG.as_ref());
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { file.body.into_response() };
    let own = response.headers_mut();
    own.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
    own.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    own.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    own.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    own.insert(header::CACHE_CONTROL, CACHING);
    if let Some(tag) = TAG.clone() {
        own.insert(header::ETAG, tag);
    }
    Ok(response)
}
