//! Garbage over HTTP, on every path of the router's table.

use hyper::Method;
use tests::processes::{Answer, Cluster, Http, run};

use super::liveness::assert_goes_on;
use super::shapes::{segments, shapes};

/// Fewest paths of the HTTP API: if there are fewer, the table was not found.
const ROUTES_MIN: usize = 20;
/// Meaningless queries.
const QUERIES: [&str; 4] = ["", "?tip=zz&proof=%ff", "?wait_ms=-1&limit=99999999999&offset=zz", "?=&&=%00"];
/// Content types of bodies: those that are accepted, one that is not, and none.
const CONTENT_TYPES: [Option<&str>; 4] =
    [Some("application/json"), Some("application/octet-stream"), Some("text/;;=\""), None];
/// Paths that are served nowhere.
const UNKNOWN: [(&str, &str); 4] = [
    ("GET", "/no/such/path"),
    ("GET", "/extended/v1/no/such/path"),
    ("DELETE", "/v2/info"),
    ("PUT", "/v2/transactions"),
];

/// The path with each parameter replaced by `value`.
fn fill(path: &str, value: &str) -> String {
    let filled = path.split('/').map(|segment| if segment.starts_with('{') { value } else { segment });
    filled.collect::<Vec<_>>().join("/")
}

#[test]
fn garbage_on_every_http_path_gets_an_answer_with_a_reason_and_the_node_goes_on() {
    run(async {
        let cluster = Cluster::start("0", "0");
        let http = cluster.http();
        let routes = mockamoto_node::rpc::http::routes();
        assert!(routes.len() >= ROUTES_MIN, "{} routes", routes.len());
        for route in &routes {
            let method = &Method::from_bytes(route.method.as_bytes()).expect("a method");
            let path = route.path;
            // A path without parameters differs only by its query.
            let values = if path.contains('{') { segments().len() } else { QUERIES.len() };
            for (place, segment) in segments().iter().take(values).enumerate() {
                let path = fill(path, segment) + QUERIES[place % QUERIES.len()];
                send_bodies(&http, method, &path).await;
            }
        }
        for (method, path) in UNKNOWN {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let answer = http.send(method.clone(), path, None, Vec::new()).await;
            assert!(matches!(answer.status, 404 | 405), "{method} {path}: {answer:?}");
            check(&method, path, &answer);
        }
        assert_goes_on(&cluster).await;
    });
}

async fn send_bodies(http: &Http, method: &Method, path: &str) {
    if *method == Method::GET {
        return check(method, path, &http.send(method.clone(), path, None, Vec::new()).await);
    }
    for body in shapes() {
        for content_type in CONTENT_TYPES {
            check(method, path, &http.send(method.clone(), path, content_type, body.clone()).await);
        }
    }
}

fn check(method: &Method, path: &str, answer: &Answer) {
    let status = answer.status;
    // A refusal that is data (a rejected block) is 200 or 202, as in the reference. 501 is for features that this node
    // does not have.
    assert!((200..500).contains(&status) || status == 501, "{method} {path}: {status} {}", answer.text());
    assert!(status < 300 || !answer.body.is_empty(), "{method} {path}: {status} without a reason");
}
