//! The state of lowering: the program so far, and the places of the names met so far.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::last_use::Choice;
use super::program::{At, Many, Op, Program};
use crate::dialect::Dialect;
use crate::error::CheckError;
use crate::keywords::Keyword;
use crate::names::ClarityName;
use crate::natives::Native;
use crate::principal::ContractId;
use crate::syntax::{NodeId, Tree, TypeReader};
use crate::types::Type;

/// The state of lowering a contract.
pub(super) struct Lowering<'a> {
    pub(super) tree: &'a Tree,
    pub(super) program: Program,
    pub(super) constant_names: HashMap<ClarityName, u32>,
    pub(super) variable_names: HashMap<ClarityName, u32>,
    pub(super) map_names: HashMap<ClarityName, u32>,
    pub(super) token_names: HashMap<ClarityName, u32>,
    pub(super) asset_names: HashMap<ClarityName, u32>,
    /// The functions' indices, by the node of their definition: a name that is defined twice has two.
    pub(super) functions: HashMap<NodeId, u32>,
    /// Choices in the function that is being lowered.
    pub(super) choices: Vec<Choice>,
    /// Names that the second pass has met.
    pub(super) defined: HashSet<ClarityName>,
}

/// A length or an index as the program stores it.
pub(super) fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl<'a> Lowering<'a> {
    pub(super) fn new(tree: &'a Tree, id: Arc<ContractId>, dialect: &'static Dialect) -> Self {
        Self {
            tree,
            program: Program {
                id,
                dialect,
                ops: Vec::with_capacity(tree.len()),
                links: Vec::with_capacity(tree.len()),
                functions: Vec::new(),
                function_names: HashMap::new(),
                constants: Vec::new(),
                variables: Vec::new(),
                maps: Vec::new(),
                tokens: Vec::new(),
                assets: Vec::new(),
                traits: HashMap::new(),
                implements: Vec::new(),
                definitions: Vec::new(),
            },
            constant_names: HashMap::new(),
            variable_names: HashMap::new(),
            map_names: HashMap::new(),
            token_names: HashMap::new(),
            asset_names: HashMap::new(),
            functions: HashMap::new(),
            choices: Vec::new(),
            defined: HashSet::new(),
        }
    }

    pub(super) fn version(&self) -> u8 {
        self.program.dialect.version
    }

    pub(super) fn push(&mut self, op: Op) -> At {
        let at = At(number(self.program.ops.len()));
        self.program.ops.push(op);
        at
    }

    pub(super) fn malformed(&mut self, what: &str) -> At {
        let error = CheckError::Unreachable(format!("Unexpected error type during runtime analysis: {what}"));
        self.push(Op::Malformed(Arc::new(error)))
    }

    pub(super) fn link(&mut self, items: &[At]) -> Many {
        let start = number(self.program.links.len());
        self.program.links.extend_from_slice(items);
        Many { start, len: number(items.len()) }
    }

    pub(super) fn constant(&self, name: &str) -> Option<u32> {
        self.constant_names.get(name).copied()
    }

    pub(super) fn function(&self, name: &str) -> Option<u32> {
        self.program.function_names.get(name).copied()
    }

    pub(super) fn variable(&self, name: &str) -> Option<u32> {
        self.variable_names.get(name).copied()
    }

    pub(super) fn map(&self, name: &str) -> Option<u32> {
        self.map_names.get(name).copied()
    }

    pub(super) fn token(&self, name: &str) -> Option<u32> {
        self.token_names.get(name).copied()
    }

    pub(super) fn asset(&self, name: &str) -> Option<u32> {
        self.asset_names.get(name).copied()
    }

    /// Whether the language uses this name for a native or a keyword. The words of definitions are free.
    pub(super) fn is_reserved(&self, name: &str) -> bool {
        Native::lookup(name, self.version()).is_some() || Keyword::lookup(name, self.version()).is_some()
    }

    /// A type and the steps that reading it costs.
    pub(super) fn type_at(&self, at: NodeId) -> Result<(Type, u32), ()> {
        let mut reader = TypeReader::new(self.tree);
        let of = reader.read(at).map_err(|_| ())?;
        Ok((of, reader.steps()))
    }
}
