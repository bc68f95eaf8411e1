//! Random changes to bytes.

use tests::random::Rng;

/// Counts and lengths at the edges of what decoders allow.
const WORDS: [u32; 10] = [0, 1, 64, 65, 128, 1 << 20, (1 << 20) + 1, 2 << 20, u32::MAX - 1, u32::MAX];

/// Random bytes, at most `most`.
pub(crate) fn noise(rng: &mut Rng, most: usize) -> Vec<u8> {
    (0..rng.below(most + 1)).map(|_| rng.byte()).collect()
}

/// One of `corpus` with a few changes, or noise.
pub(crate) fn mutant(rng: &mut Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    if rng.one_in(16) {
        return noise(rng, 300);
    }
    let mut bytes = rng.pick(corpus).clone();
    if rng.one_in(8) {
        let other = rng.pick(corpus);
        let (head, tail) = (rng.below(bytes.len()), rng.below(other.len()));
        bytes.truncate(head);
        bytes.extend_from_slice(&other[tail..]);
    }
    for _ in 0..rng.below(6) {
        change(rng, &mut bytes);
    }
    bytes
}

fn change(rng: &mut Rng, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let at = rng.below(bytes.len());
    match rng.below(8) {
        0 => bytes[at] = rng.byte(),
        1 => bytes[at] ^= 1 << rng.below(8),
        2 => bytes.truncate(at),
        3 => bytes.insert(at, rng.byte()),
        4 => drop(bytes.remove(at)),
        5 => {
            let word = rng.pick(&WORDS).to_be_bytes();
            bytes.splice(at..(at + 4).min(bytes.len()), word);
        }
        6 => {
            let end = at + rng.below(bytes.len() - at).min(64);
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        _ => bytes[at] = *rng.pick(&[0, 0xff, 0x7f, 0x80]),
    }
}
