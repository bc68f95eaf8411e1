//! A contract in the form that runs: names are resolved to places, types are parsed, static facts are computed once.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::costs::CostFn;
use crate::dialect::Dialect;
use crate::error::CheckError;
use crate::keywords::{BlockProperty, BurnProperty, Keyword};
use crate::names::ClarityName;
use crate::natives::Native;
use crate::principal::{ContractId, TraitId};
use crate::types::{TupleType, Type, TypeFault};
use crate::value::Value;

/// A place among the program's expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At(pub(crate) u32);

/// Several expressions: a range of the program's list of links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Many {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// The function that `map`, `filter` or `fold` applies.
#[derive(Debug, Clone)]
pub(crate) enum Callee {
    Native(Native),
    User(u32),
    /// No function has this name.
    Missing(ClarityName),
}

/// The contract that a `contract-call?` calls.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// A contract literal.
    Literal(Arc<ContractId>),
    /// The value of this expression.
    Dynamic(At),
}

/// A name that a block binds to a value.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) name: ClarityName,
    /// The name is taken, so binding it fails.
    pub(crate) taken: bool,
    /// The function of this name, if there is one. The name is free until the function is defined.
    pub(crate) function: Option<u32>,
}

/// One expression. `slot` is a place in the function's frame, `depth` the number of enclosing `let` and `match`.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Literal(Value),
    Keyword(Keyword),
    Local {
        slot: u32,
        depth: u32,
        /// The last use of the variable: its value is taken, and can be changed in place.
        last: bool,
    },
    Constant {
        index: u32,
        depth: u32,
    },
    /// A parameter of Clarity 1 that is bound to a trait: as a value it is a principal, and looking it up is not
    /// charged by size.
    TraitLocal {
        slot: u32,
        depth: u32,
    },
    UndefinedVariable(ClarityName),
    /// Something that the checker refuses; fails when it is reached.
    Malformed(Arc<CheckError>),
    Apply(Box<Apply>),
}

/// An application; `level` is the number of applications around it in its function.
#[derive(Debug, Clone)]
pub(crate) struct Apply {
    pub(crate) level: u32,
    pub(crate) form: Form,
}

/// The ways to apply something.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    /// A native whose arguments are evaluated first.
    Plain(Native, Many),
    /// A native that evaluates its arguments itself and needs nothing else.
    Special(Native, Many),
    User(u32, Many),
    UndefinedFunction(ClarityName),
    /// A native with too few or too many arguments, and what it charges before it counts them.
    WrongCount {
        charged: Option<CostFn>,
        needed: usize,
        given: usize,
    },
    Let {
        bindings: Vec<(Binding, At)>,
        slot: u32,
        body: Many,
    },
    MatchOptional {
        input: At,
        some: Binding,
        slot: u32,
        then: At,
        none: At,
    },
    MatchResponse {
        input: At,
        ok: Binding,
        err: Binding,
        slot: u32,
        then: At,
        otherwise: At,
    },
    Map(Callee, Many),
    Filter(Callee, At),
    Fold {
        callee: Callee,
        sequence: At,
        initial: At,
    },
    AsMaxLen(At, u128),
    VarGet(u32),
    VarSet(u32, At),
    MapGet(u32, At),
    MapDelete(u32, At),
    /// `map-set`, and `map-insert`, which keeps an existing entry.
    MapWrite {
        map: u32,
        key: At,
        value: At,
        insert: bool,
    },
    Tuple {
        shape: TupleShape,
        values: Many,
    },
    Get(ClarityName, At),
    ContractCall {
        target: Target,
        function: ClarityName,
        arguments: Many,
    },
    ContractOf(At),
    BlockInfo(Native, BlockProperty, At),
    BurnInfo(BurnProperty, At),
    FtSupply(u32),
    /// A function of a fungible token.
    Ft(Native, u32, Many),
    /// A function of a non-fungible token.
    Nft(Native, u32, Many),
    FromConsensus {
        of: Type,
        steps: u32,
        bytes: At,
    },
    /// `restrict-assets?` with its owner, `as-contract?` without.
    Restrict {
        owner: Option<At>,
        allowances: Vec<(Native, Many)>,
        body: Many,
    },
}

