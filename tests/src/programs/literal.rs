//! Literal values, as source text and as the bytes in a transaction.

use super::types::Type;
use crate::random::Rng;

/// A value as text and as bytes.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    /// The value as source text.
    pub(super) text: String,
    /// Its consensus serialization (docs/CONSENSUS.md#clarity-values).
    pub(super) bytes: Vec<u8>,
}

/// Testnet accounts with their 20 bytes: some own assets, one owns nothing.
pub(super) const ACCOUNTS: [(&str, &str); 3] = [
    ("ST2ZKRNXP4N5BTNQ2FMQ10EAXXTSFMVRFXVWD75Y6", "bf3c57b6254abd56e27d2e10395deeb2fa6f0fee"),
    ("ST1J2VJSCC903W4RYGHKS90E8SB05E63SM7ECK14J", "642dcb2c62403e131e84679481c8cac0571879a1"),
    ("ST000000000000000000002AMW42H", "0000000000000000000000000000000000000000"),
];

/// Name of the contract that [`MAIN`] calls. The first of [`ACCOUNTS`] publishes both.
pub(super) const BASE: &str = "base";
/// Name of the contract that calls [`BASE`].
pub(super) const MAIN: &str = "main";

/// Keys, signatures and hashes that match, by their lengths; and a bitcoin transaction.
const KNOWN: [&str; 9] = [
    // On secp256k1: a message's hash, its signature and its signer's key.
    "9259f59508fcc2d3924b2ff1693e9af5ce2998d71c7fb032d9e7d592a7b5f41e",
    "26d265f1fdb84305d67193e6a95d6e89efc285a7cd2aa1b611ee626066c4f7f308ae1a9da6c10dabd82537dd374c3819cc9a40e2515b1e66210aeed75ba90a5900",
    "03e33be25f6b9dc743bf154ca16bb720c4311cfc8c740dfd403279b1547d831d20",
    // On secp256r1: a signature of that hash, and its key.
    "1474845acfe0666851e01b33b583b78fbdd9d568c59fbdc20effb3f2f1fea7a92212c21e7f401ae28ded0b413517b7618fe69abd3fa787fb0d5a6ae533275874",
    "034e87fc6b2dd8ede94942e1998cd6d07502cad9979953b236e430900dbadb1a5c",
    // On Ed25519: a signature and a key.
    "fe0ec4f96c6f9320ea517159df0004d7e1dea6a4d33b0bbaae7c6cfc03dbd8e7c33e0aef28ebd19c512f70ec83e6841f1b05c7e92006d0623f9749deecb47605",
    "b9c76b9c98c4f760cd771b2774f8accba47600597a3e223da002f8aa39c4a808",
    // Ids of blocks of the chain on which programs run.
    "0101010101010101010101010101010101010101010101010101010101010101",
    "0303030303030303030303030303030303030303030303030303030303030303",
];
/// The message of the Ed25519 signature.
pub(super) const SIGNED: &str = "0x6d657373616765206f6e65";
/// A bitcoin transaction with one output.
pub(super) const BITCOIN_TX: &str = "0x02000000000102cf04163da0f7c0908fea9dcc6c7a59915f663058dab72806a5f4813906e2e1040000000000ffffffffee379061075a07fc7f39bbdfd1bba0a843eb4221f22675789da3cb9db567dd2e0100000000ffffffff010700000000000000160014222222222222222222222222222222222222222202046162636402787902046162636402787900000000";

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
        Type::Trait => {
            principal_of(&format!("{}.{}", ACCOUNTS[0].0, if rng.one_in(8) { MAIN } else { BASE }), ACCOUNTS[0].1)
        }
        Type::Buffer(max) => {
            let known: Vec<_> = KNOWN.iter().filter(|known| known.len() == max * 2).collect();
            if !known.is_empty() && rng.one_in(2) {
                let bytes = hex::decode(rng.pick(&known)).unwrap();
                return with(format!("0x{}", hex::encode(&bytes)), 2, &sized(&bytes));
            }
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
            // Both sides are written, so that the whole type is known.
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
    let contract = match rng.below(6) {
        0 => ".nowhere",
        1 => ".base",
        2 => ".main",
        _ => "",
    };
    principal_of(&format!("{address}{contract}"), hash)
}

/// A testnet principal, with or without a contract name.
fn principal_of(text: &str, hash: &str) -> Literal {
    let mut bytes = vec![26];
    bytes.extend(hex::decode(hash).unwrap());
    match text.split_once('.') {
        Some((_, name)) => {
            bytes.push(u8::try_from(name.len()).unwrap());
            bytes.extend(name.bytes());
            with(format!("'{text}"), 6, &bytes)
        }
        None => with(format!("'{text}"), 5, &bytes),
    }
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
