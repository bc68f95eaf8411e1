//! A contract in the form that runs: names are resolved to places, types are parsed, what is static is computed once.

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

/// Several expressions, one behind the other in the program's list of links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Many {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// What `map`, `filter` and `fold` apply.
#[derive(Debug, Clone)]
pub(crate) enum Callee {
    Native(Native),
    User(u32),
    /// No function has this name.
    Missing(ClarityName),
}

/// What a `contract-call?` calls.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// A contract that is written down.
    Literal(Arc<ContractId>),
    /// Whatever this expression gives.
    Dynamic(At),
}

/// A name that is bound to a value for a while.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) name: ClarityName,
    /// The name is taken, which is found when it is bound.
    pub(crate) taken: bool,
    /// The function of this name, if there is one. The name is free until that is defined.
    pub(crate) function: Option<u32>,
}

/// One expression. `slot` is a place in the frame of the function, `depth` how many `let` and `match` lie around.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Literal(Value),
    Keyword(Keyword),
    Local {
        slot: u32,
        depth: u32,
        /// Nothing looks for the variable after this: its value is taken, and can be changed in place.
        last: bool,
    },
    Constant {
        index: u32,
        depth: u32,
    },
    /// A parameter of Clarity 1 that is bound to a trait: as a value it is a principal, and looking it up costs nothing by size.
    TraitLocal {
        slot: u32,
        depth: u32,
    },
    UndefinedVariable(ClarityName),
    /// Fails when it is reached; what the checker would have refused.
    Malformed(Arc<CheckError>),
    Apply(Box<Apply>),
}

/// An application, with how many applications lie around it in its function.
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
    /// A native that evaluates its arguments itself and needs nothing but them.
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
    /// `map-set`, and `map-insert`, which keeps what is there.
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

/// The fields of a tuple as they are written, and where each stands in byte order.
#[derive(Debug, Clone)]
pub(crate) struct TupleShape {
    pub(crate) names: Vec<ClarityName>,
    /// For each place in byte order, which of the written fields stands there.
    pub(crate) order: Vec<u32>,
    /// The type of the tuple that was made here last: the next one is most probably of it.
    pub(crate) seen: Arc<std::sync::OnceLock<Arc<TupleType>>>,
}

/// Who may call a function, and whether it may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Functions of its own contract call it.
    Private,
    /// Everybody calls it, and it may write.
    Public,
    /// Everybody calls it, and it does not write.
    ReadOnly,
}

/// A function of a contract.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: ClarityName,
    pub(crate) visibility: Visibility,
    pub(crate) parameters: Vec<(ClarityName, Type)>,
    /// The first parameter with the name of one before it. The checker takes such a function; whoever calls it fails there.
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
    /// What is stored: an optional of the value, so that what was deleted leaves a trace. There may be no such type.
    pub(crate) stored: Result<Type, TypeFault>,
    /// Keys of the state begin with it.
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

/// What one expression at the top level does when the contract is deployed. `steps` are the nodes of types that are parsed then.
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

    /// Whether the expression is a name of a value: what it gives costs by its size when it is copied.
    pub(crate) fn is_variable(&self, at: At) -> bool {
        matches!(self.op(at), Op::Local { .. } | Op::Constant { .. })
    }
}
