//! Why an evaluation stops before its end. The five classes are consensus: they decide whether a transaction stays in its block.
//!
//! | class | the transaction |
//! |---|---|
//! | early return, run-time error, check error | stays in the block, pays its fee, and writes nothing |
//! | cost, internal | may not be in a block |
//!
//! Three check errors are in the second row too: [`CheckError::is_rejectable`].

use std::fmt;

use crate::costs::CostError;
use crate::types::{DebugType, JoinFault, Type, TypeFault};
use crate::value::{DebugValue, ListFault, Value};

/// Which kind of expression ended its function early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thrower {
    /// `asserts!`
    Asserted,
    /// `unwrap!`, `unwrap-err!`, `try!`
    Unwrapped,
}

/// A failure of the program as it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuntimeError {
    /// An argument that arithmetic does not take.
    Arithmetic(&'static str),
    /// A result above the largest number.
    ArithmeticOverflow,
    /// A result below the smallest number.
    ArithmeticUnderflow,
    /// More tokens than the cap or the type allows.
    SupplyOverflow(u128, u128),
    /// A supply below zero.
    SupplyUnderflow(u128, u128),
    /// A division by zero.
    DivisionByZero,
    /// Calls nest deeper than the epoch allows.
    MaxStackDepthReached,
    /// No block has this hash.
    UnknownBlockHeaderHash([u8; 32]),
    /// These bytes are no block's hash.
    BadBlockHash(Vec<u8>),
    /// `unwrap-panic` or `unwrap-err-panic` had nothing to unwrap.
    UnwrapFailure,
    /// This text names no token.
    BadTokenName(String),
    /// The epoch's state has no block time.
    BlockTimeNotAvailable,
    /// The network does more than run this function, and this chain does not; the text says what.
    NotDoneHere(String),
}

impl RuntimeError {
    /// The variant's name, as the network's texts and conformance cases have it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Arithmetic(_) => "Arithmetic",
            Self::ArithmeticOverflow => "ArithmeticOverflow",
            Self::ArithmeticUnderflow => "ArithmeticUnderflow",
            Self::SupplyOverflow(..) => "SupplyOverflow",
            Self::SupplyUnderflow(..) => "SupplyUnderflow",
            Self::DivisionByZero => "DivisionByZero",
            Self::MaxStackDepthReached => "MaxStackDepthReached",
            Self::UnknownBlockHeaderHash(_) => "UnknownBlockHeaderHash",
            Self::BadBlockHash(_) => "BadBlockHash",
            Self::UnwrapFailure => "UnwrapFailure",
            Self::BadTokenName(_) => "BadTokenName",
            Self::BlockTimeNotAvailable => "BlockTimeNotAvailable",
            Self::NotDoneHere(_) => "NotDoneHere",
        }
    }
}

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arithmetic(reason) => write!(f, "Arithmetic({reason:?})"),
            Self::SupplyOverflow(a, b) | Self::SupplyUnderflow(a, b) => write!(f, "{}({a}, {b})", self.kind()),
            Self::UnknownBlockHeaderHash(hash) => write!(f, "UnknownBlockHeaderHash({})", hex::encode(hash)),
            Self::BadBlockHash(bytes) => write!(f, "BadBlockHash({bytes:?})"),
            Self::NotDoneHere(what) => write!(f, "NotDoneHere({what:?})"),
            Self::BadTokenName(name) => write!(f, "BadTokenName({:?})", format!("{name:?}")),
            _ => f.write_str(self.kind()),
        }
    }
}

/// A fault of the kind that the checker refuses, found at run time: in arguments from outside, in contracts that are
/// chosen at run time, or in code that the checker of an older version let pass.
#[derive(Debug, Clone)]
pub enum CheckError {
    /// A value of another type than the one needed here.
    TypeValue(Type, Value),
    /// A value that must be of one of these types, and is of none.
    UnionTypeValue(Vec<Type>, Value),
    /// Values that need a common type and have none.
    Type(Type, Type),
    /// A value to store whose content is not of its type.
    CouldNotDetermineType,
    /// An entry of a list whose content is not of its type.
    ListTypesMustMatch,
    /// A function of a trait returned something else than the trait says.
    ReturnTypesMustMatch(Type, Type),
    /// A function is called while it runs.
    CircularReference(Vec<String>),
    /// An account where a contract is needed.
    ExpectedContractPrincipal(Value),
    /// There is no such contract.
    NoSuchContract(String),
    /// There is no such public function.
    NoSuchPublicFunction(String, String),
    /// `contract-call?` of something that is no contract's name.
    ContractCallExpectName,
    /// The name is taken.
    NameAlreadyUsed(String),
    /// There is no such function.
    UndefinedFunction(String),
    /// More or fewer arguments than the function has.
    IncorrectArgumentCount(usize, usize),
    /// The contract does not have the trait's function as the trait has it.
    BadTraitImplementation(String, String),
    /// A read-only function would write.
    WriteAttemptedInReadOnly,
    /// `at-block` is gone.
    AtBlockUnavailable,
    /// A value larger than a value may be.
    ValueTooLarge,
    /// A number outside the range of its use.
    ValueOutOfBounds,
    /// A value that nests deeper than a value may.
    TypeTooDeep,
    /// There is no such trait.
    TraitReferenceUnknown(String),
    /// The trait has no such function.
    TraitMethodUnknown(String, String),
    /// Allowances hold more memory than is allowed.
    RestrictAssetsMemoryExceeded(u64, u64),
    /// A state that the checker rules out.
    Unreachable(String),
    /// The meter stopped it.
    Cost(CostError),
}

