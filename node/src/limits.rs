//! The numbers that bound what the network may ask of the node.

use std::time::Duration;

/// Largest gRPC request and HTTP body. A StackerDB chunk has 16 MiB at most; the rest is its envelope.
pub const MAX_MESSAGE_BYTES: usize = 17 << 20;
/// Largest body of a call that reads: 20 times the longest hex of a Clarity value (docs/COMPATIBILITY.md#request-sizes)
/// would be 40 MiB; this holds the largest single argument (1 MiB, 2 MiB as hex) with some others.
pub const MAX_READ_BODY_BYTES: usize = 4 << 20;
/// Largest body of a transaction: 2 MiB, as hex in JSON twice that, and some room for the JSON.
pub const MAX_TRANSACTION_BODY_BYTES: usize = (4 << 20) + 4096;
/// Connections in all, unless the config says otherwise. Each costs about 10 KiB idle.
pub const MAX_CONNECTIONS: usize = 4096;
/// File handles that are not for connections: databases, their readers, logs.
pub const RESERVED_FILES: usize = 256;
/// Connections that are served however few files may be open.
pub const LEAST_CONNECTIONS: usize = 32;
/// Requests at once, streams among them: above all waiting rooms and subscriptions together.
pub const MAX_REQUESTS: usize = 16_384;
/// Calls at once on one connection; more wait in the client. Above any one client's streams.
pub const MAX_CONCURRENT_STREAMS: u32 = 256;
/// Reads of the chain at once: each holds a thread and a database connection.
pub const MAX_CONCURRENT_READS: usize = 32;
/// Evaluations of what a caller chose (read-only calls, fee estimates) at once: each may take a core for seconds, and must
/// not take the turns of short reads.
pub const MAX_CONCURRENT_EVALUATIONS: usize = 8;
/// Of those, what one peer has at most: another finds a turn.
pub const MAX_EVALUATIONS_OF_PEER: usize = 6;
/// What of it waits, of [`MAX_WAITING`].
pub const MAX_EVALUATIONS_WAITING_OF_PEER: usize = 1024;
/// Writes at once (pushes, chunks): each holds a thread until its commit. Many at once share a commit.
pub const MAX_CONCURRENT_WRITES: usize = 64;
/// Chunks of one call.
pub const MAX_CHUNKS: usize = 64;
/// Reads and writes at once of producers and signers, beside those of everybody: the chain waits for them.
pub const MAX_CONCURRENT_ACTOR_CALLS: usize = 16;
/// Requests at once of producers and signers, when everybody's are all taken.
pub const MAX_ACTOR_REQUESTS: usize = 1024;
/// Passes of slot keys that are remembered with whose they are.
pub const MAX_KNOWN_PASSES: usize = 1024;
/// How old the sets of producers and stackers may be when a caller is looked for in them.
pub const ACTORS_AGE: Duration = Duration::from_secs(5);
/// Event streams of producers, signers and the node's own calls, above those of everybody (`max_subscriptions`).
pub const MAX_ACTOR_STREAMS: usize = 256;
/// Event streams that read from the disk at once; the others wait. As many again of producers and signers.
pub const MAX_STREAM_READS: usize = 2;
/// Batches of offered transactions at once: one that waits for its commit, and others that are checked meanwhile.
pub const MAX_CONCURRENT_ADMISSIONS: usize = 4;
/// Transactions at once whose checks may take long, each alone.
pub const MAX_CONCURRENT_LONG_ADMISSIONS: usize = 4;
/// Of those, what one account sends, and what of it waits.
pub const MAX_LONG_ADMISSIONS_OF_ORIGIN: usize = 1;
/// See [`MAX_LONG_ADMISSIONS_OF_ORIGIN`]: as many nonces as an account may chain.
pub const MAX_WAITING_OF_ORIGIN: usize = 26;
/// Transactions of a batch, and their bytes: a small one does not wait for many large ones. One at least.
pub const MAX_ADMISSION_BATCH: (usize, usize) = (64, 32 << 10);
/// Threads that may block: all reads, evaluations, writes and admissions, those of actors, and some for streams.
pub const MAX_BLOCKING_THREADS: usize = MAX_CONCURRENT_READS
    + MAX_CONCURRENT_EVALUATIONS
    + MAX_CONCURRENT_WRITES
    + MAX_CONCURRENT_ADMISSIONS
    + MAX_CONCURRENT_LONG_ADMISSIONS
    + 48;
