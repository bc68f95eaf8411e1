//! Opens the chain that the settings name.

use std::fs::Metadata;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use chainstate::chain::{NakamotoChainState, Retention};

use super::genesis::chain_params;
use super::history::NodeHistory;
use super::{NodeChain, NodeJournal};
use crate::config::Settings;
use crate::event_dispatcher::source::History;
use crate::event_stream::context::StreamContext;
use crate::event_stream::journal::Journal;

/// A chain, and the handles that the node's services need.
pub struct OpenedChain {
    /// For the services.
    pub api: Arc<NodeChain>,
    /// What event streams read besides events.
    pub context: Arc<dyn StreamContext>,
    /// For the streams.
    pub journal: Arc<dyn Journal>,
    /// For the observers.
    pub history: Arc<dyn History>,
    /// How much of the journal is kept.
    pub retention: Retention,
    /// Ends when the last handle to the chain is gone.
    pub writer: JoinHandle<()>,
}

/// Opens the data folder, or makes the chain in a new one. Making it executes the boot block, which needs a large
/// stack.
///
/// # Errors
/// When the genesis cannot be used, or the folder cannot be opened: damaged, in use, of another chain.
pub fn open(settings: &Settings) -> anyhow::Result<OpenedChain> {
    let params = chain_params(&settings.genesis).context("genesis")?;
    let gigabytes = bytes_in(&settings.data_dir) >> 30;
    if gigabytes > 0 {
        // The node serves nothing until the first gigabyte of each file is read.
        tracing::info!(
            gigabytes,
            "the data folder is compared with its checksums: a gigabyte of each file now, the rest later"
        );
    }
    let (chain, writer) = NakamotoChainState::open(&settings.data_dir, params, settings.durability, now_ms)
        .context("cannot open the chain")?;
    let tip = chain.read(|reader| reader.tip()).context("cannot read the chain")?;
    let folder = settings.data_dir.display();
    match chain.start_number() {
        0 => tracing::info!(%folder, "new chain"),
        _ => tracing::info!(%folder, tip = %tip.block_id, "resumed at height {}", tip.chain_length),
    }
    chain.set_execution_limits(settings.execution_limits);
    let retention = Retention {
        events: settings.journal_max_events,
        bytes: settings.journal_max_bytes,
        age: settings.journal_max_age,
    };
    tracing::info!(
        events = retention.events,
        bytes = retention.bytes,
        age_s = retention.age.as_secs(),
        "the journal keeps at most"
    );
    let node = NodeChain::new(chain.clone(), retention).context("cannot read the chain")?;
    let node = Arc::new(node.with_call_limits(settings.call_limits.clone()));
    Ok(OpenedChain {
        context: Arc::<NodeChain>::clone(&node),
        api: node,
        journal: Arc::new(NodeJournal::new(chain.clone())),
        history: Arc::new(NodeHistory::new(chain)),
        retention,
        writer,
    })
}

/// Bytes of a folder's files. Unreadable files count as none: opening them reports the error.
fn bytes_in(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().filter_map(|entry| entry.metadata().ok()).filter(Metadata::is_file).map(|file| file.len()).sum()
}

/// Milliseconds since 1970 by the machine's clock.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