impl CheckError {
    /// The variant's name, as the network's texts and conformance cases have it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TypeValue(..) => "TypeValueError",
            Self::UnionTypeValue(..) => "UnionTypeValueError",
            Self::Type(..) => "TypeError",
            Self::CouldNotDetermineType => "CouldNotDetermineType",
            Self::ListTypesMustMatch => "ListTypesMustMatch",
            Self::ReturnTypesMustMatch(..) => "ReturnTypesMustMatch",
            Self::CircularReference(_) => "CircularReference",
            Self::ExpectedContractPrincipal(_) => "ExpectedContractPrincipalValue",
            Self::NoSuchContract(_) => "NoSuchContract",
            Self::NoSuchPublicFunction(..) => "NoSuchPublicFunction",
            Self::ContractCallExpectName => "ContractCallExpectName",
            Self::NameAlreadyUsed(_) => "NameAlreadyUsed",
            Self::UndefinedFunction(_) => "UndefinedFunction",
            Self::IncorrectArgumentCount(..) => "IncorrectArgumentCount",
            Self::BadTraitImplementation(..) => "BadTraitImplementation",
            Self::WriteAttemptedInReadOnly => "WriteAttemptedInReadOnly",
            Self::AtBlockUnavailable => "AtBlockUnavailable",
            Self::ValueTooLarge => "ValueTooLarge",
            Self::ValueOutOfBounds => "ValueOutOfBounds",
            Self::TypeTooDeep => "TypeSignatureTooDeep",
            Self::TraitReferenceUnknown(_) => "TraitReferenceUnknown",
            Self::TraitMethodUnknown(..) => "TraitMethodUnknown",
            Self::RestrictAssetsMemoryExceeded(..) => "RestrictAssetsMemoryExceeded",
            Self::Unreachable(_) => "Unreachable",
            Self::Cost(error) => error.kind(),
        }
    }

    /// Whether a transaction that fails with it may not be in a block.
    #[must_use]
    pub const fn is_rejectable(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_)
                | Self::RestrictAssetsMemoryExceeded(..)
                | Self::Cost(CostError::Balance { .. } | CostError::Interrupted)
        )
    }
}

/// A failure that has no place in the language: storage that cannot be read, an invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InternalError {
    /// An account has less than it must give, although this was checked before.
    InsufficientBalance,
    /// An allowance has a type that the checker refuses; or, before 3.4, STX moved and STX burnt are each within a
    /// `with-stx` allowance and together above it.
    Expect(&'static str),
    /// The state cannot be read, or holds a text that this code does not write.
    State(String),
    /// More was printed than a transaction may print.
    TooManyEvents,
}

/// Why an evaluation stops before its end.
#[derive(Debug, Clone)]
pub enum Stop {
    /// An early return with this value.
    Return(Box<Value>, Thrower),
    /// The program failed as it ran: an overflow, an unwrap that found nothing.
    Runtime(Box<RuntimeError>),
    /// The program does something that the checker refuses.
    Check(Box<CheckError>),
    /// A failure outside of the language.
    Internal(Box<InternalError>),
}

impl From<CostError> for Stop {
    fn from(error: CostError) -> Self {
        Self::Check(Box::new(CheckError::Cost(error)))
    }
}

impl From<RuntimeError> for Stop {
    fn from(error: RuntimeError) -> Self {
        Self::Runtime(Box::new(error))
    }
}

impl From<CheckError> for Stop {
    fn from(error: CheckError) -> Self {
        Self::Check(Box::new(error))
    }
}

