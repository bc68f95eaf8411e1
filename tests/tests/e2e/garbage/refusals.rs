//! Garbage in place of blocks, transactions, proposals and chunks: each refusal is data with a reason.

use nakamoto_proto::v1;
use nakamoto_proto::v1::block_service_client::BlockServiceClient;
use nakamoto_proto::v1::stacker_db_service_client::StackerDbServiceClient;
use nakamoto_proto::v1::template_service_client::TemplateServiceClient;
use nakamoto_proto::v1::validation_service_client::ValidationServiceClient;
use tests::processes::{Cluster, WAIT, run};

use super::liveness::assert_goes_on;
use super::shapes::shapes;

#[test]
fn consensus_bytes_that_are_none_are_refused_with_a_reason() {
    run(async {
        let cluster = Cluster::start("0", "0");
        refuse(&cluster).await;
        assert_goes_on(&cluster).await;
    });
}

async fn refuse(cluster: &Cluster) {
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

        // An empty field is refused differently from an undecodable one; the test above covers it.
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
