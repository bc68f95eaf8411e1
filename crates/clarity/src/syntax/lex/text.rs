//! Texts in quotation marks, with their escapes.

use super::{Fault, Lexer};
use crate::syntax::errors::LexError;
use crate::syntax::tree::Span;

/// Shown in errors in place of a character when the text has ended.
const NO_CHARACTER: char = '\u{fffd}';

impl Lexer<'_> {
    /// The text after an opening quotation mark, up to the closing one. Only UTF-8 texts have the escape `\u{...}`.
    pub(super) fn quoted(&mut self, utf8: bool) -> Result<String, Fault> {
        let mut text = String::new();
        loop {
            let Some(c) = self.look_in_text()?.filter(|c| *c != '\n') else {
                return Self::fault(LexError::ExpectedClosing('"'), self.here());
            };
            let start = self.here();
            self.pass(c);
            match c {
                '"' => return Ok(text),
                '\\' => text.push(self.escaped(start, utf8)?),
                other => text.push(other),
            }
        }
    }

    fn escaped(&mut self, start: Span, utf8: bool) -> Result<char, Fault> {
        let next = self.look_in_text()?;
        let here = self.here();
        let character = match next {
            Some('\\') => '\\',
            Some('"') => '"',
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('0') => '\0',
            Some('u') if utf8 => {
                self.pass('u');
                return self.code_point(here);
            }
            other => {
                return Self::fault(LexError::UnknownEscapeChar(other.unwrap_or(NO_CHARACTER)), start.to(here));
            }
        };
        if let Some(c) = next {
            self.pass(c);
        }
        Ok(character)
    }

    /// The braces of `\u{1F600}`.
    fn code_point(&mut self, start: Span) -> Result<char, Fault> {
        let open = self.here();
        if !self.pass_if('{')? {
            return Self::fault(LexError::InvalidUTF8Encoding, open);
        }
        let begin = self.at;
        while let Some(c) = self.look()?.filter(|c| *c != '}') {
            if c == '"' {
                break;
            }
            if !c.is_ascii_hexdigit() {
                return Self::fault(LexError::IllegalCharUTF8Encoding(c), self.here());
            }
            self.pass(c);
        }
        let digits = &self.source[begin..self.at];
        let close = self.here();
        if !self.pass_if('}')? {
            return Self::fault(LexError::UnterminatedUTF8Encoding, close);
        }
        if digits.is_empty() {
            return Self::fault(LexError::EmptyUTF8Encoding, open.to(close));
        }
        match u32::from_str_radix(digits, 16).ok().and_then(char::from_u32) {
            Some(character) => Ok(character),
            None => Self::fault(LexError::InvalidUTF8Encoding, start.to(self.here())),
        }
    }
}
