//! The limits over real sockets: in each test a peer misbehaves while another is served.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

use super::peers::PeerLimits;
use super::*;
use crate::limits::{MAX_CONCURRENT_STREAMS, MAX_HEADER_COUNT};

/// Longest wait for something that must happen, far above what it takes.
const WAIT: Duration = Duration::from_secs(60);
/// Time limit that the misbehaving peer exceeds.
const SHORT: Duration = Duration::from_millis(300);
/// Time limit that must not be reached meanwhile.
const LONG: Duration = Duration::from_secs(600);

/// Places of a port.
const CONNECTIONS: u32 = 4096;
const NO_LIMIT: PeerLimits = PeerLimits { connections: 10_000, requests: 10_000 };
const LONG_TIMES: Timeouts = Timeouts {
    handshake: LONG,
    header: LONG,
    body_idle: LONG,
    body: LONG,
    write_stall: LONG,
    unread: LONG,
    idle: LONG,
    keepalive_interval: LONG,
    keepalive_timeout: LONG,
};

/// A port in this process.
struct Port {
    address: SocketAddr,
    listening: Listening,
    shutdown: CancellationToken,
    ended: tokio::task::JoinHandle<()>,
}

impl Port {
    async fn start(timeouts: Timeouts, limits: PeerLimits, tls: Option<TlsAcceptor>) -> Self {
        let (_, health) = tonic_health::server::health_reporter();
        let grpc = tonic::service::Routes::new(health).into_axum_router().reset_fallback();
        let router = Router::new()
            .route("/ok", get(|| async { "ok" }))
            .route("/echo", post(|body: Body| async { body }))
            .route(
                "/length",
                post(|body: Bytes| async move { body.len().to_string() }).layer(DefaultBodyLimit::disable()),
            )
            .route("/hang", get(std::future::pending::<&'static str>))
            .route("/big", get(|| async { vec![0; 64 << 20] }))
            .merge(grpc);
        let connections = Arc::new(Semaphore::new(usize::try_from(CONNECTIONS).unwrap()));
        let (budget, actors) = (Budget::default(), Actors::default());
        let peers = Peers::new(limits, limits);
        let listening = Listening { tls, peers, connections, budget, actors, timeouts };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
        let ended = tokio::spawn(serve(listener, router, listening.clone(), shutdown.clone()));
        Self { address, listening, shutdown, ended }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes on a new connection.
    async fn say(&self, bytes: impl AsRef<[u8]>) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_ref()).await.unwrap();
        stream
    }

    /// Checks that another peer is served.
    async fn serves(&self) {
        let answer = rest(self.say("GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{answer}");
    }

    /// Waits until all connections are gone.
    async fn is_free(&self) {
        // The port that waits for its next connection holds no place.
        let all = tokio::time::timeout(WAIT, self.listening.connections.acquire_many(CONNECTIONS)).await;
        drop(all.expect("all connections end in time").unwrap());
    }

    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(WAIT, self.ended).await.unwrap().unwrap();
    }
}

/// Everything that the node sends until it ends the connection, as it must.
async fn rest(mut stream: impl tokio::io::AsyncRead + Unpin) -> String {
    let mut bytes = Vec::new();
    // A reset counts as an end.
    let _ = tokio::time::timeout(WAIT, stream.read_to_end(&mut bytes)).await.expect("it ends in time");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends a byte again and again until the node ends the connection.
async fn trickle(stream: TcpStream) -> String {
    let (read, mut write) = stream.into_split();
    let send = tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            if write.write_all(b"a").await.is_err() {
                return;
            }
        }
    });
    let answer = rest(read).await;
    send.abort();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_silent_peers_are_cut_while_another_is_served() {
    let port = Port::start(Timeouts { header: SHORT, ..LONG_TIMES }, NO_LIMIT, None).await;
    let before = metrics::get().cuts("silent");
    let mut silent = JoinSet::new();
    for index in 0..1000_usize {
        // Nothing, a letter, or the beginning of HTTP/2's preface.
        let stream = port.say(&b"PRI * HTTP/2.0\r\n"[..index % 16]).await;
        silent.spawn(rest(stream));
    }
    port.serves().await;
    silent.join_all().await;
    assert!(metrics::get().cuts("silent") >= before + 1000);
    port.is_free().await;
    port.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_comes_byte_by_byte_is_cut() {
    let port = Port::start(Timeouts { header: SHORT, ..LONG_TIMES }, NO_LIMIT, None).await;
    let stream = port.say("GET /ok HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await;
    let answer = trickle(stream).await;
    assert!(!answer.contains("200 OK"), "{answer}");
    port.is_free().await;
    port.serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stops_or_trickles_is_given_up() {
    let head = "POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\nabc";
    let stops = Port::start(Timeouts { body_idle: SHORT, ..LONG_TIMES }, NO_LIMIT, None).await;
    let before = metrics::get().cuts("slow_body");
    let answer = rest(stops.say(head).await).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    let grpc = head
        .replace("/length", "/grpc.health.v1.Health/Check")
        .replace("host: a", "host: a\r\ncontent-type: application/grpc");
    let answer = rest(stops.say(grpc).await).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("grpc-status: 4\r\n"), "{answer}");
    let trickles = Port::start(Timeouts { body: SHORT, ..LONG_TIMES }, NO_LIMIT, None).await;
    let answer = trickle(trickles.say(head).await).await;
    assert!(!answer.contains("200 OK"), "{answer}");
    assert!(metrics::get().cuts("slow_body") >= before + 2);
    trickles.is_free().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_pauses_within_the_limits_arrives() {
    let port = Port::start(Timeouts { body_idle: LONG, body: LONG, ..LONG_TIMES }, NO_LIMIT, None).await;
    let head = "POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 6\r\n\r\nabc";
    let mut stream = port.say(head).await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"abc") {
        let more = tokio::time::timeout(WAIT, stream.read_buf(&mut answer)).await;
        assert_ne!(more.expect("the first part comes back").unwrap(), 0, "{answer:?}");
    }
    stream.write_all(b"def").await.unwrap();
    assert_eq!(rest(stream).await, "def", "the second part, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_closed_and_one_with_an_open_request_is_not() {
    let port = Port::start(Timeouts { idle: SHORT, ..LONG_TIMES }, NO_LIMIT, None).await;
    let mut busy = port.say("GET /hang HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let idle = port.say("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(rest(idle).await.ends_with("ok"));
    // As old as the closed one, and still open.
    let mut byte = [0];
    assert!(tokio::time::timeout(SHORT * 2, busy.read(&mut byte)).await.is_err(), "the open request was cut");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_takes_nothing_is_cut() {
    let port = Port::start(Timeouts { write_stall: SHORT, ..LONG_TIMES }, NO_LIMIT, None).await;
    let _held = port.say("GET /big HTTP/1.1\r\nhost: a\r\n\r\n").await;
    port.serves().await;
    port.is_free().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_answers_no_ping_is_cut() {
    let port =
        Port::start(Timeouts { keepalive_interval: SHORT, keepalive_timeout: SHORT, ..LONG_TIMES }, NO_LIMIT, None)
            .await;
    // The preface and empty settings; after that the peer only reads.
    let preface = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat();
    rest(port.say(preface).await).await;
    port.is_free().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_head_is_refused() {
    let port = Port::start(LONG_TIMES, NO_LIMIT, None).await;
    for (count, status) in [(MAX_HEADER_COUNT, "200"), (MAX_HEADER_COUNT + 1, "431")] {
        let others: String = (2..count).map(|index| format!("x-{index}: a\r\n")).collect();
        let head = format!("GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{others}\r\n");
        let answer = rest(port.say(head).await).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    let long = "a".repeat(200 << 10);
    let answer = rest(port.say(format!("GET /ok HTTP/1.1\r\nhost: a\r\nx: {long}")).await).await;
    assert!(!answer.contains("200 OK"), "{answer}");
    port.serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_has_its_connections_and_no_more() {
    let port = Port::start(LONG_TIMES, PeerLimits { connections: 2, ..NO_LIMIT }, None).await;
    let hang = "GET /hang HTTP/1.1\r\nhost: a\r\n\r\n";
    let held = [port.say(hang).await, port.say(hang).await];
    assert_eq!(rest(port.connect().await).await, "");
    drop(held);
    port.is_free().await;
    port.serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_above_the_limit_is_told_to_come_back() {
    let port = Port::start(LONG_TIMES, PeerLimits { requests: 1, ..NO_LIMIT }, None).await;
    let mut held = Vec::new();
    let answer = loop {
        // Either may come first: a request that hangs occupies its place only once no other holds it.
        held.push(port.say("GET /hang HTTP/1.1\r\nhost: a\r\n\r\n").await);
        let answer = rest(port.say("GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await).await;
        if !answer.contains("200 OK") {
            break answer;
        }
    };
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("retry-after: 1"), "{answer}");
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{}", port.address)).unwrap();
    let mut health = HealthClient::new(endpoint.connect().await.unwrap());
    let status = health.check(HealthCheckRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::ResourceExhausted);
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "TOO_MANY_REQUESTS");
    assert!(details.retry_info().unwrap().retry_delay.is_some());
    drop(held);
    while health.check(HealthCheckRequest::default()).await.is_err() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_streams_and_resets_does_not_stop_others() {
    let port = Port::start(LONG_TIMES, NO_LIMIT, None).await;
    let (client, connection) = h2::client::handshake(port.connect().await).await.unwrap();
    let ended = tokio::spawn(connection);
    let url = format!("http://{}/hang", port.address);
    let flood = async {
        let mut client = client;
        for _ in 0..5_000 {
            client = client.ready().await?;
            let request = axum::http::Request::get(&url).body(()).unwrap();
            let (_, mut stream) = client.send_request(request, true)?;
            stream.send_reset(h2::Reason::CANCEL);
            tokio::task::yield_now().await;
        }
        Ok::<_, h2::Error>(client)
    };
    let flood = tokio::time::timeout(WAIT, flood).await.unwrap();
    port.serves().await;
    // Either the node ended the connection, or it kept up; it never held more than its limit.
    drop(flood);
    drop(tokio::time::timeout(WAIT, ended).await.unwrap());
    port.is_free().await;
}

/// The next frame of HTTP/2: its kind, flags, stream and payload.
async fn frame(stream: &mut TcpStream) -> (u8, u8, u32, Vec<u8>) {
    let read = async {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).await.unwrap();
        (head[3], head[4], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload)
    };
    tokio::time::timeout(WAIT, read).await.expect("a frame in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_told_how_many_streams_it_may_have_and_one_more_is_refused() {
    let port = Port::start(LONG_TIMES, NO_LIMIT, None).await;
    // By hand, as a well-behaved client would wait: the preface, empty settings, then requests without end.
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    // GET, http, "/hang", "a", by the numbers of HPACK's static table.
    let head = b"\x82\x86\x04\x05/hang\x01\x01a";
    for index in 0..=MAX_CONCURRENT_STREAMS {
        bytes.extend([0, 0, u8::try_from(head.len()).unwrap(), 1, 5]); // HEADERS that end both stream and headers
        bytes.extend((2 * index + 1).to_be_bytes());
        bytes.extend(head);
    }
    let mut stream = port.say(&bytes).await;
    let mut announced = None;
    let refused = loop {
        match frame(&mut stream).await {
            // SETTINGS: number and value each.
            (4, 0, 0, payload) => announced = payload.chunks(6).find(|entry| entry[..2] == [0, 3]).map(<[u8]>::to_vec),
            // RST_STREAM
            (3, _, id, reason) => break (id, reason),
            (7, _, _, payload) => panic!("the connection is ended: {payload:?}"),
            _ => {}
        }
    };
    assert_eq!(announced.expect("a limit in the settings")[2..], MAX_CONCURRENT_STREAMS.to_be_bytes());
    let refused_stream = 7_u32.to_be_bytes().to_vec();
    assert_eq!(
        refused,
        (2 * MAX_CONCURRENT_STREAMS + 1, refused_stream),
        "the first one too many, and it may be retried"
    );
    port.serves().await;
}

/// A certificate for "localhost", its files, and a client that trusts it.
fn certificate(folder: &std::path::Path) -> (TlsAcceptor, TlsConnector) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    (tls::acceptor(&cert, &key).unwrap(), TlsConnector::from(Arc::new(config)))
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_serves_http_and_grpc_and_nothing_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let (acceptor, connector) = certificate(folder.path());
    let port = Port::start(LONG_TIMES, NO_LIMIT, Some(acceptor)).await;
    let name = ServerName::try_from("localhost").unwrap();

    let mut stream = connector.connect(name.clone(), port.connect().await).await.unwrap();
    stream.write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{answer}");

    let address = port.address;
    let dial = tower::service_fn(move |_: axum::http::Uri| {
        let (connector, name) = (connector.clone(), name.clone());
        async move {
            let stream = connector.connect(name, TcpStream::connect(address).await?).await?;
            Ok::<_, std::io::Error>(hyper_util::rt::TokioIo::new(stream))
        }
    });
    let endpoint = tonic::transport::Endpoint::from_static("http://localhost");
    let channel = endpoint.connect_with_connector(dial).await.unwrap();
    let answer = HealthClient::new(channel).check(HealthCheckRequest::default()).await.unwrap();
    assert_eq!(answer.into_inner().status, 1);

    let clear = rest(port.say("GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await).await;
    assert!(!clear.contains("200 OK"), "{clear}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_stops_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (acceptor, _) = certificate(folder.path());
    let port = Port::start(Timeouts { handshake: SHORT, ..LONG_TIMES }, NO_LIMIT, Some(acceptor)).await;
    // The head of a TLS record that never comes.
    rest(port.say([22, 3, 1, 2, 0, 1]).await).await;
    port.is_free().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_no_certificate_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let refused = |expected: &str| {
        let error = tls::acceptor(&cert, &key).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    };
    refused("cert.pem");
    std::fs::write(&cert, "hello").unwrap();
    refused("cert.pem: no certificate");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, "hello").unwrap();
    refused("key.pem");
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&key, other.signing_key.serialize_pem()).unwrap();
    refused("cannot be used");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_connections() {
    let port = Port::start(LONG_TIMES, NO_LIMIT, None).await;
    let _held = [port.say("GET /hang HTTP/1.1\r\nhost: a\r\n\r\n").await, port.connect().await];
    port.serves().await;
    port.stop().await;
}

mod bytes;
