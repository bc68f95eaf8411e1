//! Tokens to a tree. Shorthand is written out on the way: `{a: 1}` becomes `(tuple (a 1))`, `.name` the deployer's contract.

use hashbrown::HashMap;

use super::errors::{Mark, ParseError, SyntaxError};
use super::lex::{self, Token};
use super::tree::{Node, NodeId, Span, TraitName, Tree};
use crate::names::{ClarityName, ContractName, MAX_CONTRACT_NAME, MAX_NAME};
use crate::principal::{ContractId, Principal, Standard, TraitId};
use crate::value::Value;

/// A text may nest deeper than calls by this many levels.
const DEPTH_BEYOND_CALLS: usize = 5;
/// Levels that a brace counts as while parsing.
const LEVELS_OF_BRACE: usize = 2;

type Fault = Box<SyntaxError>;

fn fault<T>(error: ParseError, span: Span) -> Result<T, Fault> {
    Err(Box::new(SyntaxError { error, span: Some(span) }))
}

struct Parser<'s> {
    tokens: Vec<(Token<'s>, Span)>,
    at: usize,
    end: Span,
    issuer: Standard,
    call_depth: usize,
    /// Nesting by the measure that bounds parsing.
    levels: usize,
    /// Nesting of lists and tuples, and the most of it.
    nesting: usize,
    deepest: usize,
    names: HashMap<&'s str, ClarityName>,
    tree: Tree,
}

/// Parses a text. `.name` means a contract of `issuer`; `call_depth` is the number of calls that may nest.
pub(super) fn parse(source: &str, issuer: Standard, call_depth: usize) -> Result<Tree, Fault> {
    let (tokens, end) = lex::tokens(source)?;
    let mut parser = Parser {
        tokens,
        at: 0,
        end,
        issuer,
        call_depth,
        levels: 0,
        nesting: 0,
        deepest: 0,
        names: HashMap::new(),
        tree: Tree::default(),
    };
    let mut top = Vec::new();
    loop {
        parser.skip_blank();
        if parser.at == parser.tokens.len() {
            break;
        }
        top.push(parser.node()?);
    }
    if parser.deepest >= call_depth + DEPTH_BEYOND_CALLS {
        return Err(Box::new(parser.too_deep().into()));
    }
    parser.tree.set_top(top);
    Ok(parser.tree)
}

/// The account of an address, whose first letter is ignored.
fn account(text: &str) -> Option<Standard> {
    Standard::read(text).ok()
}

impl<'s> Parser<'s> {
    fn too_deep(&self) -> ParseError {
        ParseError::ExpressionStackDepthTooDeep { max_depth: self.call_depth }
    }

    fn peek(&self) -> Option<&(Token<'s>, Span)> {
        self.tokens.get(self.at)
    }

    fn is_at(&self, mark: Mark) -> bool {
        matches!(self.peek(), Some((Token::Mark(found), _)) if *found == mark)
    }

    /// Place of the next token, or of the text's end.
    fn next_span(&self) -> Span {
        self.peek().map_or(self.end, |(_, span)| *span)
    }

    /// Moves past white space and comments; returns whether there was any.
    fn skip_blank(&mut self) -> bool {
        let start = self.at;
        while let Some((Token::Whitespace | Token::Comment, _)) = self.peek() {
            self.at += 1;
        }
        self.at > start
    }

    fn name(&mut self, text: &'s str, span: Span) -> Result<ClarityName, Fault> {
        if let Some(name) = self.names.get(text) {
            return Ok(name.clone());
        }
        if text.len() > MAX_NAME {
            return fault(ParseError::NameTooLong(text.to_owned()), span);
        }
        let Some(name) = ClarityName::new(text) else {
            return fault(ParseError::IllegalClarityName(text.to_owned()), span);
        };
        self.names.insert(text, name.clone());
        Ok(name)
    }

    /// The expression that begins at the next token, which is neither white space nor a comment.
    fn node(&mut self) -> Result<NodeId, Fault> {
        let span = self.next_span();
        let Some((token, _)) = self.tokens.get_mut(self.at) else {
            return fault(ParseError::ExpectedClosing(Mark::Rparen), span);
        };
        let token = std::mem::replace(token, Token::Whitespace);
        self.at += 1;
        let node = match token {
            Token::Mark(Mark::Lparen) => return self.list(span),
            Token::Mark(Mark::Lbrace) => return self.tuple(span),
            Token::Mark(Mark::Dot) => return self.contract(self.issuer, span, span),
            Token::Principal(text) => return self.principal(text, span),
            Token::Mark(mark) => return fault(ParseError::UnexpectedToken(mark), span),
            Token::Name(text) => Node::Atom(self.name(text, span)?),
            Token::Trait(text) => {
                Node::Trait(TraitName { name: self.name(text, span)?, trait_id: None, imported: false })
            }
            Token::Int(text) => match text.parse() {
                Ok(number) => Node::Literal(Value::Int(number)),
                Err(_) => return fault(ParseError::FailedParsingIntValue(text.to_owned()), span),
            },
            Token::UInt(text) => match text.parse() {
                Ok(number) => Node::Literal(Value::UInt(number)),
                Err(_) => return fault(ParseError::FailedParsingUIntValue(text.to_owned()), span),
            },
            Token::Buffer(text) => Node::Literal(Value::buffer(hex::decode(text).unwrap_or_default())),
            Token::Utf8(text) => Node::Literal(Value::utf8(&text)),
            Token::Ascii(text) => match Value::ascii(text.clone().into_bytes()) {
                Some(value) => Node::Literal(value),
                None => return fault(ParseError::IllegalASCIIString(text), span),
            },
            Token::Whitespace | Token::Comment => return self.node(),
        };
        Ok(self.tree.push(node, span))
    }

