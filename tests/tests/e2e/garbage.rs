//! Garbage on every RPC and HTTP path: an answer with a reason, and the node goes on.

use hyper::Method;
use nakamoto_proto::v1;
use nakamoto_proto::v1::block_service_client::BlockServiceClient;
use nakamoto_proto::v1::stacker_db_service_client::StackerDbServiceClient;
use nakamoto_proto::v1::template_service_client::TemplateServiceClient;
use nakamoto_proto::v1::validation_service_client::ValidationServiceClient;

use crate::support::{Cluster, WAIT, run};

/// Bytes of many shapes, the same on every run.
fn shapes() -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()
    };
    let mut shapes = vec![Vec::new(), vec![0], vec![0xff; 64], vec![0; 1024], b"{}".to_vec(), b"\"".to_vec()];
    for length in [1, 7, 33, 180, 400, 5_000] {
        shapes.push((0..length).flat_map(|_| next()).collect());
    }
    // A block's header whose counts promise more than there is.
    let mut promises = vec![0; 1 + 8 + 8 + 32 * 4 + 80 + 65];
    promises.extend([0xff; 4]);
    shapes.push(promises);
    shapes
}

const PATHS: &[(&str, &str)] = &[
    ("POST", "/v2/transactions"),
    ("POST", "/v3/block"),
    ("POST", "/v3/block_template"),
    ("POST", "/v3/block_validation"),
    ("POST", "/v2/contracts/call-read/ST000000000000000000002AMW42H/costs-3/nope"),
    ("POST", "/v2/map_entry/ST000000000000000000002AMW42H/costs-3/nope"),
    ("GET", "/v3/block_template/nope"),
    ("GET", "/v3/block_validation/%ff%00"),
    ("GET", "/v2/accounts/nobody"),
    ("GET", "/v2/accounts/ST000000000000000000002AMW42H.%F0%9F%A6%80"),
    ("GET", "/v2/contracts/source/x/y"),
    ("GET", "/v3/blocks/zz"),
    ("GET", "/v3/blocks/height/99999999999999999999"),
    ("GET", "/v3/transaction/00"),
    ("GET", "/no/such/path"),
    ("GET", "/extended/v1/address/ST000000000000000000002AMW42H/nonces"),
    ("DELETE", "/v2/info"),
    ("PUT", "/v2/transactions"),
];

#[test]
fn garbage_gets_an_answer_with_a_reason_and_the_node_goes_on() {
    run(async {
        let cluster = Cluster::start("0", "0");
        let http = cluster.http();
        for (method, path) in PATHS {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            for body in shapes() {
                for content_type in [None, Some("application/octet-stream"), Some("application/json"), Some("\u{7f}")] {
                    let content_type = content_type.filter(|text| text.is_ascii() && !text.contains('\u{7f}'));
                    let answer = http.send(method.clone(), path, content_type, body.clone()).await;
                    let status = answer.status;
                    // Data that refuses (a rejected block) is 200 or 202 by the reference's shapes.
                    assert!((200..500).contains(&status), "{method} {path}: {status} {}", answer.text());
                    assert!(status < 300 || !answer.body.is_empty(), "{method} {path}: {status} without a reason");
                }
            }
        }
        garbage_over_grpc(&cluster).await;
        let info = http.get("/v2/info").await;
        assert_eq!(info.status, 200);
        assert!(!cluster.node.log().contains("panicked"), "{}", cluster.node.log());
    });
}

async fn garbage_over_grpc(cluster: &Cluster) {
    let channel = cluster.client().channel;
    for bytes in shapes() {
        let request = v1::PushBlockRequest { block: bytes.clone().into() };
        match BlockServiceClient::new(channel.clone()).push_block(request).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                assert_eq!(answer.outcome(), v1::PushOutcome::Rejected);
                assert!(!answer.rejection.expect("a reason").detail.is_empty());
            }
            Err(status) => assert_eq!((status.code(), bytes.len()), (tonic::Code::InvalidArgument, 0), "{status}"),
        }

        // An empty field is told apart from an undecodable one: the test above has seen that answer.
        if !bytes.is_empty() {
            let submit = cluster.client().submit(bytes.clone()).await;
            assert!(!submit.accepted);
            assert!(!submit.refusal_reason.is_empty());
        }

        let request = v1::RequestValidationRequest { block: bytes.clone().into(), ..Default::default() };
        let mut validation = ValidationServiceClient::new(channel.clone());
        match validation.request_validation(request).await {
            Ok(answer) => {
                let request = v1::GetValidationRequest {
                    validation_id: answer.into_inner().validation_id,
                    wait: prost_types::Duration::try_from(WAIT / 2).ok(),
                };
                let result = validation.get_validation(request).await.expect("a result").into_inner();
                assert!(!result.verdict.expect("a verdict").valid);
            }
            Err(status) => assert_eq!(status.code(), tonic::Code::InvalidArgument, "{status}"),
        }

        let block = Some(v1::get_block_request::Block::BlockId(bytes.clone().into()));
        let request = v1::GetBlockRequest { block, tip_block_id: bytes.clone().into() };
        let status = BlockServiceClient::new(channel.clone()).get_block(request).await.expect_err("no such block");
        assert!(matches!(status.code(), tonic::Code::InvalidArgument | tonic::Code::NotFound), "{status}");

        let chunk =
            v1::StackerDbChunk { signature: bytes.clone().into(), data: bytes.clone().into(), ..Default::default() };
        let request =
            v1::PutChunkRequest { contract_id: "ST000000000000000000002AMW42H.signers".to_owned(), chunk: Some(chunk) };
        match StackerDbServiceClient::new(channel.clone()).put_chunk(request).await {
            Ok(answer) => assert!(!answer.into_inner().accepted),
            Err(status) => assert_eq!(status.code(), tonic::Code::InvalidArgument, "{status}"),
        }

        let request = v1::RequestTemplateRequest {
            coinbase: bytes.clone().into(),
            parent_block_id: bytes.clone().into(),
            ..Default::default()
        };
        match TemplateServiceClient::new(channel.clone()).request_template(request).await {
            Ok(answer) => assert!(!answer.into_inner().template_id.is_empty()),
            Err(status) => assert_eq!(status.code(), tonic::Code::InvalidArgument, "{status}"),
        }
    }
}