/// The fields of a tuple as written, and their order by bytes.
#[derive(Debug, Clone)]
pub(crate) struct TupleShape {
    pub(crate) names: Vec<ClarityName>,
    /// For each position in byte order, the index of the written field.
    pub(crate) order: Vec<u32>,
    /// The type of the tuple first made here: later ones most probably have the same.
    pub(crate) seen: Arc<std::sync::OnceLock<Arc<TupleType>>>,
}

/// Who may call a function, and whether it may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Only functions of its own contract call it.
    Private,
    /// Anybody calls it, and it may write.
    Public,
    /// Anybody calls it, and it does not write.
    ReadOnly,
}

/// A function of a contract.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: ClarityName,
    pub(crate) visibility: Visibility,
    pub(crate) parameters: Vec<(ClarityName, Type)>,
    /// The first parameter with the name of an earlier one. The checker accepts such a function; calling it fails.
    pub(crate) repeated: Option<usize>,
    pub(crate) body: At,
}

#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: ClarityName,
    pub(crate) of: Type,
    pub(crate) key: Arc<str>,
}

#[derive(Debug, Clone)]
pub(crate) struct MapTable {
    pub(crate) name: ClarityName,
    pub(crate) key: Type,
    pub(crate) value: Type,
    /// The stored type: an optional of the value, since a deleted entry is stored as `none`. The type may be too large
    /// or too deep.
    pub(crate) stored: Result<Type, TypeFault>,
    /// Prefix of the entries' keys in the state.
    pub(crate) prefix: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) name: ClarityName,
    pub(crate) supply_key: Arc<str>,
    pub(crate) balance_prefix: String,
    pub(crate) identifier: Arc<str>,
}

#[derive(Debug, Clone)]
pub(crate) struct Asset {
    pub(crate) name: ClarityName,
    pub(crate) of: Type,
    pub(crate) prefix: String,
    pub(crate) identifier: Arc<str>,
}

/// A function that a trait asks for.
#[derive(Debug, Clone)]
pub(crate) struct Method {
    pub(crate) parameters: Vec<Type>,
    pub(crate) returns: Type,
}

/// The functions that a trait asks for, by name.
pub(crate) type TraitTable = HashMap<ClarityName, Method>;

/// What a top-level expression does when the contract is deployed. `steps` is the number of type nodes, which are
/// charged.
#[derive(Debug, Clone)]
pub(crate) enum Definition {
    Expression(At),
    Constant { index: u32, value: At, taken: bool },
    Function { index: u32, steps: u32, taken: Option<ClarityName> },
    Variable { index: u32, steps: u32, value: At, taken: bool },
    Map { index: u32, steps: u32, taken: bool },
    Token { index: u32, cap: Option<At>, taken: bool },
    Asset { index: u32, steps: u32, taken: bool },
    Trait { steps: u32, name: ClarityName, taken: bool },
    Nothing,
}

/// A contract in the form that runs.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) id: Arc<ContractId>,
    pub(crate) dialect: &'static Dialect,
    pub(crate) ops: Vec<Op>,
    pub(crate) links: Vec<At>,
    pub(crate) functions: Vec<Function>,
    pub(crate) function_names: HashMap<ClarityName, u32>,
    pub(crate) constants: Vec<ClarityName>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) maps: Vec<MapTable>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) assets: Vec<Asset>,
    pub(crate) traits: HashMap<ClarityName, TraitTable>,
    pub(crate) implements: Vec<TraitId>,
    pub(crate) definitions: Vec<Definition>,
}

impl Program {
    pub(crate) fn op(&self, at: At) -> &Op {
        &self.ops[at.0 as usize]
    }

    pub(crate) fn many(&self, many: Many) -> &[At] {
        &self.links[many.start as usize..(many.start + many.len) as usize]
    }

    /// Whether the expression is a variable or constant: copying its value is charged by size.
    pub(crate) fn is_variable(&self, at: At) -> bool {
        matches!(self.op(at), Op::Local { .. } | Op::Constant { .. })
    }
}
