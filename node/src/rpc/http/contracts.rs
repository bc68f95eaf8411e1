//! Contracts: source, interface, variables, maps, read-only calls.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::IntoResponse as _;
use chainstate::chain::Snapshot;
use chainstate::read::contract::ContractAt;
use chainstate::read::contract_data::StoredValue;
use chainstate::read::{self, LookupError, Unknown};
use clarity::costs::Cost;
use clarity::principal::Principal;
use serde::Deserialize;
use serde_json::{Value, json};
use stacks_types::value::decode_value;

use super::auth;
use super::input::{Kind, hex_bytes, json_body, kind};
use super::query::Query;
use super::respond::{Answer, HttpError, hex0x, json};
use crate::config::CallLimits;
use crate::error::ApiError;
use crate::principals::parse_principal;
use crate::rpc::grpc::Services;
use crate::rpc::read_only_call::{ReadOnlyRequest, call_read_only};

/// Longest name that a function, variable or map can have.
const MAX_NAME_BYTES: usize = 128;
/// Most arguments of a call: no block can call a function with more.
const MAX_ARGUMENTS: usize = 4096;

/// GET /v2/contracts/source/{address}/{contract}.
pub(super) async fn source(
    State(services): State<Services>,
    Path((address, name)): Path<(String, String)>,
    query: Query,
) -> Answer {
    let contract = query.contract(&address, &name)?;
    let proof = query.proof();
    let found = services.pool.read(move |snapshot| read::contract::source(snapshot, &contract, proof)).await?;
    let (source, proof) = found;
    let mut body = json!({ "source": source.source, "publish_height": source.publish_height });
    if let Some(proof) = proof {
        body["proof"] = hex0x(&proof).into();
    }
    Ok(json(body))
}

/// GET /v2/contracts/interface/{address}/{contract}.
pub(super) async fn interface(
    State(services): State<Services>,
    Path((address, name)): Path<(String, String)>,
    query: Query,
) -> Answer {
    let contract = query.contract(&address, &name)?;
    let text = services.pool.read(move |snapshot| read::contract::interface(snapshot, &contract)).await?;
    let kind = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// GET /v2/data_var/{address}/{contract}/{variable}.
pub(super) async fn data_var(
    State(services): State<Services>,
    Path((address, name, variable)): Path<(String, String, String)>,
    query: Query,
) -> Answer {
    let contract = query.contract(&address, &name)?;
    check_name(&variable)?;
    let proof = query.proof();
    let read = move |snapshot: &Snapshot<'_>| read::contract_data::variable(snapshot, &contract, &variable, proof);
    Ok(json(data(services.pool.read(read).await?)))
}

/// POST /v2/map_entry/{address}/{contract}/{map}: the body is a JSON string, the key in hex.
pub(super) async fn map_entry(
    State(services): State<Services>,
    Path((address, name, map)): Path<(String, String, String)>,
    query: Query,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let contract = query.contract(&address, &name)?;
    check_name(&map)?;
    expect_json(&headers)?;
    let key = hex_bytes("key", &json_body::<String>(&body)?)?;
    let proof = query.proof();
    let read = move |snapshot: &Snapshot<'_>| {
        // A key may be large, so it is decoded on the thread of the read.
        let key = decode_value(&key).map_err(|error| ApiError::invalid("key", error))?;
        match read::contract_data::map_entry(snapshot, &contract, &map, &key, proof) {
            // A map or contract that does not exist has no such entry either.
            Err(LookupError::NotFound { what: Unknown::Contract, .. }) => Ok(StoredValue::none()),
            answer => Ok::<_, ApiError>(answer?),
        }
    };
    Ok(json(data(services.pool.read(read).await?)))
}

#[derive(Deserialize)]
struct CallBody {
    sender: String,
    #[serde(default)]
    sponsor: Option<String>,
    arguments: Vec<String>,
}

/// POST /v2/contracts/call-read/{address}/{contract}/{function}.
pub(super) async fn call_read(
    State(services): State<Services>,
    Path((address, name, function)): Path<(String, String, String)>,
    query: Query,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let limits = services.pool.chain().call_limits().clone();
    call(&services, query.contract(&address, &name)?, function, &headers, &body, limits).await
}

/// POST /v3/contracts/fast-call-read/{address}/{contract}/{function}: as [`call_read`], bounded by time alone.
pub(super) async fn fast_call_read(
    State(services): State<Services>,
    Path((address, name, function)): Path<(String, String, String)>,
    query: Query,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    auth::operator(&services, &headers)?;
    let limits = services.pool.chain().call_limits().clone();
    // By the limits of writes, calls that write are known.
    let cost = Cost { write_length: limits.cost.write_length, write_count: limits.cost.write_count, ..Cost::MAX };
    let limits = CallLimits { cost, ..limits };
    call(&services, query.contract(&address, &name)?, function, &headers, &body, limits).await
}

async fn call(
    services: &Services,
    contract: ContractAt,
    function: String,
    headers: &HeaderMap,
    body: &[u8],
    limits: CallLimits,
) -> Answer {
    check_name(&function)?;
    expect_json(headers)?;
    let body: CallBody = json_body(body)?;
    let call = ReadOnlyRequest {
        contract,
        function,
        sender: principal("sender", &body.sender)?,
        sponsor: body.sponsor.as_deref().map(|text| principal("sponsor", text)).transpose()?,
        arguments: arguments(&body.arguments)?,
    };
    let answer = services.pool.evaluate(move |snapshot| call_read_only(snapshot, &call, &limits)).await;
    let answer = match answer {
        Err(ApiError::NotFound { what: Unknown::Contract, id }) => {
            let cause = format!("RuntimeCheck(NoSuchContract(\"{id}\"))");
            return Ok(json(json!({ "okay": false, "cause": cause })));
        }
        answer => answer?,
    };
    let body = match answer {
        Ok(value) => json!({ "okay": true, "result": hex0x(&value.encode()) }),
        Err(cause) => json!({ "okay": false, "cause": cause }),
    };
    Ok(json(body))
}

fn arguments(texts: &[String]) -> Result<Vec<Vec<u8>>, HttpError> {
    if texts.len() > MAX_ARGUMENTS {
        return Err(HttpError::bad_request(format!("more than {MAX_ARGUMENTS} arguments")));
    }
    texts.iter().enumerate().map(|(at, text)| hex_bytes(&format!("argument {}", at + 1), text)).collect()
}

fn principal(name: &str, text: &str) -> Result<Principal, HttpError> {
    // The reference's clients may quote it, as Clarity does.
    let text = text.strip_prefix('\'').unwrap_or(text);
    parse_principal(text).map_err(|error| HttpError::bad_request(format!("{name}: {error}")))
}

pub(super) fn check_name(name: &str) -> Result<(), HttpError> {
    if (1..=MAX_NAME_BYTES).contains(&name.len()) && name.is_ascii() {
        return Ok(());
    }
    Err(HttpError::not_found("not found"))
}

pub(super) fn expect_json(headers: &HeaderMap) -> Result<(), HttpError> {
    match kind(headers) {
        Ok(Kind::Json) => Ok(()),
        Ok(Kind::Octets) | Err(_) => Err(HttpError::bad_request("Content-Type must be application/json")),
    }
}

pub(super) fn data(answer: StoredValue) -> Value {
    let mut body = json!({ "data": hex0x(&answer.value) });
    if let Some(proof) = answer.proof {
        body["proof"] = hex0x(&proof).into();
    }
    body
}
