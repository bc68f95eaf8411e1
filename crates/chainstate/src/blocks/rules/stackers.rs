//! Rule 5, second half: stackers of 70 % of the weight signed, each once, in the order of the set.

use stacks_types::block::{NakamotoStacksBlockHeader, SigningMode};
use stacks_types::keys::LowS;

use crate::blocks::Rejection;
use crate::burn::StackerSet;

pub(super) fn check_stackers(
    signing: SigningMode,
    set: &StackerSet,
    header: &NakamotoStacksBlockHeader,
) -> Result<(), Rejection> {
    if signing == SigningMode::WellKnown {
        return if header.has_well_known_stackers() {
            Ok(())
        } else {
            Err(Rejection::BadStackerSignatures("not the one well-known constant".to_owned()))
        };
    }
    let signatures = &header.stacker_signatures;
    if signatures.len() > set.stackers.len() {
        let text = format!("{} signatures of {} stackers", signatures.len(), set.stackers.len());
        return Err(Rejection::BadStackerSignatures(text));
    }
    let digest = header.block_hash();
    let (mut weight, mut last) = (0u64, None);
    for (index, signature) in signatures.iter().enumerate() {
        let bad = |text: String| Rejection::BadStackerSignatures(format!("signature {index} {text}"));
        let key = signature.recover(&digest.0, LowS::Lax).map_err(|error| bad(format!("is malformed: {error}")))?;
        let signer = key.hash160();
        let place = set.position(&signer).ok_or_else(|| bad(format!("is by {signer}, not in the set")))?;
        match last {
            Some(last) if place == last => return Err(bad("is the second by its signer".to_owned())),
            Some(last) if place < last => return Err(bad("is out of order".to_owned())),
            _ => last = Some(place),
        }
        weight += u64::from(set.stackers[place].weight);
    }
    let threshold = set.threshold();
    if weight >= threshold {
        return Ok(());
    }
    Err(Rejection::NotEnoughStackers { got: weight, threshold, total: set.total_weight() })
}
