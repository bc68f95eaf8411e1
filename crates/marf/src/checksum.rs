//! The 32-bit checksum of records, made from the 64-bit one that segments have.

use sqlite::checksum64;

/// The 32-bit checksum of `bytes`: both halves of the 64-bit one, folded. It misses a flipped bit with a chance of 2^-32.
pub(crate) fn checksum32(bytes: &[u8]) -> [u8; 4] {
    let sum = checksum64(bytes).to_le_bytes();
    let mut folded = [0; 4];
    for (index, byte) in folded.iter_mut().enumerate() {
        *byte = sum[index] ^ sum[index + 4];
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_changes_the_sum() {
        let bytes: Vec<u8> = (0..117).collect();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(checksum32(&flipped), checksum32(&bytes));
        }
    }
}
