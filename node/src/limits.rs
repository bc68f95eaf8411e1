//! Limits of what the network may ask of the node.

use std::time::Duration;

use client::LONGEST_DURATION;

/// Largest gRPC request and HTTP body. A StackerDB chunk has 16 MiB at most; the rest is its envelope.
pub const MAX_MESSAGE_BYTES: usize = 17 << 20;
/// Largest gRPC request as JSON: the bytes of [`MAX_MESSAGE_BYTES`] in base64, and some room for the JSON.
pub const MAX_JSON_MESSAGE_BYTES: usize = 23 << 20;
/// Memory that an object of a request as JSON may take, and what is made of it. Held until the request is answered.
pub const JSON_OBJECT_BYTES: usize = 2 << 10;
/// The same for a value after a comma.
pub const JSON_VALUE_BYTES: usize = 128;
/// Conversions at once of large messages to or from JSON: each takes many times the memory of its message.
pub const MAX_CONCURRENT_CONVERSIONS: usize = 2;
/// Largest body of a call that reads. 20 times the longest hex of a Clarity value (docs/COMPATIBILITY.md#request-sizes)
/// would be 40 MiB; this has room for the largest single argument (1 MiB, 2 MiB as hex) with some others.
pub const MAX_READ_BODY_BYTES: usize = 4 << 20;
/// Largest body with a transaction: 2 MiB, twice that as hex in JSON, and some room for the JSON.
pub const MAX_TRANSACTION_BODY_BYTES: usize = (4 << 20) + 4096;
/// Connections in all, unless the config says otherwise. Each costs about 10 KiB idle.
pub const MAX_CONNECTIONS: usize = 4096;
/// File handles for everything but connections: databases, their readers, logs.
pub const RESERVED_FILES: usize = 256;
/// Fewest connections that are served, however few files may be open.
pub const LEAST_CONNECTIONS: usize = 32;
/// Requests at once, including streams: more than all waiting requests and subscriptions together.
pub const MAX_REQUESTS: usize = 16_384;
/// Calls at once on one connection; the client holds back more. Above the number of any one client's streams.
pub const MAX_CONCURRENT_STREAMS: u32 = 256;
/// Reads of the chain at once: each holds a thread and a database connection.
pub const MAX_CONCURRENT_READS: usize = 32;
/// Evaluations of what a caller chose (read-only calls, fee estimates) at once: each may take a core for seconds, and
/// must not take the permits of short reads.
pub const MAX_CONCURRENT_EVALUATIONS: usize = 8;
/// Most evaluations of one peer at once, so that others get a turn.
pub const MAX_EVALUATIONS_OF_PEER: usize = 6;
/// Most waiting evaluations of one peer, of [`MAX_WAITING`] in all.
pub const MAX_EVALUATIONS_WAITING_OF_PEER: usize = 1024;
/// Dry runs of transactions at once: each may take a core and a transaction's memory for seconds.
pub const MAX_CONCURRENT_SIMULATIONS: usize = 4;
/// Most dry runs of one peer at once, so that others get a turn.
pub const MAX_SIMULATIONS_OF_PEER: usize = 3;
/// Most waiting dry runs of one peer, of [`MAX_WAITING`] in all: more would be told to come back after
/// [`PERMIT_TIMEOUT`] anyway.
pub const MAX_SIMULATIONS_WAITING_OF_PEER: usize = 256;
/// Most bytes of the receipt of a dry run, which costs its sender nothing. A block's receipts may take several times as much.
pub const MAX_SIMULATED_RECEIPT_BYTES: usize = 8 << 20;
/// Writes at once (pushes, chunks): each holds a thread until its commit. Concurrent writes share a commit.
pub const MAX_CONCURRENT_WRITES: usize = 64;
/// Most chunks in one call.
pub const MAX_CHUNKS: usize = 64;
/// Reads, and as many writes, at once of producers and signers, besides the public ones: the chain waits for them.
pub const MAX_CONCURRENT_ACTOR_CALLS: usize = 16;
/// Requests at once of producers and signers beyond the public limit.
pub const MAX_ACTOR_REQUESTS: usize = 1024;
/// Slot-key signatures whose signer is cached.
pub const MAX_CACHED_SLOT_KEYS: usize = 1024;
/// Greatest age of the sets of producers and stackers in which a caller is looked up.
pub const ACTORS_AGE: Duration = Duration::from_secs(5);
/// Event streams of producers, signers and the node's own calls, beyond the public limit (`max_subscriptions`).
pub const MAX_ACTOR_STREAMS: usize = 256;
/// Event streams that read from the disk at once; the others wait. As many again for producers and signers.
pub const MAX_STREAM_READS: usize = 2;
/// Batches of offered transactions at once: one waits for its commit while others are checked.
pub const MAX_CONCURRENT_ADMISSIONS: usize = 4;
/// Transactions at once whose check may take long, each checked alone.
pub const MAX_CONCURRENT_LONG_ADMISSIONS: usize = 4;
/// Most such checks of one account at once.
pub const MAX_LONG_ADMISSIONS_OF_ORIGIN: usize = 1;
/// Most waiting checks of one account: as many as the nonces that an account may chain.
pub const MAX_WAITING_OF_ORIGIN: usize = 26;
/// Most transactions in a batch of offered ones.
pub const MAX_ADMISSION_BATCH: usize = 64;
/// Most bytes of a batch, so that a small transaction does not wait for many large ones. A batch has at least one.
pub const MAX_ADMISSION_BATCH_BYTES: usize = 32 << 10;
/// Threads that may block: all reads, evaluations, dry runs, conversions, writes and admissions, those of actors, and some for streams.
pub const MAX_BLOCKING_THREADS: usize = MAX_CONCURRENT_READS
    + MAX_CONCURRENT_EVALUATIONS
    + MAX_CONCURRENT_SIMULATIONS
    + MAX_CONCURRENT_CONVERSIONS
    + MAX_CONCURRENT_WRITES
    + MAX_CONCURRENT_ADMISSIONS
    + MAX_CONCURRENT_LONG_ADMISSIONS
    + 48;
