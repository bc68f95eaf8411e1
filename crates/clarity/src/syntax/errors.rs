//! Why a source text is no contract: the network's error kinds and texts.

use std::fmt;

use super::tree::Span;
use crate::costs::{Cost, CostError};
use crate::names::ClarityName;
use crate::rules::Rules;

/// A fault of a character or a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LexError {
    /// A character that a number cannot contain.
    #[error("invalid character, '{0}', in int literal")]
    InvalidCharInt(char),
    /// A character that an unsigned number cannot contain.
    #[error("invalid character, '{0}', in uint literal")]
    InvalidCharUint(char),
    /// A character of a buffer that is no hexadecimal digit.
    #[error("invalid character, '{0}', in buffer")]
    InvalidCharBuffer(char),
    /// A character that a name cannot contain.
    #[error("invalid character, '{0}', in identifier")]
    InvalidCharIdent(char),
    /// A character that `<name>` cannot contain.
    #[error("invalid character, '{0}', in trait identifier")]
    InvalidCharTraitIdent(char),
    /// A character that an address cannot contain.
    #[error("invalid character, '{0}', in principal literal")]
    InvalidCharPrincipal(char),
    /// An odd number of hexadecimal digits.
    #[error("invalid buffer length, {0}")]
    InvalidBufferLength(usize),
    /// `\` before something that it does not escape.
    #[error("unknown escape character, '{0}'")]
    UnknownEscapeChar(char),
    /// No hexadecimal digit in `\u{...}`.
    #[error("invalid character, '{0}', in UTF8 encoding")]
    IllegalCharUTF8Encoding(char),
    /// `\u{...` without a closing brace.
    #[error("unterminated UTF8 encoding, missing '}}'")]
    UnterminatedUTF8Encoding,
    /// A text or `<name>` that is not closed.
    #[error("expected closing '{0}'")]
    ExpectedClosing(char),
    /// Two tokens that must not touch.
    #[error("expected separator")]
    ExpectedSeparator,
    /// `\u{}`
    #[error("empty UTF8 encoding")]
    EmptyUTF8Encoding,
    /// `\u` without a brace, or no character's number.
    #[error("invalid UTF8 encoding")]
    InvalidUTF8Encoding,
    /// `;`
    #[error("unexpected single ';' (comments begin with \";;\"")]
    SingleSemiColon,
    /// A character that begins no token.
    #[error("unknown symbol, '{0}'")]
    UnknownSymbol(char),
    /// A character beyond ASCII.
    #[error("illegal non-ASCII character, '{0}'")]
    NonASCIIChar(char),
    /// A carriage return outside of a text.
    #[error("unsupported line-ending '\\r', only '\\n' is supported")]
    UnsupportedLineEnding,
}

/// A bracket or a separator, as errors name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `(`
    Lparen,
    /// `)`
    Rparen,
    /// `{`
    Lbrace,
    /// `}`
    Rbrace,
    /// `:`
    Colon,
    /// `,`
    Comma,
    /// `.`
    Dot,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lparen => "(",
            Self::Rparen => ")",
            Self::Lbrace => "{",
            Self::Rbrace => "}",
            Self::Colon => ":",
            Self::Comma => ",",
            Self::Dot => ".",
        })
    }
}