/// The fault of a value that cannot be made: it would be too large, or nest too deep.
impl From<TypeFault> for CheckError {
    fn from(fault: TypeFault) -> Self {
        match fault {
            TypeFault::ValueTooLarge => Self::ValueTooLarge,
            TypeFault::TooDeep => Self::TypeTooDeep,
            TypeFault::Undetermined => Self::CouldNotDetermineType,
            TypeFault::EmptyTuple | TypeFault::DuplicateField(_) => Self::Unreachable(fault.to_string()),
        }
    }
}

impl From<TypeFault> for Stop {
    fn from(fault: TypeFault) -> Self {
        CheckError::from(fault).into()
    }
}

/// The fault of elements without a common type, or with one that is too large.
impl From<JoinFault> for Stop {
    fn from(fault: JoinFault) -> Self {
        match fault {
            JoinFault::Type(fault) => fault.into(),
            JoinFault::NoneInCommon(types) => CheckError::Type(types.0, types.1).into(),
        }
    }
}

impl From<ListFault> for Stop {
    fn from(fault: ListFault) -> Self {
        match fault {
            ListFault::Join(fault) => fault.into(),
            ListFault::Content => CheckError::ListTypesMustMatch.into(),
        }
    }
}

impl From<InternalError> for Stop {
    fn from(error: InternalError) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl Stop {
    /// The variant's name, as the network's texts and conformance cases have it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Return(_, Thrower::Asserted) => "AssertionFailed",
            Self::Return(_, Thrower::Unwrapped) => "UnwrapFailed",
            Self::Runtime(error) => error.kind(),
            Self::Check(error) => error.kind(),
            Self::Internal(error) => error.kind(),
        }
    }

    /// Whether a transaction that stops with it may not be in a block.
    #[must_use]
    pub fn is_rejectable(&self) -> bool {
        match self {
            Self::Return(..) | Self::Runtime(_) => false,
            Self::Check(error) => error.is_rejectable(),
            Self::Internal(_) => true,
        }
    }
}

impl InternalError {
    /// The variant's name, as the network's texts and conformance cases have it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::InsufficientBalance => "InsufficientBalance",
            Self::Expect(_) => "Expect",
            Self::State(_) => "State",
            Self::TooManyEvents => "TooManyEvents",
        }
    }
}

impl fmt::Display for InternalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expect(what) => write!(f, "Expect({what:?})"),
            Self::State(what) => write!(f, "State({what:?})"),
            _ => f.write_str(self.kind()),
        }
    }
}

/// Most bytes of a value in an error's text.
const MAX_VALUE_TEXT: usize = 512;

/// A value in an error's text.
fn cut(value: &Value) -> String {
    shortened(DebugValue(value).to_string())
}

/// Cuts a value's text between two characters.
pub(crate) fn shortened(mut text: String) -> String {
    if text.len() > MAX_VALUE_TEXT {
        let mut end = MAX_VALUE_TEXT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str("...");
    }
    text
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::TypeValue(expected, value) => write!(f, "{kind}({}, {:?})", DebugType(expected), cut(value)),
            Self::UnionTypeValue(types, value) => {
                let types: Vec<_> = types.iter().map(|of| DebugType(of).to_string()).collect();
                write!(f, "{kind}([{}], {:?})", types.join(", "), cut(value))
            }
            Self::ExpectedContractPrincipal(value) => write!(f, "{kind}({:?})", cut(value)),
            Self::Type(a, b) | Self::ReturnTypesMustMatch(a, b) => {
                write!(f, "{kind}({}, {})", DebugType(a), DebugType(b))
            }
            Self::CircularReference(names) => write!(f, "{kind}({names:?})"),
            Self::NoSuchContract(name)
            | Self::NameAlreadyUsed(name)
            | Self::UndefinedFunction(name)
            | Self::TraitReferenceUnknown(name)
            | Self::Unreachable(name) => write!(f, "{kind}({name:?})"),
            Self::NoSuchPublicFunction(a, b) | Self::BadTraitImplementation(a, b) | Self::TraitMethodUnknown(a, b) => {
                write!(f, "{kind}({a:?}, {b:?})")
            }
            Self::IncorrectArgumentCount(needed, given) => write!(f, "{kind}({needed}, {given})"),
            Self::RestrictAssetsMemoryExceeded(held, limit) => write!(f, "{kind}({held}, {limit})"),
            Self::Cost(error) => error.fmt(f),
            _ => f.write_str(kind),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Return(value, _) => write!(f, "EarlyReturn({}({}))", self.kind(), DebugValue(value)),
            Self::Runtime(error) => error.fmt(f),
            Self::Check(error) => write!(f, "RuntimeCheck({error})"),
            Self::Internal(error) => write!(f, "Internal({error})"),
        }
    }
}
