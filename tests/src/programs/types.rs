//! The types that generated programs use.

use crate::random::Rng;

/// A type of the language, written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// `int`
    Int,
    /// `uint`
    UInt,
    /// `bool`
    Bool,
    /// `principal`
    Principal,
    /// `(buff n)`
    Buffer(usize),
    /// `(string-ascii n)`
    Ascii(usize),
    /// `(string-utf8 n)`
    Utf8(usize),
    /// `(optional inner)`
    Optional(Box<Self>),
    /// `(response ok err)`
    Response(Box<Self>, Box<Self>),
    /// `(list n entry)`
    List(usize, Box<Self>),
    /// `{name: type, ...}`
    Tuple(Vec<(&'static str, Self)>),
    /// `<face>`: a contract with the trait imported as `face`. Only parameters have this type.
    Trait,
}

const FIELDS: [&str; 4] = ["a", "amount", "owner-of", "z"];

impl Type {
    /// `(optional self)`
    #[must_use]
    pub fn optional(self) -> Self {
        Self::Optional(Box::new(self))
    }

    /// `(response self uint)`
    #[must_use]
    pub fn response(self) -> Self {
        Self::Response(Box::new(self), Box::new(Self::UInt))
    }

    /// Any type with at most `depth` levels.
    pub fn any(rng: &mut Rng, depth: usize) -> Self {
        let kinds = if depth == 0 { 7 } else { 11 };
        match rng.below(kinds) {
            0 => Self::Int,
            1 => Self::UInt,
            2 => Self::Bool,
            3 => Self::Principal,
            4 => Self::Buffer(*rng.pick(&[1, 4, 20, 32, 33, 64, 65])),
            5 => Self::Ascii(*rng.pick(&[1, 5, 40])),
            6 => Self::Utf8(*rng.pick(&[1, 5, 40])),
            7 => Self::any(rng, depth - 1).optional(),
            8 => Self::Response(Box::new(Self::any(rng, depth - 1)), Box::new(Self::any(rng, depth - 1))),
            9 => Self::List(rng.below(5) + 1, Box::new(Self::any(rng, depth - 1))),
            _ => {
                let first = rng.below(FIELDS.len());
                let fields = FIELDS.iter().skip(first).take(rng.below(3) + 1);
                Self::Tuple(fields.map(|name| (*name, Self::any(rng, depth - 1))).collect())
            }
        }
    }

    /// A type for declarations of maps, variables and tokens: without responses, which storage often refuses.
    pub fn stored(rng: &mut Rng, depth: usize) -> Self {
        loop {
            let found = Self::any(rng, depth);
            if !found.has_response() {
                return found;
            }
        }
    }

    /// Whether it is a sequence or contains other types; there are several ways to make such values.
    #[must_use]
    pub const fn is_sequence(&self) -> bool {
        matches!(self, Self::Buffer(_) | Self::Ascii(_) | Self::Utf8(_) | Self::List(..))
    }

    fn has_response(&self) -> bool {
        match self {
            Self::Response(..) => true,
            Self::Optional(inner) | Self::List(_, inner) => inner.has_response(),
            Self::Tuple(fields) => fields.iter().any(|(_, field)| field.has_response()),
            _ => false,
        }
    }

    /// Whether a value of this type fits where `wanted` is expected.
    #[must_use]
    pub fn fits(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Buffer(n), Self::Buffer(m)) | (Self::Ascii(n), Self::Ascii(m)) | (Self::Utf8(n), Self::Utf8(m)) => {
                n <= m
            }
            (Self::Optional(a), Self::Optional(b)) => a.fits(b),
            (Self::Response(a, c), Self::Response(b, d)) => a.fits(b) && c.fits(d),
            (Self::List(n, a), Self::List(m, b)) => n <= m && a.fits(b),
            (Self::Tuple(a), Self::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && a.1.fits(&b.1))
            }
            (a, b) => a == b,
        }
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int => f.write_str("int"),
            Self::UInt => f.write_str("uint"),
            Self::Bool => f.write_str("bool"),
            Self::Principal => f.write_str("principal"),
            Self::Trait => f.write_str("<face>"),
            Self::Buffer(n) => write!(f, "(buff {n})"),
            Self::Ascii(n) => write!(f, "(string-ascii {n})"),
            Self::Utf8(n) => write!(f, "(string-utf8 {n})"),
            Self::Optional(inner) => write!(f, "(optional {inner})"),
            Self::Response(ok, err) => write!(f, "(response {ok} {err})"),
            Self::List(n, entry) => write!(f, "(list {n} {entry})"),
            Self::Tuple(fields) => {
                let fields: Vec<_> = fields.iter().map(|(name, field)| format!("{name}: {field}")).collect();
                write!(f, "{{{}}}", fields.join(", "))
            }
        }
    }
}
