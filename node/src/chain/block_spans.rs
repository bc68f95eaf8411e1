//! Follows a block through its stages, in the log and in the metrics.
//!
//! Each stage runs on a thread of its own, so each has a span of its own, and the spans share their fields:
//!
//! ```text
//! template                 parent_block_id
//! validation  template_id  parent_block_id  block_hash  block_id
//! push        template_id  parent_block_id  block_hash  block_id
//! process     template_id                               block_id
//! ```
//!
//! `template_id` is the id of the template with the same parent and roots, as logged by "template ready". Blocks that
//! were made elsewhere have none.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chainstate::chain::Processed;
use nakamoto_proto::v1::event::Body;
use stacks_types::block::NakamotoStacksBlockHeader;
use stacks_types::ids::StacksBlockId;
use tracing::Span;
use tracing::field::{Empty, display};

use super::NodeChain;
use crate::metrics;

/// Templates and blocks that are remembered: many more than are in progress at once.
const REMEMBERED: usize = 64;

/// What a template and its block have in common: parent, Merkle root, state root.
type Key = ([u8; 32], [u8; 32], [u8; 32]);

/// Which template each block came from.
#[derive(Debug, Default)]
pub(super) struct BlockSpans(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// A template that was assembled and has no id yet: its worker gives the id when it announces the template.
    assembled: Option<Key>,
    templates: VecDeque<(Key, String)>,
    blocks: VecDeque<(StacksBlockId, String)>,
}

impl BlockSpans {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn template_of(&self, header: &NakamotoStacksBlockHeader) -> Option<String> {
        let key = key(header);
        self.lock().templates.iter().find(|(known, _)| *known == key).map(|(_, id)| id.clone())
    }

    fn template_of_block(&self, block_id: &StacksBlockId) -> Option<String> {
        self.lock().blocks.iter().find(|(known, _)| known == block_id).map(|(_, id)| id.clone())
    }

    /// A template was assembled, whose worker will give its id; `None` when none could be made.
    pub(super) fn assembled(&self, header: Option<&NakamotoStacksBlockHeader>) {
        self.lock().assembled = header.map(key);
    }

    /// Gives the assembled template the id in its event.
    pub(super) fn name(&self, body: &Body) {
        let Body::TemplateFinished(finished) = body else { return };
        let mut known = self.lock();
        if let Some(key) = known.assembled.take() {
            let parent_block_id = StacksBlockId(key.0);
            tracing::debug!(template_id = finished.template_id, %parent_block_id, "template ready");
            remember(&mut known.templates, (key, finished.template_id.clone()));
        }
    }
}

fn remember<T>(list: &mut VecDeque<T>, entry: T) {
    if list.len() == REMEMBERED {
        list.pop_front();
    }
    list.push_back(entry);
}

fn key(header: &NakamotoStacksBlockHeader) -> Key {
    (header.parent_block_id.0, header.tx_merkle_root.0, header.state_index_root.0)
}

/// Records in the span which block it is about.
pub(super) fn name_block(node: &NodeChain, span: &Span, header: &NakamotoStacksBlockHeader) {
    if span.is_disabled() {
        return;
    }
    let block_id = header.block_id();
    span.record("parent_block_id", display(header.parent_block_id));
    span.record("block_hash", display(header.block_hash()));
    span.record("block_id", display(block_id));
    if let Some(template_id) = node.spans.template_of(header) {
        span.record("template_id", &template_id);
        let mut known = node.spans.lock();
        if known.blocks.iter().all(|(known, _)| *known != block_id) {
            remember(&mut known.blocks, (block_id, template_id));
        }
    }
}

/// Span of a stage whose block is not known yet; [`name_block`] fills it in.
macro_rules! block_span {
    ($stage:literal) => {
        tracing::info_span!(
            $stage,
            template_id = tracing::field::Empty,
            parent_block_id = tracing::field::Empty,
            block_hash = tracing::field::Empty,
            block_id = tracing::field::Empty
        )
    };
}
pub(super) use block_span;

/// Logs what became of a block.
pub(super) fn processed(node: &NodeChain, processed: &Processed) {
    let (id, outcome) = match processed {
        Processed::Appended(id) => (id, "processed"),
        Processed::Rejected(id, _) => (id, "rejected"),
        Processed::Reconciled(id) => (id, "reconciled"),
    };
    metrics::get().count_block(outcome);
    let span = tracing::info_span!("process", template_id = Empty, block_id = %id);
    let _entered = span.enter();
    if let Some(template_id) = node.spans.template_of_block(id) {
        span.record("template_id", &template_id);
    }
    match processed {
        Processed::Appended(_) => tracing::info!("block processed"),
        Processed::Rejected(_, rejection) => tracing::warn!(%rejection, "block rejected"),
        Processed::Reconciled(_) => tracing::debug!("block was judged before"),
    }
}
