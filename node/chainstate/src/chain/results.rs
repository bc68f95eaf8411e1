//! Writes the results of asynchronous jobs into the journal.

use nakamoto_proto::v1;

use super::Chain;
use crate::db::StoreError;

impl Chain {
    /// Announces how a template request ended. Returns the event's sequence.
    ///
    /// # Errors
    /// [`StoreError`] when nothing was stored.
    pub fn announce_template(&self, finished: v1::TemplateFinished) -> Result<u64, StoreError> {
        self.announce_result(v1::EventKind::Template, v1::event::Body::TemplateFinished(finished))
    }

    /// Announces how a validation request ended. Returns the event's sequence.
    ///
    /// # Errors
    /// [`StoreError`] when nothing was stored.
    pub fn announce_validation(&self, finished: v1::ValidationFinished) -> Result<u64, StoreError> {
        self.announce_result(v1::EventKind::Validation, v1::event::Body::ValidationFinished(finished))
    }

    fn announce_result(&self, kind: v1::EventKind, body: v1::event::Body) -> Result<u64, StoreError> {
        self.inner.store.write_all(move |tx| {
            let event = tx.emit(kind, body, None)?;
            durable::crash_point("result:inserted");
            tx.after_commit(|| durable::crash_point("result:committed"));
            Ok(event.sequence)
        })
    }
}