/// A fault of a source text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A fault of a token.
    #[error("{0}")]
    Lexer(LexError),
    /// A number beyond 128 bits.
    #[error("Failed to parse int literal '{0}'")]
    FailedParsingIntValue(String),
    /// A number beyond 128 bits.
    #[error("Failed to parse uint literal 'u{0}'")]
    FailedParsingUIntValue(String),
    /// A text with characters that cannot be shown.
    #[error("illegal ascii string \"{0}\"")]
    IllegalASCIIString(String),
    /// Text after `'` that is no address.
    #[error("invalid principal literal")]
    InvalidPrincipalLiteral,
    /// No name after a point.
    #[error("expected contract identifier")]
    ExpectedContractIdentifier,
    /// No name after the second point.
    #[error("expected trait identifier")]
    ExpectedTraitIdentifier,
    /// A contract's name with characters that it cannot have.
    #[error("Illegal contract name: '{0}'")]
    IllegalContractName(String),
    /// A contract's name of more than 40 characters.
    #[error("contract name '{0}' is too long")]
    ContractNameTooLong(String),
    /// A name of more than 128 characters.
    #[error("illegal name (too long), '{0}'")]
    NameTooLong(String),
    /// A name with characters that it cannot have.
    #[error("Illegal clarity name: '{0}'")]
    IllegalClarityName(String),
    /// Two expressions of a list that touch.
    #[error("expected whitespace before expression")]
    ExpectedWhitespace,
    /// A list or tuple that is not closed.
    #[error("expected closing '{0}'")]
    ExpectedClosing(Mark),
    /// A mark where none is allowed.
    #[error("unexpected '{0}'")]
    UnexpectedToken(Mark),
    /// No `:` after a field's name.
    #[error("expected ':' after key in tuple")]
    TupleColonExpectedv2,
    /// No `,` after a field.
    #[error("expected ',' separating key-value pairs in tuple")]
    TupleCommaExpectedv2,
    /// No value after `:`.
    #[error("expected value expression for tuple")]
    TupleValueExpected,
    /// The text nests too deep.
    #[error("AST has too deep of an expression nesting. The maximum stack depth is {max_depth}")]
    ExpressionStackDepthTooDeep {
        /// Calls that may nest.
        max_depth: usize,
    },
    /// Definitions that need each other.
    #[error("detected interdependent functions ({})", .0.join(", "))]
    CircularReference(Vec<String>),
    /// Two definitions of one name.
    #[error("defining '{0}' conflicts with previous value")]
    NameAlreadyUsed(String),
    /// A trait where values are stored.
    #[error("trait references can not be stored")]
    TraitReferenceNotAllowed,
    /// `use-trait` of another form.
    #[error("(use-trait ...) expects a trait name and a trait identifier")]
    ImportTraitBadSignature,
    /// `define-trait` of another form.
    #[error("(define-trait ...) expects a trait name and a trait definition")]
    DefineTraitBadSignature,
    /// `impl-trait` of another form.
    #[error("(impl-trait ...) expects a trait identifier")]
    ImplTraitBadSignature,
    /// A trait that is not known.
    #[error("use of undeclared trait <{0}>")]
    TraitReferenceUnknown(ClarityName),
    /// The meter stopped it.
    #[error("{}", cost_text(.0))]
    Cost(CostError),
}

/// The text of a deployment that ran out of budget here.
fn cost_text(error: &CostError) -> String {
    match error {
        CostError::Balance { spent, limit } => {
            // Sic: the network's text has the two words swapped.
            format!("Used up cost budget during the parse: {} balance, {} used", amounts(spent), amounts(limit))
        }
        other => other.to_string(),
    }
}

fn amounts(cost: &Cost) -> String {
    let Cost { runtime, read_count, read_length, write_count, write_length } = cost;
    format!(
        "{{\"runtime\": {runtime}, \"write_len\": {write_length}, \"write_cnt\": {write_count}, \
         \"read_len\": {read_length}, \"read_cnt\": {read_count}}}"
    )
}

impl ParseError {
    /// The meter's error, if this is one.
    #[must_use]
    pub const fn cost(&self) -> Option<&CostError> {
        match self {
            Self::Cost(error) => Some(error),
            _ => None,
        }
    }

    /// Whether a deployment that fails with it may not be in a block.
    #[must_use]
    pub const fn is_rejectable(&self, rules: &Rules) -> bool {
        match self {
            Self::Cost(_) => true,
            Self::ExpressionStackDepthTooDeep { .. } => !rules.depth_is_ordinary,
            _ => false,
        }
    }
}

/// A fault of a source text, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong with the text.
    pub error: ParseError,
    /// Where, when the fault has one place.
    pub span: Option<Span>,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.span {
            Some(span) => write!(f, "{}: {}", span, self.error),
            None => write!(f, "{}", self.error),
        }
    }
}

impl std::error::Error for SyntaxError {}

impl From<ParseError> for SyntaxError {
    fn from(error: ParseError) -> Self {
        Self { error, span: None }
    }
}

impl From<CostError> for SyntaxError {
    fn from(error: CostError) -> Self {
        ParseError::Cost(error).into()
    }
}

impl From<ParseError> for Box<SyntaxError> {
    fn from(error: ParseError) -> Self {
        Self::new(error.into())
    }
}
