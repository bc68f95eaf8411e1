//! Calls and expressions that may not write. A transaction never asks for these.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::CheckError;
use crate::lower::lower;
use crate::lower::program::Definition;
use crate::principal::ContractId;
use crate::run::{Context, Frame, Machine, Outcome};
use crate::state::{Contract, View};
use crate::syntax;
use crate::value::Value;

impl Machine<'_> {
    /// Calls a function without letting it write: a public function that tries to write fails.
    ///
    /// # Errors
    /// The call fails.
    pub fn call_read_only(
        &mut self,
        context: &Context,
        contract: &ContractId,
        function: &str,
        arguments: Vec<Value>,
    ) -> Outcome {
        self.call_as(context, contract, function, arguments, true)
    }

    /// Evaluates an expression as if it stood at the end of a contract, without writing.
    ///
    /// # Errors
    /// There is no such contract, the text is no expression, or it fails.
    pub fn evaluate(&mut self, context: &Context, contract: &ContractId, snippet: &str) -> Outcome {
        let found = self.world.contract(View::Tip, contract)?;
        let found = found.ok_or_else(|| CheckError::NoSuchContract(contract.to_string()))?;
        let source = format!("{}\n{snippet}", found.source);
        let tree = syntax::read_again(&source, contract, self.rules)
            .map_err(|error| CheckError::Unreachable(format!("the text is no expression: {error}")))?;
        let program = lower(&tree, Arc::new(contract.clone()), found.program.dialect);
        let extended = Contract::new(&source, Arc::clone(&found.interface), program, found.size);
        let known: HashMap<_, _> = found.program.constants.iter().zip(&found.constants).collect();
        for (name, place) in extended.program.constants.iter().zip(&extended.constants) {
            if let Some(value) = known.get(name).and_then(|known| known.get()) {
                let _ = place.set(value.clone());
            }
        }
        self.evaluate_last(context, &Arc::new(extended))
    }

    /// Evaluates the last expression at the top level.
    fn evaluate_last(&mut self, context: &Context, contract: &Arc<Contract>) -> Outcome {
        let sender = Value::principal(context.sender.clone());
        self.sponsor = context.sponsor.clone().map(Value::principal);
        let entered = self.enter(&contract.program.id);
        let base = self.slots.len();
        let frame = Frame { contract, entered, base, level: 0, sender: &sender, caller: &sender, read_only: true };
        let outcome = match contract.program.definitions.last() {
            Some(Definition::Expression(at)) => self.eval_copied(&frame, *at),
            _ => Err(CheckError::Unreachable("the text is a definition".to_owned()).into()),
        };
        self.leave();
        outcome
    }
}
