//! Why the checker refuses a contract: the network's error kinds and texts.

use std::fmt;

use crate::costs::CostError;
use crate::rules::Rules;
use crate::syntax::{Span, TypeSyntax};
use crate::types::{DebugType, JoinFault, TupleType, Type, TypeFault};

/// Where a pair should bind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingForm {
    /// `let`
    Let,
    /// Parameters of a function.
    Eval,
    /// `tuple`
    TupleCons,
}

impl BindingForm {
    const fn text(self) -> &'static str {
        match self {
            Self::Let => "Let-binding",
            Self::Eval => "Function argument definition",
            Self::TupleCons => "Tuple constructor",
        }
    }
}

/// What is wrong with a pair that should bind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingFault {
    /// The binding is no list in parentheses.
    NotList(BindingForm, usize),
    /// The binding is no list of two.
    InvalidLength(BindingForm, usize),
    /// The first part of the binding is no name.
    NotAtom(BindingForm, usize),
}

impl fmt::Display for BindingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotList(form, at) => write!(f, "{} item #{} is not a list", form.text(), at + 1),
            Self::InvalidLength(form, at) => write!(f, "{} item #{} is not a two-element list", form.text(), at + 1),
            Self::NotAtom(form, at) => write!(f, "{} item #{}'s name is not an atom", form.text(), at + 1),
        }
    }
}

/// A type as errors show it, in their texts and debug forms.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown(pub Type);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&DebugType(&self.0), f)
    }
}

/// A tuple type as errors show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownTuple(pub std::sync::Arc<TupleType>);

impl fmt::Display for ShownTuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Type::Tuple(std::sync::Arc::clone(&self.0)), f)
    }
}

impl fmt::Debug for ShownTuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = DebugType(&Type::Tuple(std::sync::Arc::clone(&self.0))).to_string();
        f.write_str(whole.strip_prefix("TupleType(").and_then(|text| text.strip_suffix(')')).unwrap_or(&whole))
    }
}

/// Types, one of which is expected.
#[derive(Clone, PartialEq, Eq)]
pub struct Alternatives(pub Vec<Shown>);

