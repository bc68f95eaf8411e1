//! The entry points: publish a contract, call a function, read.
//!
//! All work runs on a [`Machine`], one per transaction. It holds the meter, and afterwards the writes, events and
//! movements.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use crate::analysis::{self, Contracts, Fault, Interface};
use crate::dialect::Dialect;
use crate::error::{InternalError, Stop};
use crate::lower::{Program, lower};
use crate::principal::ContractId;
use crate::rules::Rules;
use crate::run::{Context, Machine};
use crate::state::{Contract, View, World};
use crate::syntax::{self, SyntaxError};

/// Stack size of a thread that calls this crate's functions. The deepest programs and sources need less, in debug builds
/// too: `tests/limits.rs` runs them on a stack of this size.
pub const STACK_BYTES: usize = 8 << 20;

/// Why a contract was not published.
#[derive(Debug)]
pub enum PublishError {
    /// Its source is no contract.
    Syntax(Box<SyntaxError>),
    /// The checker refuses it.
    Analysis(Box<Fault>),
    /// Its top level fails.
    Run(Stop),
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(error) => error.error.fmt(f),
            Self::Analysis(fault) => fault.error.fmt(f),
            Self::Run(stop) => stop.fmt(f),
        }
    }
}

impl From<Stop> for PublishError {
    fn from(stop: Stop) -> Self {
        Self::Run(stop)
    }
}

/// A contract that may be deployed.
#[derive(Debug)]
pub struct Checked {
    /// What the contract offers to others, as it will be stored.
    pub interface: Arc<Interface>,
    program: Program,
}

/// Looks up deployed contracts for the checker. An error of the state is kept, and ends the publication after the check.
struct Deployed<'a> {
    world: RefCell<&'a mut dyn World>,
    error: RefCell<Option<InternalError>>,
}

impl Contracts for Deployed<'_> {
    fn interface(&self, contract: &ContractId) -> Option<Arc<Interface>> {
        match self.world.borrow_mut().contract(View::Tip, contract) {
            Ok(found) => found.map(|contract| Arc::clone(&contract.interface)),
            Err(error) => {
                self.error.replace(Some(error));
                None
            }
        }
    }
}

impl Machine<'_> {
    /// Publishes a contract: checks it, then deploys it.
    ///
    /// # Errors
    /// Those of [`Self::check`] and [`Self::deploy_checked`].
    pub fn publish(
        &mut self,
        context: &Context,
        id: &ContractId,
        dialect: &'static Dialect,
        source: &str,
    ) -> Result<Arc<Contract>, PublishError> {
        let checked = self.check(id, dialect, source)?;
        Ok(self.deploy_checked(context, checked, source)?)
    }

    /// The rules that the machine runs under.
    #[must_use]
    pub const fn rules(&self) -> &'static Rules {
        self.rules
    }

    /// Whether a contract is deployed under this name.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn has_contract(&mut self, id: &ContractId) -> Result<bool, Stop> {
        Ok(self.world.find_contract(View::Tip, id)?.is_some())
    }

    /// The contract that is deployed under this name.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn deployed(&mut self, id: &ContractId) -> Result<Option<Arc<Contract>>, Stop> {
        Ok(self.world.contract(View::Tip, id)?)
    }

    /// Parses a contract and checks it. Nothing is written.
    ///
    /// # Errors
    /// The text is no contract, or the checker refuses it.
    pub fn check(&mut self, id: &ContractId, dialect: &'static Dialect, source: &str) -> Result<Checked, PublishError> {
        let tree = syntax::read(source, id, self.rules, &mut self.meter).map_err(PublishError::Syntax)?;
        let deployed = Deployed { world: RefCell::new(&mut *self.world), error: RefCell::new(None) };
        let checked = analysis::check(&tree, id, dialect, self.rules, &deployed, &mut self.meter);
        if let Some(error) = deployed.error.into_inner() {
            return Err(Stop::from(error).into());
        }
        let interface = Arc::new(checked.map_err(PublishError::Analysis)?);
        Ok(Checked { interface, program: lower(&tree, Arc::new(id.clone()), dialect) })
    }

    /// Writes the commitment to a checked contract and evaluates its top level. The contract that it returns can be
    /// called once the transaction's writes are kept.
    ///
    /// # Errors
    /// Its top level fails; its writes are rolled back.
    pub fn deploy_checked(&mut self, context: &Context, checked: Checked, source: &str) -> Result<Arc<Contract>, Stop> {
        let level = self.begin();
        let deployed = self.deploy(context, checked.interface, checked.program, source);
        deployed.inspect_err(|_| self.roll_back(level))
    }
}

#[cfg(test)]
mod tests;