/// Requests that wait for a read or a write; more are refused at once.
pub const MAX_WAITING: usize = 4096;
/// How long a request waits for its turn before it is told to come back.
pub const TURN_TIMEOUT: Duration = Duration::from_secs(5);
/// What a refused request is told to wait.
pub const RETRY_AFTER: Duration = Duration::from_millis(200);
/// Stack of the threads that may evaluate Clarity, which recurses.
pub const THREAD_STACK_BYTES: usize = 64 << 20;
/// Longest `wait` of a fetch. Below what proxies cut.
pub const MAX_WAIT: Duration = Duration::from_secs(30);
/// Heartbeats of a stream: shortest, longest, default.
pub const HEARTBEAT: (Duration, Duration, Duration) =
    (Duration::from_secs(1), Duration::from_secs(60), Duration::from_secs(10));
/// Events a frame: most.
pub const MAX_BATCH: u32 = 256;
/// Bytes of a client's name.
pub const MAX_CLIENT_NAME_BYTES: usize = 64;
/// Events or transactions a page: most, default.
pub const PAGE_SIZE: (u32, u32) = (1000, 100);
/// Pages of events that are read or sent at once, so that they leave room for other answers; the next ones wait for a turn.
pub const MAX_CONCURRENT_PAGES: usize = 4;
/// Bytes of events a page: a page is one message.
pub const MAX_PAGE_BYTES: usize = 8 << 20;
/// Assembly time of a template: shortest, longest.
pub const ASSEMBLY_TIME: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(30));
/// Burn blocks or blocks that one admin call makes, and the deepest reorganization: a call is answered in seconds.
pub const MAX_ADMIN_COUNT: u32 = 1_000;
/// Intervals that the admin service sets: shortest, longest.
pub const ADMIN_INTERVAL: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(24 * 60 * 60));
/// Time for the first bytes of a connection, and for the head of an HTTP/1 request.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for a TLS handshake: a few round trips.
pub const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time between two parts of a request's body, and for all of it: the largest at 150 kB/s.
pub const BODY_IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// See [`BODY_IDLE_TIMEOUT`].
pub const BODY_TIMEOUT: Duration = Duration::from_secs(120);
/// Bytes in flight of requests and answers above [`SMALL_BYTES`]: some of the largest, or a dozen pages of events.
pub const LARGE_BYTES_IN_FLIGHT: usize = 128 << 20;
/// Of those up to it, which must not wait for the large ones.
pub const SMALL_BYTES_IN_FLIGHT: usize = 32 << 20;
/// See [`SMALL_BYTES_IN_FLIGHT`].
pub const SMALL_BYTES: usize = 64 << 10;
/// Of event streams.
pub const STREAM_BYTES_IN_FLIGHT: usize = 96 << 20;
/// What a byte of a frame takes of them when events become JSON: itself, two digits in the value and two in the text, whose
/// buffer may have grown to twice that.
pub const JSON_BYTES_OF_BYTE: usize = 7;
/// Of producers and signers: a chunk, a block and their events for each of some.
pub const ACTOR_BYTES_IN_FLIGHT: usize = 128 << 20;
/// Requests and answers up to this are not counted: as many as there may be requests are 64 MiB.
pub const UNCOUNTED_BYTES: usize = 4 << 10;
/// How long bytes may stay in flight while others find no room for theirs.
pub const BYTES_GRACE: Duration = Duration::from_secs(2);
/// How long an answer may stay unread. Streams have a time of their own for that (`stall_timeout`).
pub const UNREAD_TIMEOUT: Duration = Duration::from_secs(60);
/// How often the time of bytes in flight is looked at.
pub const SWEEP_INTERVAL: Duration = Duration::from_millis(500);
/// Time in which a peer must take something of what is sent to it: as a stream that its reader leaves.
pub const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(60);
/// A connection without a request for this long is closed in good order; clients open a new one by themselves.
pub const CONNECTION_IDLE_TIMEOUT: Duration = Duration::from_secs(300);
/// Headers of a request: count, bytes (HTTP/2), and the buffer that an HTTP/1 head must fit in.
pub const MAX_HEADER_COUNT: usize = 100;
/// See [`MAX_HEADER_COUNT`].
pub const MAX_HEADER_LIST_BYTES: u32 = 16 << 10;
/// See [`MAX_HEADER_COUNT`].
pub const MAX_HTTP1_BUFFER_BYTES: usize = 64 << 10;
/// Streams that a client has opened and reset before they were seen: one more ends the connection. Against floods of resets, which cost the client nothing.
pub const MAX_PENDING_RESETS: usize = 32;
/// HTTP/2 pings: how often, and how long the answer may take.
pub const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));
/// HTTP/2 windows, of a stream and of a connection: the usual 64 KiB stalls blocks and chunks.
pub const HTTP2_WINDOWS: (u32, u32) = (1 << 20, 4 << 20);
/// How long open connections may finish at shutdown.
pub const SHUTDOWN_GRACE: Duration = Duration::from_millis(1000);