/// Requests that wait for a read or a write; more are refused at once.
pub const MAX_WAITING: usize = 4096;
/// How long a request waits for a permit before it is told to try later.
pub const PERMIT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a refused request is told to wait.
pub const RETRY_AFTER: Duration = Duration::from_millis(200);
/// Stack of the threads that may evaluate Clarity, which recurses.
pub const THREAD_STACK_BYTES: usize = 64 << 20;
/// Longest `wait` of a fetch: below the timeouts of common proxies.
pub const MAX_WAIT: Duration = Duration::from_secs(30);
/// Most bytes of a client's name for its request for a job: a 32-byte hash in hex.
pub const MAX_REQUEST_KEY_BYTES: usize = 64;
/// Most requests with such names that share a job; the next gets a job of its own.
pub const MAX_REQUEST_KEYS: usize = 256;
/// Shortest time between heartbeats that a stream may ask for.
pub const MIN_HEARTBEAT: Duration = Duration::from_secs(1);
/// Longest time between heartbeats that a stream may ask for.
pub const MAX_HEARTBEAT: Duration = Duration::from_secs(60);
/// Time between heartbeats of a stream that asks for none.
pub const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(10);
/// Most events in a frame.
pub const MAX_BATCH: u32 = 256;
/// Most bytes of a client's name.
pub const MAX_CLIENT_NAME_BYTES: usize = 64;
/// Most events or transactions on a page.
pub const MAX_PAGE_SIZE: u32 = 1000;
/// Events or transactions on a page of a request that names no number.
pub const DEFAULT_PAGE_SIZE: u32 = 100;
/// Pages of events that are read or sent at once, so that other answers have room; further pages wait.
pub const MAX_CONCURRENT_PAGES: usize = 4;
/// Bytes of events on a page: a page is one message.
pub const MAX_PAGE_BYTES: usize = 8 << 20;
/// Shortest assembly time of a template.
pub const MIN_ASSEMBLY_TIME: Duration = Duration::from_millis(10);
/// Longest assembly time of a template.
pub const MAX_ASSEMBLY_TIME: Duration = Duration::from_secs(30);
/// Pause before the next try when the disk is full: no signal says that there is room again.
pub const FULL_DISK_PAUSE: Duration = Duration::from_secs(1);
/// Most burn blocks or blocks of one admin call, and the deepest reorganization: a call is answered in seconds.
pub const MAX_ADMIN_COUNT: u32 = 1_000;
/// Shortest interval that the admin service sets.
pub const MIN_ADMIN_INTERVAL: Duration = Duration::from_millis(1);
/// Longest interval that the admin service sets: what flags may say, it may say too.
pub const MAX_ADMIN_INTERVAL: Duration = LONGEST_DURATION;
/// Time for the first bytes of a connection, and for the head of an HTTP/1 request.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for a TLS handshake: a few round trips.
pub const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest time between two parts of a request's body.
pub const BODY_IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest time for a whole body: enough for the largest at 150 kB/s.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(120);
/// Bytes in flight of requests and answers above [`SMALL_BYTES`]: several of the largest, or a dozen pages of events.
pub const LARGE_BYTES_IN_FLIGHT: usize = 128 << 20;
/// Bytes in flight of requests and answers up to [`SMALL_BYTES`], which must not wait for large ones.
pub const SMALL_BYTES_IN_FLIGHT: usize = 32 << 20;
/// Largest request or answer that counts as small.
pub const SMALL_BYTES: usize = 64 << 10;
/// Bytes in flight of event streams.
pub const STREAM_BYTES_IN_FLIGHT: usize = 96 << 20;
/// Memory that a frame byte takes when events become JSON: the byte, two hex digits in the value, and two in the text,
/// whose buffer may be twice as large.
pub const JSON_BYTES_PER_EVENT_BYTE: usize = 7;
/// Bytes in flight of producers and signers: enough for a chunk, a block and their events for several of them.
pub const ACTOR_BYTES_IN_FLIGHT: usize = 128 << 20;
/// Requests and answers up to this size are not counted: [`MAX_REQUESTS`] of them are 64 MiB.
pub const UNCOUNTED_BYTES: usize = 4 << 10;
/// How long bytes may stay in flight while others find no room for theirs.
pub const BYTES_GRACE: Duration = Duration::from_secs(2);
/// How long an answer may stay unread. Streams have their own limit (`stall_timeout`).
pub const UNREAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Time for a runtime's threads to end when the node stops. Threads that still run as the process ends may crash it.
pub const RUNTIME_END: Duration = Duration::from_millis(200);
/// How often the age of bytes in flight is checked.
pub const SWEEP_INTERVAL: Duration = Duration::from_millis(500);
/// Time in which a peer must take some of the bytes sent to it; as long as a stream's default `stall_timeout`.
pub const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(60);
/// A connection without a request for this long is closed cleanly; clients open a new one by themselves.
pub const CONNECTION_IDLE_TIMEOUT: Duration = Duration::from_secs(300);
/// Most headers of an HTTP/1 request: hyper's own default, which a test confirms.
pub const MAX_HEADER_COUNT: usize = 100;
/// Bytes of an HTTP/2 request's header list.
pub const MAX_HEADER_LIST_BYTES: u32 = 16 << 10;
/// Buffer that an HTTP/1 request's head must fit in.
pub const MAX_HTTP1_BUFFER_BYTES: usize = 64 << 10;
/// Streams that a client opens and resets before the server handles them; one more ends the connection. Stops reset
/// floods, which cost a client nothing.
pub const MAX_PENDING_RESETS: usize = 32;
/// Time between HTTP/2 pings.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// How long the answer to a ping may take.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// HTTP/2 window of a stream: the usual 64 KiB would stall blocks and chunks.
pub const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// HTTP/2 window of a connection.
pub const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;
/// How long open connections may take to finish at shutdown.
pub const SHUTDOWN_GRACE: Duration = Duration::from_millis(1000);
