//! Code that the programs share. For all of them: logging and shutdown. For those that talk to a node: connection,
//! event feed with resume, StackerDB slot writer, the record of what was signed, and secrets.
//!
//! # Invariants
//! - Nothing here polls: the feed is one open stream, and the only timers are the back-off and the stream's watchdog.
//! - A secret is never written to a log or an error.
//!
//! # Not here
//! What a program does with the events: `mockamoto-producer`, `mockamoto-signer-stub`.

mod actor;
mod actor_error;
mod backoff;
mod duration;
mod failed;
mod feed;
pub mod lane;
mod log;
mod node;
mod secrets;
mod shutdown;
mod signing_record;
mod slot;
mod standing;
mod status;
mod tls;

pub use actor::{ActorArgs, run_actor};
pub use actor_error::ActorError;
pub use backoff::Backoff;
pub use duration::{DurationError, LONGEST_DURATION, parse_duration};
pub use failed::{Failed, with_causes};
pub use feed::{Feed, FeedError, FeedItem, FeedRequest};
pub use log::{LogFormat, start_log};
pub use node::{Credentials, MAX_RESPONSE_BYTES, Node, NodeChannel, NodeUrlError, UNARY_TIMEOUT, unary};
pub use secrets::{SecretError, SecretSource, read_private_key, read_private_keys, read_vrf_key};
pub use shutdown::{Shutdown, fail_writes_beyond_the_limit};
pub use signing_record::{RecordError, open_record, record_path};
pub use slot::{PutError, SlotRefusal, SlotWrite, SlotWriter, put_all, writer_of};
pub use standing::Standing;
pub use status::{is_cursor_refusal, is_refusal, is_transient};
pub use tls::TrustError;
