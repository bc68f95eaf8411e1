//! Signatures that a wallet would not make.

/// The same signature with its other S: n - s, and the recovery id flipped. Valid wherever a high S is accepted.
#[must_use]
pub fn with_other_s(signature: [u8; 65]) -> [u8; 65] {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae,
        0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
    ];
    let mut flipped = signature;
    flipped[0] ^= 1;
    let mut borrow = 0_i16;
    for index in (0..32).rev() {
        let digit = i16::from(ORDER[index]) - i16::from(signature[33 + index]) - borrow;
        borrow = i16::from(digit < 0);
        flipped[33 + index] = digit.rem_euclid(256).to_le_bytes()[0];
    }
    flipped
}
