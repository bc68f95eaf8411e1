//! Opens the chain that the settings name.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use chainstate::chain::{Chain, Retention};

use super::genesis::chain_params;
use super::history::LiveHistory;
use super::{LiveChain, LiveJournal};
use crate::config::Settings;
use crate::entrypoint::OpenedChain;

/// Opens the data folder, or makes the chain in a new one. Executes the boot block then: needs a large stack.
///
/// # Errors
/// When the genesis cannot be used, or the folder cannot be opened: damaged, in use, of another chain.
pub fn open(settings: &Settings) -> anyhow::Result<OpenedChain> {
    let params = chain_params(&settings.genesis).context("genesis")?;
    let (chain, writer) = Chain::open(&settings.data_dir, params, now_ms).context("cannot open the chain")?;
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
    let live = LiveChain::new(chain.clone(), retention).context("cannot read the chain")?;
    let live = Arc::new(live.with_call_limits(settings.call_limits.clone()));
    Ok(OpenedChain {
        surroundings: Arc::<LiveChain>::clone(&live),
        api: live,
        journal: Arc::new(LiveJournal::new(chain.clone())),
        history: Arc::new(LiveHistory::new(chain)),
        retention,
        writer,
    })
}

/// Milliseconds since 1970 by the machine's clock.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
