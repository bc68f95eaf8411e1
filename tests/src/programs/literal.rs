//! Values written out, as text of the language and as the bytes that a transaction carries.

use super::types::Type;
use crate::random::Rng;

/// A value, twice.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    /// As source text.
    pub(super) text: String,
    /// Its consensus serialization (docs/CONSENSUS.md#clarity-values).
    pub(super) bytes: Vec<u8>,
}

/// Accounts of testnet with their 20 bytes: some that own things, one that owns nothing.
pub(super) const ACCOUNTS: [(&str, &str); 3] = [
    ("ST2ZKRNXP4N5BTNQ2FMQ10EAXXTSFMVRFXVWD75Y6", "bf3c57b6254abd56e27d2e10395deeb2fa6f0fee"),
    ("ST1J2VJSCC903W4RYGHKS90E8SB05E63SM7ECK14J", "642dcb2c62403e131e84679481c8cac0571879a1"),
    ("ST000000000000000000002AMW42H", "0000000000000000000000000000000000000000"),
];

const INTS: [i128; 8] = [0, 1, 2, 3, 7, 100, -1, -20];
const LARGE_INTS: [i128; 4] = [1 << 64, -(1 << 100), i128::MAX, i128::MIN];
const UINTS: [u128; 6] = [0, 1, 2, 3, 7, 100];
const LARGE_UINTS: [u128; 3] = [1 << 32, 1 << 64, u128::MAX];

/// Some value of the type.
pub(super) fn any(rng: &mut Rng, wanted: &Type) -> Literal {
    match wanted {
        Type::Int => {
            let number = if rng.one_in(12) { *rng.pick(&LARGE_INTS) } else { *rng.pick(&INTS) };
            with(number.to_string(), 0, &number.to_be_bytes())
        }
        Type::UInt => {
            let number = if rng.one_in(12) { *rng.pick(&LARGE_UINTS) } else { *rng.pick(&UINTS) };
            with(format!("u{number}"), 1, &number.to_be_bytes())
        }
        Type::Bool => {
            let yes = rng.one_in(2);
            with(yes.to_string(), if yes { 3 } else { 4 }, &[])
        }
        Type::Principal => principal(rng),
        Type::Buffer(max) => {
            let bytes: Vec<u8> = (0..rng.below(max + 1)).map(|_| rng.byte()).collect();
            with(format!("0x{}", hex::encode(&bytes)), 2, &sized(&bytes))
        }
        Type::Ascii(max) => {
            let text: String = (0..rng.below(max + 1)).map(|_| *rng.pick(&['a', 'Z', '0', ' ', '-', '9'])).collect();
            with(format!("\"{text}\""), 13, &sized(text.as_bytes()))
        }
        Type::Utf8(max) => {
            let characters: Vec<_> =
                (0..rng.below(max + 1)).map(|_| *rng.pick(&['a', '1', '\u{e9}', '\u{1f600}'])).collect();
            let escaped = |c: &char| if c.is_ascii() { c.to_string() } else { format!("\\u{{{:x}}}", u32::from(*c)) };
            let text: String = characters.iter().map(escaped).collect();
            with(format!("u\"{text}\""), 14, &sized(characters.iter().collect::<String>().as_bytes()))
        }
        Type::Optional(inner) => {
            let some = wrapped("some", 10, &any(rng, inner));
            if rng.one_in(3) { with(format!("(if false {} none)", some.text), 9, &[]) } else { some }
        }
        Type::Response(ok, err) => {
            // Both sides are written, so that the type of the whole is known.
            let (ok, err) = (wrapped("ok", 7, &any(rng, ok)), wrapped("err", 8, &any(rng, err)));
            let good = rng.one_in(2);
            let text = format!("(if {good} {} {})", ok.text, err.text);
            Literal { text, bytes: if good { ok.bytes } else { err.bytes } }
        }
        Type::List(max, entry) => {
            let entries: Vec<_> = (0..rng.below(max + 1)).map(|_| any(rng, entry)).collect();
            let texts: String = entries.iter().map(|entry| format!(" {}", entry.text)).collect();
            let mut bytes = length(entries.len()).to_vec();
            bytes.extend(entries.iter().flat_map(|entry| &entry.bytes));
            with(format!("(list{texts})"), 11, &bytes)
        }
        Type::Tuple(fields) => tuple(rng, fields),
    }
}

fn principal(rng: &mut Rng) -> Literal {
    let (address, hash) = rng.pick(&ACCOUNTS);
    let mut bytes = vec![26];
    bytes.extend(hex::decode(hash).unwrap());
    if rng.one_in(3) {
        bytes.extend(b"\x07nowhere");
        return with(format!("'{address}.nowhere"), 6, &bytes);
    }
    with(format!("'{address}"), 5, &bytes)
}

fn tuple(rng: &mut Rng, fields: &[(&'static str, Type)]) -> Literal {
    let mut values: Vec<_> = fields.iter().map(|(name, field)| (*name, any(rng, field))).collect();
    let texts: Vec<_> = values.iter().map(|(name, value)| format!("{name}: {}", value.text)).collect();
    values.sort_by_key(|(name, _)| *name);
    let mut bytes = length(values.len()).to_vec();
    for (name, value) in &values {
        bytes.push(u8::try_from(name.len()).unwrap());
        bytes.extend(name.bytes().chain(value.bytes.iter().copied()));
    }
    with(format!("{{{}}}", texts.join(", ")), 12, &bytes)
}

fn with(text: String, prefix: u8, body: &[u8]) -> Literal {
    Literal { text, bytes: [&[prefix], body].concat() }
}

fn wrapped(function: &str, prefix: u8, inner: &Literal) -> Literal {
    with(format!("({function} {})", inner.text), prefix, &inner.bytes)
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&length(bytes.len()), bytes].concat()
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap().to_be_bytes()
}
