//! `/new_mempool_tx`: a bare array of transactions.

use v1::event::Body;

use nakamoto_proto::v1;

use super::PostedEvents;
use super::values::Hex0x;

pub(super) fn of(posted: &PostedEvents) -> Result<Vec<Hex0x<'_>>, &'static str> {
    std::iter::once(&posted.first).chain(&posted.more).map(|event| transaction(event)).collect()
}

fn transaction(event: &v1::Event) -> Result<Hex0x<'_>, &'static str> {
    match &event.body {
        Some(Body::MempoolAccepted(accepted)) => Ok(Hex0x(&accepted.transaction)),
        _ => Err("mempool transaction"),
    }
}