    fn enter(&mut self, levels: usize, span: Span) -> Result<(), Fault> {
        self.levels += levels;
        self.nesting += 1;
        self.deepest = self.deepest.max(self.nesting);
        if self.levels > self.call_depth + DEPTH_BEYOND_CALLS + 1 {
            return fault(self.too_deep(), span);
        }
        Ok(())
    }

    const fn leave(&mut self, levels: usize) {
        self.levels -= levels;
        self.nesting -= 1;
    }

    fn list(&mut self, open: Span) -> Result<NodeId, Fault> {
        self.enter(1, open)?;
        let mut items = Vec::new();
        loop {
            let is_apart = self.skip_blank() || items.is_empty();
            if self.at == self.tokens.len() {
                return fault(ParseError::ExpectedClosing(Mark::Rparen), self.end);
            }
            if self.is_at(Mark::Rparen) {
                let span = open.to(self.next_span());
                self.at += 1;
                self.leave(1);
                return Ok(self.tree.push_list(&items, span));
            }
            let item = self.node()?;
            if !is_apart {
                return fault(ParseError::ExpectedWhitespace, self.tree.span(item));
            }
            items.push(item);
        }
    }

    fn tuple(&mut self, open: Span) -> Result<NodeId, Fault> {
        self.enter(LEVELS_OF_BRACE, open)?;
        let head = Node::Atom(self.name("tuple", open)?);
        let mut items = vec![self.tree.push(head, Span::default())];
        loop {
            self.skip_blank();
            if self.at == self.tokens.len() {
                return fault(ParseError::ExpectedClosing(Mark::Rbrace), self.end);
            }
            if self.is_at(Mark::Rbrace) {
                break;
            }
            items.push(self.field()?);
            self.skip_blank();
            if self.is_at(Mark::Comma) {
                self.at += 1;
            } else if self.at == self.tokens.len() {
                return fault(ParseError::ExpectedClosing(Mark::Rbrace), self.end);
            } else if !self.is_at(Mark::Rbrace) {
                return fault(ParseError::TupleCommaExpectedv2, self.next_span());
            }
        }
        let span = open.to(self.next_span());
        self.at += 1;
        self.leave(LEVELS_OF_BRACE);
        Ok(self.tree.push_list(&items, span))
    }

    /// `name: value`
    fn field(&mut self) -> Result<NodeId, Fault> {
        let key = self.node()?;
        self.skip_blank();
        if !self.is_at(Mark::Colon) {
            return fault(ParseError::TupleColonExpectedv2, self.next_span());
        }
        let colon = self.next_span();
        self.at += 1;
        self.skip_blank();
        if self.at == self.tokens.len() {
            return fault(ParseError::TupleValueExpected, colon);
        }
        let value = self.node()?;
        Ok(self.tree.push_list(&[key, value], Span::default()))
    }

    fn principal(&mut self, text: &'s str, span: Span) -> Result<NodeId, Fault> {
        let Some(account) = account(text) else {
            return fault(ParseError::InvalidPrincipalLiteral, span);
        };
        if !self.is_at(Mark::Dot) {
            let value = Value::principal(Principal::Standard(account));
            return Ok(self.tree.push(Node::Literal(value), span));
        }
        self.at += 1;
        self.contract(account, span, self.next_span())
    }

    /// The names after a point: of a contract, and maybe of a trait. The expression begins at `start`, the error for a
    /// contract name that is too long at `shown`.
    fn contract(&mut self, issuer: Standard, start: Span, shown: Span) -> Result<NodeId, Fault> {
        let (text, span) = self.name_behind_point(ParseError::ExpectedContractIdentifier)?;
        if text.len() > MAX_CONTRACT_NAME {
            return fault(ParseError::ContractNameTooLong(text.to_owned()), shown.to(span));
        }
        let Some(name) = ContractName::new(text) else {
            return fault(ParseError::IllegalContractName(text.to_owned()), span);
        };
        let contract = ContractId { issuer, name };
        if !self.is_at(Mark::Dot) {
            let value = Value::principal(Principal::Contract(contract));
            return Ok(self.tree.push(Node::Literal(value), start.to(span)));
        }
        self.at += 1;
        let (text, span) = self.name_behind_point(ParseError::ExpectedTraitIdentifier)?;
        let name = self.name(text, span)?;
        Ok(self.tree.push(Node::Field(TraitId { contract, name }), start.to(span)))
    }

    fn name_behind_point(&mut self, missing: ParseError) -> Result<(&'s str, Span), Fault> {
        match self.peek() {
            Some((Token::Name(text), span)) if text.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                let found = (*text, *span);
                self.at += 1;
                Ok(found)
            }
            _ => fault(missing, self.next_span()),
        }
    }
}
