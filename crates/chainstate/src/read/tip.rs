//! The canonical tips.

use super::LookupError;
use crate::burn::BurnBlockInfo;
use crate::chain::Snapshot;
use crate::headers::ProcessedHeader;

/// The canonical tips.
#[derive(Debug, Clone)]
pub struct Tips {
    /// The Stacks tip.
    pub tip: ProcessedHeader,
    /// The burn block that it witnesses.
    pub burn_view: BurnBlockInfo,
    /// The burn tip among the burn blocks that the journal has announced.
    pub burn_tip: BurnBlockInfo,
    /// The tips have the effects of all events up to this sequence.
    pub sequence: u64,
}

/// The canonical tips.
///
/// # Errors
/// The node's own failures only.
pub fn get(snapshot: &Snapshot<'_>) -> Result<Tips, LookupError> {
    let (tip, burn_tip) = (snapshot.tip()?, snapshot.burn_tip()?);
    let burn = snapshot.burn();
    Ok(Tips {
        burn_view: burn.describe(&snapshot.burn_view(&tip.burn_view)?)?,
        burn_tip: burn.describe(&burn_tip)?,
        tip,
        sequence: snapshot.sequence(),
    })
}
