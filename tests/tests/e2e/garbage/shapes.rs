//! Meaningless bytes and texts.

/// Bytes of many shapes, the same on every run.
pub(super) fn shapes() -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()
    };
    let mut shapes = vec![Vec::new(), vec![0], vec![0xff; 64], vec![0; 1024], b"{}".to_vec(), b"\"".to_vec()];
    for length in [1, 7, 33, 180, 400, 5_000] {
        shapes.push((0..length).flat_map(|_| next()).collect());
    }
    shapes.push(promises());
    shapes
}

/// A block header whose counts exceed the bytes that follow.
fn promises() -> Vec<u8> {
    let mut promises = vec![0; 1 + 8 + 8 + 32 * 4 + 80 + 65];
    promises.extend([0xff; 4]);
    promises
}

/// Values of a `bytes` field, with lengths around those of hashes, keys and signatures.
pub(super) fn byte_strings() -> Vec<Vec<u8>> {
    let mut values: Vec<_> = [1, 20, 31, 33, 64, 65, 66].into_iter().map(|length| vec![0xa5; length]).collect();
    values.extend([vec![0; 32], vec![0xff; 32], vec![0; 65], vec![0x5a; 100_000], promises()]);
    values
}

/// Values of a `string` field: names of nothing, and names of the wrong kind of thing. Not all are UTF-8.
pub(super) fn texts() -> Vec<Vec<u8>> {
    let texts = [
        "nobody",
        "ST000000000000000000002AMW42H",
        "ST000000000000000000002AMW42H.signers",
        "ST000000000000000000002AMW42H.no-such-contract",
        "ST000000000000000000002AMW42H.costs-3",
        "SP000000000000000000002Q6VF78.pox-4",
        "ST000000000000000000002AMW42I",
        "\0",
        "../../etc/passwd",
        "\u{1f980}.\u{1f980}",
    ];
    let mut values: Vec<_> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    values.extend([vec![b'a'; 70_000], vec![0xff, 0xfe, 0x80]]);
    values
}

/// Values of a number: smallest, largest, and values that do not fit a smaller type.
pub(super) const NUMBERS: [u64; 6] = [0, 1, 0x7fff_ffff, 0xffff_ffff, 1 << 63, u64::MAX];

/// Segments of a path, percent-encoded. None is an id.
pub(super) fn segments() -> Vec<String> {
    let mut segments: Vec<String> = [
        "nope",
        "%ff%00",
        "ST000000000000000000002AMW42H",
        "ST000000000000000000002AMW42H.%F0%9F%A6%80",
        "99999999999999999999",
        "4294967296",
        "-1",
        "%2e%2e",
        "%22",
    ]
    .map(str::to_owned)
    .into();
    segments.extend(["0".repeat(64), format!("0x{}", "f".repeat(64)), "a".repeat(3_000)]);
    segments
}
