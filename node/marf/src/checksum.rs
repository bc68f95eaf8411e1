//! The checksum of records and segments: finds damage, does not withstand forgery.
//!
//! Eight bytes a step, each step a bijection of the state: one changed word always changes the 64-bit sum,
//! so one flipped bit of a segment is always found, and one of a record but for a chance of 2^-32.

/// Odd, so that multiplying by it is a bijection; its bits are those of the golden ratio.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

/// The 64-bit checksum of `bytes`.
pub(crate) fn checksum64(bytes: &[u8]) -> u64 {
    let mut state = MULTIPLIER ^ bytes.len() as u64;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = step(state, u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        state = step(state, u64::from_le_bytes(word));
    }
    step(state, 0)
}

/// The 32-bit checksum of `bytes`: both halves of the 64-bit one, folded.
pub(crate) fn checksum32(bytes: &[u8]) -> [u8; 4] {
    let sum = checksum64(bytes).to_le_bytes();
    let mut folded = [0; 4];
    for (index, byte) in folded.iter_mut().enumerate() {
        *byte = sum[index] ^ sum[index + 4];
    }
    folded
}

fn step(state: u64, word: u64) -> u64 {
    let mixed = (state ^ word).wrapping_mul(MULTIPLIER);
    mixed ^ (mixed >> 32)
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
            assert_ne!(checksum64(&flipped), checksum64(&bytes));
            assert_ne!(checksum32(&flipped), checksum32(&bytes));
        }
    }

    #[test]
    fn zero_bytes_at_the_end_count() {
        assert_ne!(checksum64(&[1]), checksum64(&[1, 0]));
        assert_ne!(checksum64(&[]), checksum64(&[0; 8]));
    }
}
