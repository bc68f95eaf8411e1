//! Garbage over gRPC, on every method in the descriptors.

use nakamoto_proto::v1;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tests::processes::{Cluster, RawGrpc, run};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::liveness::{assert_answers, assert_goes_on};
use super::messages::Types;
use super::shapes::shapes;

/// Fewest methods of the API: if there are fewer, the descriptors were not found.
const METHODS_MIN: usize = 28;

/// Path of the service that changes the mocks.
const ADMIN: &str = "/nakamoto.v1.AdminService/";

/// A method, and the type of its request.
struct Rpc {
    path: String,
    request: String,
}

fn rpcs(set: &FileDescriptorSet) -> Vec<Rpc> {
    let mut rpcs = Vec::new();
    for file in &set.file {
        for service in &file.service {
            rpcs.extend(service.method.iter().map(|method| Rpc {
                path: format!("/{}.{}/{}", file.package(), service.name(), method.name()),
                request: method.input_type().to_owned(),
            }));
        }
    }
    rpcs
}

#[test]
fn garbage_on_every_rpc_gets_an_error_with_a_reason_and_the_node_goes_on() {
    run(async {
        let cluster = Cluster::start("0", "0");
        let client = cluster.raw_grpc();
        let set = FileDescriptorSet::decode(v1::FILE_DESCRIPTOR_SET).expect("the built-in descriptors");
        let rpcs = rpcs(&set);
        assert!(rpcs.len() >= METHODS_MIN, "{} methods", rpcs.len());
        let (mocks, others): (Vec<_>, Vec<_>) = rpcs.iter().partition(|rpc| rpc.path.starts_with(ADMIN));
        let types = Types::of(&set);
        send_all(&client, &types, &others).await;
        standard_services(&client).await;
        assert_goes_on(&cluster).await;
        // Last, as garbage may set stackers or a mining mode with which no block can be signed any more.
        send_all(&client, &types, &mocks).await;
        assert_answers(&cluster).await;
    });
}

async fn send_all(client: &RawGrpc, types: &Types, rpcs: &[&Rpc]) {
    for rpc in rpcs {
        for message in types.garbage(&rpc.request).into_iter().chain(shapes()) {
            let answer = client.call(&rpc.path, &message).await;
            let served = answer.as_ref().err().is_none_or(|status| status.code() != Code::Unimplemented);
            assert!(served, "{} is not served", rpc.path);
            check(&rpc.path, &message, answer);
        }
        check_frames(client, &rpc.path).await;
    }
}

/// Checks that an answer is OK, or an error with a reason in this project's form.
fn check(path: &str, sent: &[u8], answer: Result<Option<Vec<u8>>, Status>) {
    let Err(status) = answer else { return };
    let start = hex::encode(&sent[..sent.len().min(64)]);
    let what = format!("{path} {start} ({} bytes): {status:?}", sent.len());
    assert!(!matches!(status.code(), Code::Ok | Code::Internal | Code::Unknown | Code::DataLoss), "{what}");
    assert!(!status.message().is_empty(), "{what}");
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no reason: {what}"));
    assert_eq!(info.domain, "nakamoto.v1", "{what}");
    assert!(!info.reason.is_empty(), "{what}");
    assert!(
        info.reason.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'),
        "{what}"
    );
}

/// Checks broken frames: the five bytes before a message give its length and whether it is compressed.
async fn check_frames(client: &RawGrpc, path: &str) {
    let frames: [&[u8]; 8] = [
        &[],
        &[0],
        &[0, 0, 0, 0],
        &[0, 0, 0, 0, 9, 1, 2],
        &[1, 0, 0, 0, 1, 8],
        &[7, 0, 0, 0, 0],
        &[0, 0xff, 0xff, 0xff, 0xff, 1],
        b"{\"json\": true}",
    ];
    for frame in frames {
        let answer = client.send(path, "application/grpc", frame.to_vec()).await;
        assert!(answer.is_err(), "{path} {frame:?} is no message: {answer:?}");
        check(path, frame, answer);
    }
    let unknown = format!("{path}Unknown");
    let status = client.call(&unknown, &[]).await.expect_err(&unknown);
    assert_eq!(status.code(), Code::Unimplemented);
    check(&unknown, &[], Err(status));
}

/// Reflection and health have their own kinds of errors; the node must only survive the calls.
async fn standard_services(client: &RawGrpc) {
    for path in [
        "/grpc.health.v1.Health/Check",
        "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ] {
        for message in shapes() {
            if let Err(status) = client.call(path, &message).await {
                assert!(!status.message().is_empty(), "{path}: {status:?}");
                assert_ne!(status.code(), Code::Unimplemented, "{path} is not served");
            }
        }
    }
}
