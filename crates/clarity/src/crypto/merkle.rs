//! `verify-merkle-proof`: whether a transaction is in a bitcoin block.
//!
//! A row with an odd number of nodes repeats its last one. So the sibling of a last node without a partner must be that
//! node itself, and no other node may be its own sibling. Otherwise one proof would hold for trees of several sizes
//! (CVE-2012-2459).

use super::hash::double_sha256;

/// Whether `siblings`, from the leaves up, tie `leaf` at `index` of `count` leaves to `root`. All hashes in bitcoin's internal
/// order.
pub(crate) fn verify(leaf: &[u8; 32], root: &[u8; 32], index: u128, count: u128, siblings: &[[u8; 32]]) -> bool {
    if index >= count {
        return false;
    }
    let (mut hash, mut index, mut width) = (*leaf, index, count);
    for sibling in siblings {
        let is_repeated = index.is_multiple_of(2) && index + 1 == width;
        if width == 1 || is_repeated != (*sibling == hash) {
            return false;
        }
        let (left, right) = if index.is_multiple_of(2) { (&hash, sibling) } else { (sibling, &hash) };
        hash = double_sha256(&[*left, *right].concat());
        index /= 2;
        width = width.div_ceil(2);
    }
    width == 1 && hash == *root
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The proof for each leaf and the root, row by row.
    fn tree(leaves: &[[u8; 32]]) -> (Vec<Vec<[u8; 32]>>, [u8; 32]) {
        let mut proofs = vec![Vec::new(); leaves.len()];
        let mut row = leaves.to_vec();
        let mut depth = 0;
        while row.len() > 1 {
            if row.len() % 2 == 1 {
                row.push(row[row.len() - 1]);
            }
            for (leaf, proof) in proofs.iter_mut().enumerate() {
                proof.push(row[(leaf >> depth) ^ 1]);
            }
            row = row.chunks(2).map(|pair| double_sha256(&pair.concat())).collect();
            depth += 1;
        }
        (proofs, row[0])
    }

    proptest! {
        #[test]
        fn every_leaf_is_proved_at_its_place_and_in_its_size_alone(count in 1u8..40, other in 0u128..48, size in 0u128..48) {
            let leaves: Vec<_> = (0..count).map(|leaf| double_sha256(&[leaf])).collect();
            let (proofs, root) = tree(&leaves);
            for (index, (leaf, proof)) in leaves.iter().zip(&proofs).enumerate() {
                let index = index as u128;
                prop_assert!(verify(leaf, &root, index, u128::from(count), proof));
                prop_assert!(other == index || !verify(leaf, &root, other, u128::from(count), proof));
                let longer: Vec<_> = proof.iter().copied().chain([root]).collect();
                prop_assert!(!verify(leaf, &root, index, u128::from(count), &longer));
                prop_assert!(proof.is_empty() || !verify(leaf, &root, index, u128::from(count), &proof[1..]));
                // Sizes in which the leaf has the same path to the root cannot be told apart; all others can.
                prop_assert!(size > index || !verify(leaf, &root, index, size, proof));
            }
        }
    }
}
