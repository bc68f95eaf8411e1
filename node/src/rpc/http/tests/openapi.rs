//! The OpenAPI document and the table of paths agree.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::http::{Method, StatusCode};
use serde_json::Value;

use super::bench::{Bench, Reply};
use super::json_schema::mismatches;
use crate::rpc::http::{openapi, routes};

static DOCUMENTED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(openapi::DOCUMENT).unwrap());

/// An answer to an operation: method, documented path, status, content type.
pub(super) type Answered = (String, String, String, String);

thread_local! {
    /// Answers that [`check`] has seen on this thread.
    static ANSWERED: RefCell<BTreeSet<Answered>> = RefCell::default();
}

fn note(method: &Method, pattern: &str, status: StatusCode, kind: &str) {
    let answer = (method.to_string(), pattern.to_owned(), status.as_str().to_owned(), kind.to_owned());
    ANSWERED.with_borrow_mut(|answered| answered.insert(answer));
}

/// Answers that this thread's test got so far.
pub(super) fn answered() -> BTreeSet<Answered> {
    ANSWERED.with_borrow(BTreeSet::clone)
}

/// Every answer that the document describes; without content, the content type is empty.
pub(super) fn documented_answers() -> BTreeSet<Answered> {
    let mut all = BTreeSet::new();
    for (path, operations) in DOCUMENTED["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let kinds = answer["content"].as_object().map(|kinds| kinds.keys().cloned().collect());
                for kind in kinds.unwrap_or_else(|| vec![String::new()]) {
                    all.insert((method.to_uppercase(), path.clone(), status.clone(), kind));
                }
            }
        }
    }
    all
}

/// Panics if an answer to a documented operation has an undocumented status, content type or shape.
pub(super) fn check(method: &Method, path: &str, reply: &Reply) {
    let faults = faults(method, path, reply);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is undocumented in an answer to a documented operation.
pub(super) fn faults(method: &Method, path: &str, reply: &Reply) -> Vec<String> {
    let path = path.split('?').next().unwrap_or_default();
    let Some((pattern, operations)) = matched(path) else { return Vec::new() };
    let Some(operation) = operations.get(method.as_str().to_lowercase()) else { return Vec::new() };
    let what = format!("{method} {path} ({pattern}): {}", reply.status);
    let answer = &operation["responses"][reply.status.as_str()];
    if !answer.is_object() {
        return vec![format!("{what} is not documented")];
    }
    let kind = reply.headers.get("content-type").map_or("", |kind| kind.to_str().unwrap());
    let kind = kind.split(';').next().unwrap_or_default();
    if reply.status == StatusCode::NOT_MODIFIED {
        note(method, pattern, reply.status, ""); // The answer names a content type and has no content.
        return Vec::new();
    }
    note(method, pattern, reply.status, kind);
    let Some(content) = answer["content"].get(kind) else { return vec![format!("{what} as {kind} is not documented")] };
    if kind != "application/json" {
        return Vec::new();
    }
    let wrong = mismatches(&DOCUMENTED, &content["schema"], &reply.json());
    wrong.into_iter().map(|wrong| format!("{what} is not as documented: {wrong}")).collect()
}

/// The documented path that matches a request's path; names win over placeholders, as in the router.
fn matched(path: &str) -> Option<(&'static String, &'static Value)> {
    let paths = DOCUMENTED["paths"].as_object().unwrap();
    let fits = |pattern: &str| {
        let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
        pattern.len() == path.len()
            && pattern.iter().zip(&path).all(|(name, part)| (name.starts_with('{') && !part.is_empty()) || name == part)
    };
    paths.iter().filter(|(pattern, _)| fits(pattern)).min_by_key(|(pattern, _)| pattern.matches('{').count())
}

/// (method, path) of every operation in the document.
fn documented(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, operations)| {
        operations.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone()))
    });
    operations.collect()
}

