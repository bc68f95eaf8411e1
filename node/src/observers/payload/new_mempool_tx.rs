//! `/new_mempool_tx`: a bare array of transactions.

use nakamoto_proto::v1;
use v1::event::Body;

use super::values::Hex0x;

pub(super) fn of(event: &v1::Event) -> Result<[Hex0x<'_>; 1], &'static str> {
    match &event.body {
        Some(Body::MempoolAccepted(accepted)) => Ok([Hex0x(&accepted.transaction)]),
        _ => Err("mempool transaction"),
    }
}
