//! Metrics that follow the chain, a log that shows the stages of a block, and a stop that tells readers why.

use nakamoto_proto::v1;
use nakamoto_proto::v1::event_service_client::EventServiceClient;
use nakamoto_proto::v1::subscribe_response::Body;
use serde_json::Value;
use tests::processes::{Client, Cluster, NodeAlone, Plan, WAIT, run};
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

/// Value of a metric; the name may have labels.
fn metric(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
    let line = line.unwrap_or_else(|| panic!("{name} is not in\n{text}"));
    line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number")
}

/// Fields of the spans with this name, in the order of the log.
fn spans(log: &str, name: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.map(|line| line["span"].clone()).filter(|span| span["name"] == name).collect()
}

#[test]
fn a_block_is_followed_in_the_metrics_and_in_the_log() {
    run(async {
        let plan = Plan {
            block_interval: "100ms",
            node_config: "[node]\nlog = \"info,mockamoto_node=debug\"\nlog_format = \"json\"\n".to_owned(),
            ..Plan::default()
        };
        let cluster = Cluster::start_plan(plan);
        let mut watch = cluster.client().watch(0).await;
        let mut block = watch.block().await;
        // An event comes before its work is counted: at the fourth event, three blocks are counted.
        while block.block.as_ref().is_some_and(|block| block.chain_length < 4) {
            block = watch.block().await;
        }
        let http = cluster.http();
        for path in ["/no/such/path", "/v2/info/more"] {
            assert_eq!(http.get(path).await.status, 404);
        }
        // gRPC reports an unknown method of a known service in a trailer, so the status is 200.
        assert_eq!(http.get("/nakamoto.v1.NodeService/Nope").await.status, 200);
        let text = http.get("/metrics").await.text();
        assert!(text.ends_with("# EOF\n"), "{text}");
        assert!(metric(&text, "mockamoto_tip_height") >= 3.0);
        assert!(metric(&text, "mockamoto_subscribers") >= 5.0, "producer, three signers, and this test");
        assert!(metric(&text, "mockamoto_connections_open") >= 5.0);
        assert!(metric(&text, "mockamoto_work_seconds_count{work=\"processing\"}") >= 3.0);
        for work in ["template", "validation", "push"] {
            assert!(metric(&text, &format!("mockamoto_work_seconds_count{{work=\"{work}\"}}")) >= 3.0, "{work}");
        }
        let pushes = "mockamoto_requests_total{path=\"/nakamoto.v1.BlockService/PushBlock\",code=\"200\"}";
        assert!(metric(&text, pushes) >= 3.0);
        assert_eq!(metric(&text, "mockamoto_requests_total{path=\"other\",code=\"404\"}"), 2.0);
        assert!(!text.contains("/no/such/path") && !text.contains("Nope"));
        assert!(text.lines().any(|line| line.starts_with("mockamoto_database_bytes{file=\"")), "{text}");
        let log = cluster.node.log();
        let named = |span: &&Value| span["template_id"].is_string();
        let processed = spans(&log, "process").iter().rfind(named).cloned().expect("a block of a template");
        for stage in ["validation", "push"] {
            let found = spans(&log, stage).into_iter().find(|span| span["template_id"] == processed["template_id"]);
            let found = found.unwrap_or_else(|| panic!("no {stage} of {processed} in\n{log}"));
            assert!(found["parent_block_id"].is_string() && found["block_hash"].is_string(), "{found}");
            if stage == "push" {
                assert_eq!(found["block_id"], processed["block_id"]);
            }
        }
    });
}

#[test]
fn producer_and_signers_mine_over_tls_and_trust_only_what_they_are_told_to() {
    run(async {
        let mut cluster = Cluster::start_plan(Plan { block_interval: "50ms", tls: true, ..Plan::default() });
        let mut watch = cluster.client().watch(0).await;
        while watch.block().await.block.is_none_or(|block| block.chain_length < 3) {}
        // Without TLS there is no answer.
        assert!(Client::new(cluster.address()).try_watch(0).await.is_err());
        // A client that trusts another certificate for the same name.
        let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        assert!(Client::over_tls(cluster.address(), &other.cert.pem()).try_watch(0).await.is_err());
        cluster.signers.iter_mut().for_each(|signer| assert!(signer.terminate().success()));
    });
}

#[test]
fn a_stop_tells_every_stream_why_it_ends_and_where_to_resume() {
    const STREAMS: usize = 8;
    run(async {
        let mut node = NodeAlone::start("");
        let mut streams = Vec::new();
        for _ in 0..STREAMS {
            let filter = Some(v1::EventFilter { all: true, terms: Vec::new() });
            let request = v1::SubscribeRequest { filter, ..Default::default() };
            let mut service = EventServiceClient::new(node.client().channel);
            let mut stream = service.subscribe(request).await.expect("a stream").into_inner();
            assert!(matches!(body(&mut stream).await, Ok(Some(Body::Started(_)))));
            streams.push(stream);
        }
        node.node.signal("TERM");
        for mut stream in streams {
            let mut last = None;
            let status = loop {
                match body(&mut stream).await {
                    Ok(Some(frame)) => last = Some(frame),
                    Ok(None) => panic!("the stream ended without a reason"),
                    Err(status) => break status,
                }
            };
            assert!(matches!(last, Some(Body::Heartbeat(_))), "{last:?}");
            assert_eq!(status.code(), Code::Unavailable, "{status}");
            let info = status.get_details_error_info().expect("a reason");
            assert_eq!((info.reason.as_str(), info.metadata.contains_key("cursor")), ("SERVER_SHUTDOWN", true));
            assert!(status.get_details_retry_info().is_some());
        }
        assert!(node.node.wait().success());
    });
}

/// Content of the next frame; `None` at the end.
async fn body(stream: &mut Streaming<v1::SubscribeResponse>) -> Result<Option<Body>, Status> {
    let frame = tokio::time::timeout(WAIT, stream.message()).await.expect("a frame or an end in time")?;
    Ok(frame.and_then(|frame| frame.body))
}
