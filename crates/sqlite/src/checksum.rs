//! The 64-bit checksum of pages, records and segments: it finds damage and does not resist forgery.
//!
//! Each step takes eight bytes and is a bijection of the state: one changed word always changes the sum, so one flipped
//! bit is always found. Runs at some gigabytes per second.

/// Odd, so that multiplication by it is a bijection; its bits are those of the golden ratio.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

/// The checksum of `bytes`.
#[must_use]
pub fn checksum64(bytes: &[u8]) -> u64 {
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
        }
    }

    #[test]
    fn zero_bytes_at_the_end_count() {
        assert_ne!(checksum64(&[1]), checksum64(&[1, 0]));
        assert_ne!(checksum64(&[]), checksum64(&[0; 8]));
    }
}