#[test]
fn every_path_is_documented_and_every_documented_path_is_served() {
    let bench = Bench::new(None);
    let document = bench.read("/openapi.json");
    let served: BTreeSet<_> = routes().iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    assert_eq!(documented(&document), served);
    for (method, path) in served {
        // The router refuses the other method by name, so it knows the path.
        let filled = path.replace("{", "").replace("}", "");
        let other = if method == "GET" { Method::POST } else { Method::GET };
        let both = routes().iter().filter(|route| route.path == path).count() > 1;
        let status = bench.ask(other, &filled, &[], Vec::new()).status;
        // The filled-in name may be a path of its own: /v3/blocks/{block_id} and /v3/blocks/upload.
        assert!(both || status == StatusCode::METHOD_NOT_ALLOWED, "{method} {path}: {status}");
    }
}

#[test]
fn queries_are_documented_and_any_other_is_refused() {
    let bench = Bench::new(None);
    let document = bench.read("/openapi.json");
    for route in routes() {
        let operation = &document["paths"][route.path][route.method.to_lowercase()];
        let documented: BTreeSet<_> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let taken = route.keys.unwrap_or_default();
        let taken: BTreeSet<_> = taken.one.iter().chain(taken.lists).copied().collect();
        assert_eq!(documented, taken, "{} {}", route.method, route.path);
        let filled = route.path.replace("{", "").replace("}", "");
        let method = Method::from_bytes(route.method.as_bytes()).unwrap();
        let reply = bench.ask(method, &format!("{filled}?%6bind=x"), &[], Vec::new());
        if route.keys.is_none() {
            assert_eq!(reply.status, StatusCode::NOT_IMPLEMENTED, "{} {}", route.method, route.path);
            continue;
        }
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{} {}: {text}", route.method, route.path);
        assert!(text.starts_with("unknown query key \"kind\""), "{} {}: {text}", route.method, route.path);
        assert!(operation["responses"].get("400").is_some(), "{} {}: 400 is not documented", route.method, route.path);
    }
}

#[test]
fn every_path_with_a_principal_tells_of_a_mistyped_one() {
    let bench = Bench::new(Some("secret"));
    let with_principal =
        |path: &str| ["{principal}", "{address}", "{trait_address}"].iter().any(|part| path.contains(part));
    let mut seen = 0;
    for route in routes().into_iter().filter(|route| route.keys.is_some() && with_principal(route.path)) {
        let filled: Vec<_> = route
            .path
            .split('/')
            .map(|part| match part {
                "{principal}" | "{address}" | "{trait_address}" => "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AH",
                "{slot}" | "{version}" => "0",
                part => part.trim_matches(['{', '}']),
            })
            .collect();
        let method = Method::from_bytes(route.method.as_bytes()).unwrap();
        let headers = [("content-type", "application/json"), ("authorization", "secret")];
        let body = br#"{"slot_id":0,"slot_version":0,"sig":"00","data":""}"#.to_vec();
        let reply = bench.ask(method, &filled.join("/"), &headers, body);
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}: {text}", route.path);
        assert!(text.contains("checksum does not match"), "{}: {text}", route.path);
        seen += 1;
    }
    assert!(seen >= 17, "{seen}");
}

#[test]
fn the_document_holds_together() {
    let document: Value = serde_json::from_str(openapi::DOCUMENT).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut ids = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{what}: the operationId is taken");
            assert!(operation["responses"].as_object().is_some_and(|responses| !responses.is_empty()), "{what}");
            let named: BTreeSet<_> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let in_path: BTreeSet<_> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(named, in_path, "{what}");
        }
    }
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is not defined");
    }
}

/// Refusals that come before the handlers are the same for all paths.
#[test]
fn every_operation_tells_of_what_any_request_may_meet() {
    for (path, operations) in DOCUMENTED["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for status in ["400", "403", "429"] {
                let text = &operation["responses"][status]["content"]["text/plain"];
                assert!(text.is_object(), "{method} {path}: {status} as text");
            }
            if method == "post" && operation["responses"].get("501").is_none() {
                assert!(["413", "507"].iter().all(|status| operation["responses"].get(status).is_some()), "{path}");
            }
        }
    }
}
