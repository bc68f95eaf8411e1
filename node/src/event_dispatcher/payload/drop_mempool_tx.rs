//! `/drop_mempool_tx`: transactions that will not be mined.

use nakamoto_proto::v1;
use serde::Serialize;
use v1::event::Body;

use super::values::Hex0x;

#[derive(Serialize)]
pub(super) struct DropMempoolTx<'a> {
    dropped_txids: Vec<Hex0x<'a>>,
    reason: &'static str,
    new_txid: Option<Hex0x<'a>>,
}

pub(super) fn of(event: &v1::Event) -> Result<DropMempoolTx<'_>, &'static str> {
    let Some(Body::MempoolDropped(dropped)) = &event.body else { return Err("dropped transactions") };
    Ok(DropMempoolTx {
        dropped_txids: dropped.txids.iter().map(|txid| Hex0x(txid)).collect(),
        reason: reason(dropped).ok_or("drop reason")?,
        new_txid: (!dropped.new_txid.is_empty()).then_some(Hex0x(&dropped.new_txid)),
    })
}

/// The reference's name of a reason. `None` where the reference posts nothing: a block that uses the nonce already
/// shows that the transaction is gone (docs/COMPATIBILITY.md#left-out-of-a-block).
pub(in super::super) fn reason(dropped: &v1::MempoolDropped) -> Option<&'static str> {
    match dropped.reason() {
        v1::DropReason::ReplaceByFee => Some("ReplaceByFee"),
        v1::DropReason::ReplaceAcrossFork => Some("ReplaceAcrossFork"),
        v1::DropReason::TooExpensive => Some("TooExpensive"),
        // The reference has no name for a full mempool; there, garbage collection would make room.
        v1::DropReason::StaleGarbageCollect | v1::DropReason::NoRoom => Some("StaleGarbageCollect"),
        v1::DropReason::Problematic | v1::DropReason::OverExecutionLimits => Some("Problematic"),
        v1::DropReason::NonceUsed | v1::DropReason::Unspecified => None,
    }
}
