//! Sources that are slightly or entirely wrong, to reach the code that refuses.

use crate::random::Rng;

/// A text with one to three faults: a token is left out, doubled or replaced, or a character is changed.
pub fn mutated(rng: &mut Rng, source: &str) -> String {
    let mut tokens = tokens(source);
    for _ in 0..=rng.below(3) {
        let at = rng.below(tokens.len());
        match rng.below(5) {
            0 => drop(tokens.remove(at)),
            1 => tokens.insert(at, tokens[at].clone()),
            2 => tokens[at] = rng.pick(&tokens).clone(),
            3 => {
                let other = rng.below(tokens.len());
                tokens.swap(at, other);
            }
            _ => tokens[at] = changed(rng, &tokens[at]),
        }
        if tokens.is_empty() {
            return String::new();
        }
    }
    tokens.concat()
}

/// Flips, removes or inserts bytes anywhere; invalid UTF-8 is then repaired.
pub fn garbled(rng: &mut Rng, source: &str) -> String {
    let mut bytes = source.as_bytes().to_vec();
    for _ in 0..=rng.below(3) {
        let at = rng.below(bytes.len());
        match rng.below(3) {
            0 if at < bytes.len() => drop(bytes.remove(at)),
            1 => bytes.insert(at, rng.byte()),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.below(8);
                }
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn changed(rng: &mut Rng, token: &str) -> String {
    let known = [
        "u1",
        "1",
        "0x00",
        "\"a\"",
        "none",
        "tx-sender",
        "(",
        ")",
        "{",
        "}",
        "<face>",
        "is-eq",
        "'",
        ".",
        "let",
        "print",
    ];
    if rng.one_in(2) { (*rng.pick(&known)).to_owned() } else { garbled(rng, token) }
}

/// The text in pieces: words, and single characters between them.
fn tokens(source: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut in_word = false;
    for character in source.chars() {
        let of_word = !character.is_whitespace() && !"(){},:\"".contains(character);
        match tokens.last_mut() {
            Some(last) if in_word && of_word => last.push(character),
            _ => tokens.push(character.to_string()),
        }
        in_word = of_word;
    }
    tokens
}

/// Words that define something.
pub const DEFINITIONS: [&str; 11] = [
    "define-constant",
    "define-private",
    "define-public",
    "define-read-only",
    "define-data-var",
    "define-map",
    "define-fungible-token",
    "define-non-fungible-token",
    "define-trait",
    "use-trait",
    "impl-trait",
];
/// Other forms that bind or count names in their own ways, and some ordinary ones.
const HEADS: [&str; 23] = [
    "let",
    "tuple",
    "get",
    "contract-call?",
    "map-get?",
    "map-set",
    "map-insert",
    "map-delete",
    "match",
    "fold",
    "map",
    "filter",
    "if",
    "begin",
    "list",
    "ok",
    "+",
    "response",
    "as-max-len?",
    "from-consensus-buff?",
    "at-block",
    "a",
    "b",
];
const ATOMS: [&str; 16] = [
    "a",
    "a",
    "a",
    "b",
    "f",
    "<a>",
    "<b>",
    "1",
    "u1",
    "true",
    "int",
    "uint",
    "none",
    ".base",
    ".base.face",
    "tx-sender",
];

/// A text of forms with any number and kind of parts, and with definitions of `a` and `b` somewhere.
pub fn soup(rng: &mut Rng) -> String {
    let mut text = String::new();
    for name in ["a", "b"] {
        if rng.one_in(2) {
            text += &format!("(define-constant {name} 1)\n");
        }
    }
    for _ in 0..=rng.below(2) {
        text += &form(rng, 3);
        text.push('\n');
    }
    text
}

fn form(rng: &mut Rng, depth: usize) -> String {
    if depth == 0 || rng.one_in(3) {
        return (*rng.pick(&ATOMS)).to_owned();
    }
    let parts: Vec<_> = (0..rng.below(4)).map(|_| form(rng, depth - 1)).collect();
    match rng.below(8) {
        0 => format!("({})", parts.join(" ")),
        1 => {
            let fields: Vec<_> = parts.iter().map(|part| format!("{}: {part}", rng.pick(&["a", "b", "x"]))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        _ => format!("({} {})", rng.pick(&[&DEFINITIONS[..], &HEADS].concat()), parts.join(" ")),
    }
}
