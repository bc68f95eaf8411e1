//! Characters to tokens. The whole text is lexed before any of it is parsed, so a bad character at the end is reported
//! before a missing parenthesis at the beginning.

mod text;

use super::errors::{LexError, Mark, ParseError, SyntaxError};
use super::tree::Span;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Mark(Mark),
    Whitespace,
    Comment,
    /// A name or an operator.
    Name(&'a str),
    Int(&'a str),
    UInt(&'a str),
    /// The hexadecimal digits after `0x`.
    Buffer(&'a str),
    Ascii(String),
    Utf8(String),
    /// What follows `'`.
    Principal(&'a str),
    /// `<name>`
    Trait(&'a str),
}

/// The letters and digits of addresses.
const ADDRESS_DIGITS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

pub(super) struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: u32,
    column: u32,
    /// The place right of the last character, on that character's line.
    end: Span,
}

type Fault = Box<SyntaxError>;

/// All tokens of a text, and the place after its last character.
pub(super) fn tokens(source: &str) -> Result<(Vec<(Token<'_>, Span)>, Span), Fault> {
    let start = Span { start_line: 1, start_column: 1, end_line: 1, end_column: 1 };
    let mut lexer = Lexer { source, at: 0, line: 1, column: 1, end: start };
    let mut tokens = Vec::with_capacity(source.len() / 3);
    while let Some(first) = lexer.look()? {
        let start = lexer.here();
        let token = lexer.token(first, start)?;
        tokens.push((token, lexer.since(start)));
    }
    Ok((tokens, lexer.end))
}

/// White space of the language, which excludes the form feed.
const fn is_space(c: &char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

const fn is_separator(c: char) -> bool {
    matches!(c, '(' | ')' | '{' | '}' | ',' | ':' | '.' | ';') || c.is_ascii_whitespace()
}

impl<'a> Lexer<'a> {
    const fn here(&self) -> Span {
        Span { start_line: self.line, start_column: self.column, end_line: self.line, end_column: self.column }
    }

    /// From `start` to the character that was read last.
    const fn since(&self, start: Span) -> Span {
        // Only white space can end with a line break, and no error shows the place of white space.
        Span { end_line: self.line, end_column: self.column.saturating_sub(1), ..start }
    }

    fn fault<T>(error: LexError, span: Span) -> Result<T, Fault> {
        Err(Box::new(SyntaxError { error: ParseError::Lexer(error), span: Some(span) }))
    }

    /// The next character, which must be ASCII and not a carriage return.
    fn look(&self) -> Result<Option<char>, Fault> {
        match self.look_in_text()? {
            Some('\r') => Self::fault(LexError::UnsupportedLineEnding, self.here()),
            next => Ok(next),
        }
    }

    /// The next character between quotation marks, where a carriage return is allowed.
    fn look_in_text(&self) -> Result<Option<char>, Fault> {
        match self.source[self.at..].chars().next() {
            Some(c) if !c.is_ascii() => Self::fault(LexError::NonASCIIChar(c), self.here()),
            next => Ok(next),
        }
    }

    /// Moves past a character, which is ASCII.
    const fn pass(&mut self, c: char) {
        self.at += 1;
        self.column += 1;
        self.end = self.here();
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        }
    }

    fn pass_if(&mut self, wanted: char) -> Result<bool, Fault> {
        let found = self.look()? == Some(wanted);
        if found {
            self.pass(wanted);
        }
        Ok(found)
    }

    /// Whether the next character ends a token, or there is none.
    fn at_separator(&self) -> Result<bool, Fault> {
        Ok(self.look()?.is_none_or(is_separator))
    }

    /// Reads good characters up to a separator. `bad` is the fault of a character that is neither.
    fn word(&mut self, good: impl Fn(char) -> bool, bad: fn(char) -> LexError) -> Result<&'a str, Fault> {
        let start = self.at;
        while let Some(c) = self.look()? {
            if good(c) {
                self.pass(c);
            } else if is_separator(c) {
                break;
            } else {
                return Self::fault(bad(c), self.rest_of_word());
            }
        }
        Ok(&self.source[start..self.at])
    }

    /// From the next character to the last before a separator.
    fn rest_of_word(&self) -> Span {
        let here = self.here();
        let count = self.source[self.at..].chars().take_while(|c| !is_separator(*c)).count();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Span { end_column: here.end_column.saturating_add(count).saturating_sub(1), ..here }
    }

    fn token(&mut self, first: char, start: Span) -> Result<Token<'a>, Fault> {
        if is_space(&first) {
            while let Some(c) = self.look()?.filter(is_space) {
                self.pass(c);
            }
            return Ok(Token::Whitespace);
        }
        if let '-' | '0'..='9' = first {
            return self.number(first);
        }
        let begin = self.at;
        self.pass(first);
        match first {
            '(' => Ok(Token::Mark(Mark::Lparen)),
            ')' => Ok(Token::Mark(Mark::Rparen)),
            '{' => Ok(Token::Mark(Mark::Lbrace)),
            '}' => Ok(Token::Mark(Mark::Rbrace)),
            ':' => Ok(Token::Mark(Mark::Colon)),
            ',' => Ok(Token::Mark(Mark::Comma)),
            '.' => Ok(Token::Mark(Mark::Dot)),
            ';' => self.comment(start),
            '"' => self.quoted(false).map(Token::Ascii),
            'u' if self.pass_if('"')? => self.quoted(true).map(Token::Utf8),
            'u' if self.look()?.is_some_and(|c| c.is_ascii_digit()) => {
                self.word(|c| c.is_ascii_digit(), LexError::InvalidCharUint).map(Token::UInt)
            }
            'a'..='z' | 'A'..='Z' => {
                let is_good = |c: char| c.is_ascii_alphanumeric() || "-_!?+<>=/*".contains(c);
                self.word(is_good, LexError::InvalidCharIdent)?;
                Ok(Token::Name(&self.source[begin..self.at]))
            }
            '\'' => {
                let is_good = |c| u8::try_from(c).is_ok_and(|digit| ADDRESS_DIGITS.contains(&digit));
                self.word(is_good, LexError::InvalidCharPrincipal).map(Token::Principal)
            }
            '<' if self.look()?.is_some_and(|c| c.is_ascii_alphabetic()) => self.trait_name(),
            '<' | '>' => {
                self.pass_if('=')?;
                self.operator(begin)
            }
            '+' | '*' | '/' => self.operator(begin),
            other => Self::fault(LexError::UnknownSymbol(other), start),
        }
    }

    fn operator(&self, begin: usize) -> Result<Token<'a>, Fault> {
        if self.at_separator()? {
            Ok(Token::Name(&self.source[begin..self.at]))
        } else {
            Self::fault(LexError::ExpectedSeparator, self.here())
        }
    }

    fn comment(&mut self, start: Span) -> Result<Token<'a>, Fault> {
        if !self.pass_if(';')? {
            return Self::fault(LexError::SingleSemiColon, start);
        }
        while let Some(c) = self.look()?.filter(|c| *c != '\n') {
            self.pass(c);
        }
        Ok(Token::Comment)
    }

    /// A number, a buffer, or the operator `-`.
    fn number(&mut self, first: char) -> Result<Token<'a>, Fault> {
        let begin = self.at;
        let start = self.here();
        self.pass(first);
        if first == '-' && !self.look()?.is_some_and(|c| c.is_ascii_digit()) {
            return self.operator(begin);
        }
        if first == '0' && self.pass_if('x')? {
            let digits = self.word(|c| c.is_ascii_hexdigit(), LexError::InvalidCharBuffer)?;
            if digits.len() % 2 == 1 {
                return Self::fault(LexError::InvalidBufferLength(digits.len()), self.since(start));
            }
            return Ok(Token::Buffer(digits));
        }
        self.word(|c| c.is_ascii_digit(), LexError::InvalidCharInt)?;
        Ok(Token::Int(&self.source[begin..self.at]))
    }

    /// What follows `<` and begins with a letter.
    fn trait_name(&mut self) -> Result<Token<'a>, Fault> {
        let begin = self.at;
        while let Some(c) = self.look()? {
            match c {
                '>' => {
                    self.pass(c);
                    return Ok(Token::Trait(&self.source[begin..self.at - 1]));
                }
                'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => self.pass(c),
                _ if is_separator(c) => break,
                _ => return Self::fault(LexError::InvalidCharTraitIdent(c), self.rest_of_word()),
            }
        }
        Self::fault(LexError::ExpectedClosing('>'), self.here())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_feed_is_no_white_space() {
        assert!(tokens("\t(+ 1\n 2) ").is_ok());
        for source in ["\u{c}", "(+ 1 \u{c}2)", "(+ 1\u{c} 2)"] {
            let error = tokens(source).expect_err(source);
            assert_eq!(error.error.to_string(), "unknown symbol, '\u{c}'", "{source:?}");
        }
    }
}