impl fmt::Display for Alternatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, of) in self.0.iter().enumerate() {
            let separator = match at {
                0 => "",
                _ if at + 1 == self.0.len() => " or ",
                _ => ", ",
            };
            write!(f, "{separator}'{of}'")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Alternatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

macro_rules! errors {
    ($($(#[doc = $doc:literal])* $id:ident $(($($field:ty),*))? $text:literal;)*) => {
        /// A fault of a contract.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[allow(missing_docs, reason = "each has its text")]
        pub enum AnalysisError {
            $(#[error($text)] $id $(($($field),*))?,)*
            /// The meter stopped it.
            #[error("{}", cost_text(.0))]
            Cost(CostError),
        }
    };
}

errors! {
    ValueTooLarge "created a type which was greater than maximum allowed value size";
    ValueOutOfBounds "created a type which value size was out of defined bounds";
    TypeSignatureTooDeep "created a type which was deeper than maximum allowed type depth";
    SupertypeTooLarge "supertype of two types is too large";
    TraitReferenceChainTooDeep "trait-reference chain exceeds the maximum allowed type-checker recursion depth";
    ExpectedName "expected a name argument to this function";
    BadMatchOptionSyntax(Box<AnalysisError>) "match on a optional type uses the following syntax: (match input some-name if-some-expression if-none-expression). Caused by: {0}";
    BadMatchResponseSyntax(Box<AnalysisError>) "match on a result type uses the following syntax: (match input ok-name if-ok-expression err-name if-err-expression). Caused by: {0}";
    BadMatchInput(Shown) "match requires an input of either a response or optional, found input: '{0}'";
    ConstructedListTooLarge "reached limit of elements in a sequence";
    TypeError(Shown, Shown) "expecting expression of type '{0}', found '{1}'";
    InvalidTypeDescription "supplied type description is invalid";
    UnknownTypeName(String) "failed to parse type: '{0}'";
    UnionTypeError(Alternatives, Shown) "expecting expression of type {0}, found '{1}'";
    ExpectedOptionalType(Shown) "expecting expression of type 'optional', found '{0}'";
    ExpectedResponseType(Shown) "expecting expression of type 'response', found '{0}'";
    ExpectedOptionalOrResponseType(Shown) "expecting expression of type 'optional' or 'response', found '{0}'";
    CouldNotDetermineResponseOkType "attempted to obtain 'ok' value from response, but 'ok' type is indeterminate";
    CouldNotDetermineResponseErrType "attempted to obtain 'err' value from response, but 'err' type is indeterminate";
    CouldNotDetermineSerializationType "could not determine the input type for the serialization function";
    UncheckedIntermediaryResponses "intermediary responses in consecutive statements must be checked";
    CouldNotDetermineMatchTypes "attempted to match on an (optional) or (response) type where either the some, ok, or err type is indeterminate. you may wish to use unwrap-panic or unwrap-err-panic instead.";
    CouldNotDetermineType "type of expression cannot be determined";
    BadTokenName "expecting an token name as an argument";
    DefineNFTBadSignature "(define-asset ...) expects an asset name and an asset identifier type signature as arguments";
    NoSuchNFT(String) "tried to use asset function with a undefined asset ('{0}')";
    NoSuchFT(String) "tried to use token function with a undefined token ('{0}')";
    BadTupleFieldName "invalid tuple field name";
    ExpectedTuple(Shown) "expecting tuple, found '{0}'";
    NoSuchTupleField(String, ShownTuple) "cannot find field '{0}' in tuple '{1}'";
    EmptyTuplesNotAllowed "tuple types may not be empty";
    BadTupleConstruction(String) "invalid tuple syntax: {0}";
    NoSuchDataVariable(String) "use of unresolved persisted variable '{0}'";
    BadMapName "invalid map name";
    NoSuchMap(String) "use of unresolved map '{0}'";
    DefineFunctionBadSignature "invalid function definition";
    BadFunctionName "invalid function name";
    BadMapTypeDefinition "invalid map definition";
    PublicFunctionMustReturnResponse(Shown) "public functions must return an expression of type 'response', found '{0}'";
    DefineVariableBadSignature "invalid variable definition";
    ReturnTypesMustMatch(Shown, Shown) "detected two execution paths, returning two different expression types (got '{0}' and '{1}')";
    NoSuchContract(String) "use of unresolved contract '{0}'";
    NoSuchPublicFunction(String, String) "contract '{0}' has no public function '{1}'";
    ContractCallExpectName "missing contract name for call";
    NoSuchBlockInfoProperty(String) "use of block unknown property '{0}'";
    NoSuchStacksBlockInfoProperty(String) "use of unknown stacks block property '{0}'";
    NoSuchTenureInfoProperty(String) "use of unknown tenure property '{0}'";
    GetBlockInfoExpectPropertyName "missing property name for block info introspection";
    GetBurnBlockInfoExpectPropertyName "missing property name for burn block info introspection";
    GetStacksBlockInfoExpectPropertyName "missing property name for stacks block info introspection";
    GetTenureInfoExpectPropertyName "missing property name for tenure info introspection";
    NameAlreadyUsed(String) "defining '{0}' conflicts with previous value";
    ReservedWord(String) "{0} is a reserved word";
    NonFunctionApplication "expecting expression of type function";
    ExpectedListApplication "expecting expression of type list";
    ExpectedSequence(Shown) "expecting expression of type 'list', 'buff', 'string-ascii' or 'string-utf8' - found '{0}'";
    MaxLengthOverflow "expecting a value <= 4294967295";
    BadLetSyntax "invalid syntax of 'let'";
    BadSyntaxBinding(BindingFault) "invalid syntax binding: {0}";
    UndefinedVariable(String) "use of unresolved variable '{0}'";
    RequiresAtLeastArguments(usize, usize) "expecting >= {0} arguments, got {1}";
    RequiresAtMostArguments(usize, usize) "expecting < {0} arguments, got {1}";
    IncorrectArgumentCount(usize, usize) "expecting {0} arguments, got {1}";
    IfArmsMustMatch(Shown, Shown) "expression types returned by the arms of 'if' must match (got '{0}' and '{1}')";
    MatchArmsMustMatch(Shown, Shown) "expression types returned by the arms of 'match' must match (got '{0}' and '{1}')";
    DefaultTypesMustMatch(Shown, Shown) "expression types passed in 'default-to' must match (got '{0}' and '{1}')";
    IllegalOrUnknownFunctionApplication(String) "use of illegal / unresolved function '{0}";
    UnknownFunction(String) "use of unresolved function '{0}'";
    TooManyFunctionParameters(usize, usize) "too many function parameters specified: found {0}, the maximum is {1}";
    ExpectedCallableType(Shown) "expected a callable contract, found {0}";
    TraitReferenceUnknown(String) "use of undeclared trait <{0}>";
    TraitMethodUnknown(String, String) "method '{1}' unspecified in trait <{0}>";
    BadTraitImplementation(String, String) "invalid signature for method '{1}' regarding trait's specification <{0}>";
    DefineTraitBadSignature "invalid trait definition";
    DefineTraitDuplicateMethod(String) "duplicate method name '{0}' in trait definition";
    UnexpectedTraitOrFieldReference "unexpected use of trait reference or field";
    ContractOfExpectsTrait "trait reference expected";
    IncompatibleTrait(String, String) "trait '{1}' is not a compatible with expected trait, '{0}'";
    TraitTooManyMethods(usize, usize) "too many trait methods specified: found {0}, the maximum is {1}";
    WriteAttemptedInReadOnly "expecting read-only statements, detected a writing operation";
    AtBlockClosureMustBeReadOnly "(at-block ...) closures expect read-only statements, but detected a writing operation";
    AtBlockUnavailable "(at-block ...) is not available in this epoch";
    ExpectedListOfAllowances(String, usize) "{0} expects a list of asset allowances as argument {1}";
    AllowanceExprNotAllowed "allowance expressions are only allowed in the context of a `restrict-assets?` or `as-contract?`";
    ExpectedAllowanceExpr(String) "expected an allowance expression, got: {0}";
    WithAllAllowanceNotAllowed "with-all-assets-unsafe is not allowed here, only in the allowance list for `as-contract?`";
    WithAllAllowanceNotAlone "with-all-assets-unsafe must not be used along with other allowances";
    WithNftExpectedListOfIdentifiers "with-nft allowance must include a list of asset identifiers";
    MaxIdentifierLengthExceeded(usize, usize) "with-nft allowance identifiers list must not exceed {0} elements, got {1}";
    TooManyAllowances(usize, usize) "too many allowances specified, the maximum is {0}, found {1}";
}

fn cost_text(error: &CostError) -> String {
    match error {
        CostError::Balance { .. } => {
            let text = error.to_string();
            let inner = text.strip_prefix("CostBalanceExceeded(").and_then(|text| text.strip_suffix(')'));
            format!("contract execution cost exceeded budget: {}", inner.unwrap_or(&text).replace("}, ", "} > "))
        }
        other => other.to_string(),
    }
}

impl AnalysisError {
    /// The kind with its arguments, as logs of a node show it.
    #[must_use]
    pub fn debug(&self) -> String {
        match self {
            Self::Cost(error) => error.to_string(),
            other => format!("{other:?}"),
        }
    }

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
            Self::Cost(_) | Self::TraitReferenceChainTooDeep => true,
            Self::SupertypeTooLarge => !rules.depth_is_ordinary,
            _ => false,
        }
    }

    pub(super) fn type_error(expected: &Type, found: &Type) -> Self {
        Self::TypeError(Shown(expected.clone()), Shown(found.clone()))
    }
}

impl From<CostError> for AnalysisError {
    fn from(error: CostError) -> Self {
        Self::Cost(error)
    }
}

impl From<TypeFault> for AnalysisError {
    fn from(fault: TypeFault) -> Self {
        match fault {
            TypeFault::ValueTooLarge => Self::ValueTooLarge,
            TypeFault::TooDeep => Self::TypeSignatureTooDeep,
            TypeFault::EmptyTuple => Self::EmptyTuplesNotAllowed,
            TypeFault::DuplicateField(name) => Self::NameAlreadyUsed(name.to_string()),
            TypeFault::Undetermined => Self::CouldNotDetermineType,
        }
    }
}

/// The least type that admits the values of both types. An error names the two.
pub(super) fn joined(a: &Type, b: &Type) -> Result<Type, AnalysisError> {
    a.join(b).map_err(|fault| match fault {
        JoinFault::NoneInCommon(_) => AnalysisError::type_error(a, b),
        fault => join_error(fault, a, b),
    })
}

/// Joins the type of an entry of a list with that of the entries before it. An error names the parts of the two that
/// have nothing in common, and leaves the type as it was.
pub(super) fn join_entries(before: &mut Type, of: &Type) -> Result<(), AnalysisError> {
    before.join_with(of).map_err(|fault| join_error(fault, before, of))
}

fn join_error(fault: JoinFault, a: &Type, b: &Type) -> AnalysisError {
    match fault {
        JoinFault::NoneInCommon(parts) => AnalysisError::type_error(&parts.0, &parts.1),
        JoinFault::Type(TypeFault::ValueTooLarge) if is_list_too_large(a, b) => AnalysisError::SupertypeTooLarge,
        JoinFault::Type(fault) => fault.into(),
    }
}

/// The type of the result of an `if` or a function: a contract literal, or a union of literals, becomes a plain
/// principal; a union with a trait is an error. Parts of a compound type stay as they are.
pub(super) fn concrete(of: Type) -> Result<Type, AnalysisError> {
    match of {
        Type::Callable(_) => Ok(Type::Principal),
        Type::Union(members) => match members.iter().find(|member| matches!(member, Type::Trait(_))) {
            Some(member) => Err(AnalysisError::type_error(&Type::Principal, member)),
            None => Ok(Type::Principal),
        },
        of => Ok(of),
    }
}

/// For two types whose join is too large: whether the part that is too large is a list, not a tuple.
fn is_list_too_large(a: &Type, b: &Type) -> bool {
    let inner = |a: &Type, b: &Type| a.join(b).is_err() && is_list_too_large(a, b);
    match (a, b) {
        (Type::List(a), Type::List(b)) => a.entry().join(b.entry()).is_ok() || is_list_too_large(a.entry(), b.entry()),
        (Type::Optional(a), Type::Optional(b)) => inner(a.inner(), b.inner()),
        (Type::Response(a), Type::Response(b)) => inner(a.ok(), b.ok()) || inner(a.err(), b.err()),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.fields().iter().any(|(name, field)| b.field(name).is_some_and(|other| inner(field, other)))
        }
        _ => false,
    }
}

impl From<TypeSyntax> for AnalysisError {
    fn from(fault: TypeSyntax) -> Self {
        match fault {
            TypeSyntax::Invalid => Self::InvalidTypeDescription,
            TypeSyntax::FieldNotList(at) => Self::BadSyntaxBinding(BindingFault::NotList(BindingForm::TupleCons, at)),
            TypeSyntax::FieldLength(at) => {
                Self::BadSyntaxBinding(BindingFault::InvalidLength(BindingForm::TupleCons, at))
            }
            TypeSyntax::FieldName(at) => Self::BadSyntaxBinding(BindingFault::NotAtom(BindingForm::TupleCons, at)),
            TypeSyntax::UnknownName(name) => Self::UnknownTypeName(name),
            TypeSyntax::OutOfBounds => Self::ValueOutOfBounds,
            TypeSyntax::Fault(fault) => fault.into(),
        }
    }
}

/// A fault of a contract, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What the checker refuses.
    pub error: AnalysisError,
    /// The place: one expression, or the parts of one.
    pub spans: Vec<Span>,
}

impl Fault {
    /// The fault with a place, if it has none yet.
    pub(super) fn at(mut self: Box<Self>, span: Span) -> Box<Self> {
        if self.spans.is_empty() {
            self.spans.push(span);
        }
        self
    }

    /// A fault with a place.
    pub(super) fn placed(error: AnalysisError, span: Span) -> Box<Self> {
        Box::new(Self { error, spans: vec![span] })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(span) = self.spans.first() {
            write!(f, "{span}: ")?;
        }
        fmt::Display::fmt(&self.error, f)
    }
}

impl std::error::Error for Fault {}

impl<E: Into<AnalysisError>> From<E> for Box<Fault> {
    fn from(error: E) -> Self {
        Self::new(Fault { error: error.into(), spans: Vec::new() })
    }
}
