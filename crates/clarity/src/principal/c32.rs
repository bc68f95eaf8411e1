//! c32: base 32 with a checksum, the text form of accounts. It begins with one digit for the version.

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The longest text that is decoded. An account needs at most 41 characters; more can only be leading zeros.
const MAX_CHARACTERS: usize = 128;
/// The shortest text with a version and a checksum.
const MIN_CHARACTERS: usize = 6;

/// Why a text is not an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Too few or far too many characters.
    #[error("an address of {0} characters")]
    Length(usize),
    /// A character is not a c32 digit.
    #[error("character {position} is not a c32 digit")]
    Digit {
        /// Its position, from 0.
        position: usize,
    },
    /// The checksum does not match.
    #[error("checksum does not match")]
    Checksum,
    /// The payload is not 20 bytes.
    #[error("payload has {0} bytes, not 20")]
    Payload(usize),
}

/// `S`, the version's digit, hash and checksum.
pub(super) fn encode_account(version: u8, hash: &[u8; 20]) -> String {
    let mut payload = [0; 24];
    payload[..20].copy_from_slice(hash);
    payload[20..].copy_from_slice(&checksum(version, hash));
    let mut text = String::with_capacity(41);
    text.push('S');
    text.push(char::from(ALPHABET[usize::from(version & 31)]));
    encode(&payload, &mut text);
    text
}

/// Version and payload, of any length, of a text. Its first character is ignored.
///
/// # Errors
/// Too few or too many characters, one that is no digit, a wrong checksum.
pub fn check_decode(text: &str) -> Result<(u8, Vec<u8>), AddressError> {
    let characters = text.chars().count();
    if !(MIN_CHARACTERS..=MAX_CHARACTERS).contains(&characters) {
        return Err(AddressError::Length(characters));
    }
    let digits = text.chars().enumerate().skip(1);
    let digits = digits.map(|(position, character)| digit(character).ok_or(AddressError::Digit { position }));
    let digits = digits.collect::<Result<Vec<u8>, _>>()?;
    let (version, rest) = digits.split_first().ok_or(AddressError::Length(characters))?;
    let mut payload = decode(rest);
    let check = payload.len().checked_sub(4).ok_or(AddressError::Checksum)?;
    let check = payload.split_off(check);
    if check != checksum(*version, &payload) {
        return Err(AddressError::Checksum);
    }
    Ok((*version, payload))
}

fn checksum(version: u8, payload: &[u8]) -> [u8; 4] {
    let once = Sha256::new().chain_update([version]).chain_update(payload).finalize();
    let twice = Sha256::digest(once);
    [twice[0], twice[1], twice[2], twice[3]]
}

/// One digit; letters that look like digits count as those.
fn digit(character: char) -> Option<u8> {
    let upper = match character.to_ascii_uppercase() {
        'O' => '0',
        'L' | 'I' => '1',
        other => other,
    };
    ALPHABET.iter().position(|known| char::from(*known) == upper).and_then(|at| u8::try_from(at).ok())
}

/// Appends base 32 without leading zeros, except one for each leading zero byte.
fn encode(bytes: &[u8], text: &mut String) {
    let mut digits = Vec::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut carry, mut bits) = (0_u16, 0_u8);
    for byte in bytes.iter().rev() {
        carry |= u16::from(*byte) << bits;
        bits += 8;
        while bits >= 5 {
            digits.push(ALPHABET[usize::from(carry & 31)]);
            carry >>= 5;
            bits -= 5;
        }
    }
    if bits > 0 {
        digits.push(ALPHABET[usize::from(carry & 31)]);
    }
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    digits.extend(bytes.iter().take_while(|byte| **byte == 0).map(|_| b'0'));
    text.extend(digits.iter().rev().map(|digit| char::from(*digit)));
}

/// Undoes [`encode`].
fn decode(digits: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(digits.len() * 5 / 8 + 1);
    let (mut carry, mut bits) = (0_u16, 0_u8);
    for digit in digits.iter().rev() {
        carry |= u16::from(*digit) << bits;
        bits += 5;
        if bits >= 8 {
            bytes.push(carry.to_le_bytes()[0]);
            carry >>= 8;
            bits -= 8;
        }
    }
    if carry > 0 {
        bytes.push(carry.to_le_bytes()[0]);
    }
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes.extend(digits.iter().take_while(|digit| **digit == 0).map(|_| 0));
    bytes.reverse();
    bytes
}
