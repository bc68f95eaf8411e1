//! The dropped transactions at the terminal, with the reason.

use std::time::Instant;

use nakamoto_proto::v1::{DropReason, MempoolDropped};

use super::line_budget::LineBudget;

/// Most messages about dropped transactions that are shown in each window of ten seconds; more transactions are counted. A
/// reorganization can drop thousands.
const DROPS_SHOWN: u32 = 10;

/// Makes a line for each message about dropped transactions.
#[derive(Debug)]
pub(super) struct DropLines {
    budget: LineBudget,
}

impl DropLines {
    pub(super) const fn new(now: Instant) -> Self {
        Self { budget: LineBudget::new(DROPS_SHOWN, now) }
    }

    pub(super) fn line(&mut self, dropped: &MempoolDropped, now: Instant) -> Option<String> {
        let more = self.budget.take(now, dropped.txids.len())?;
        let name = dropped.reason().as_str_name();
        let reason = name.strip_prefix("DROP_REASON_").unwrap_or(name).to_lowercase();
        let txids: Vec<_> = dropped.txids.iter().map(|txid| format!("0x{}", hex::encode(txid))).collect();
        let mut line = format!("transaction {} was dropped ({reason}): {}", txids.join(", "), dropped.detail);
        if dropped.reason() == DropReason::ReplaceByFee {
            line.push_str(&format!(": 0x{}", hex::encode(&dropped.new_txid)));
        }
        Some(line + &more)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn drops_are_reported_with_their_reason_and_a_flood_of_them_is_counted() {
        let started = Instant::now();
        let mut lines = DropLines::new(started);
        let mut dropped = |reason: DropReason, seconds: u64| {
            let body = MempoolDropped {
                txids: vec![vec![9; 32].into()],
                reason: reason.into(),
                new_txid: vec![8; 32].into(),
                detail: "because".to_owned(),
            };
            lines.line(&body, started + Duration::from_secs(seconds))
        };
        let nine = "09".repeat(32);
        let shown = dropped(DropReason::TooExpensive, 0).unwrap();
        assert_eq!(shown, format!("transaction 0x{nine} was dropped (too_expensive): because"));
        assert!(dropped(DropReason::ReplaceByFee, 0).unwrap().ends_with(&format!("because: 0x{}", "08".repeat(32))));
        for _ in 2..DROPS_SHOWN {
            assert!(dropped(DropReason::NonceUsed, 9).is_some());
        }
        assert_eq!((dropped(DropReason::NonceUsed, 9), dropped(DropReason::NonceUsed, 9)), (None, None));
        assert!(dropped(DropReason::NonceUsed, 10).unwrap().ends_with("because (and 2 more before)"));
        assert!(dropped(DropReason::NonceUsed, 10).unwrap().ends_with("because"));
    }
}
