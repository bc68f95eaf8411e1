//! Calls of the contract's own functions, and of another contract's by its name or through a trait.

use super::{Function, Writer};
use crate::programs::types::Type;

impl Writer<'_> {
    /// A call of a function of the same contract that returns this type.
    pub(super) fn called(&mut self, wanted: &Type, depth: usize) -> Option<String> {
        let may_write = self.scope.may_write;
        let fitting = |f: &&Function| f.returns.fits(wanted) && (may_write || !f.writes);
        let functions: Vec<_> = self.scope.functions.iter().filter(fitting).cloned().collect();
        let function = self.some_of(&functions)?;
        Some(format!("({}{})", function.name, self.arguments(&function, depth)))
    }

    fn arguments(&mut self, function: &Function, depth: usize) -> String {
        function.parameters.iter().map(|(_, kind)| format!(" {}", self.expression(kind, depth))).collect()
    }

    /// A call of the other contract. Few of its functions return the wanted type: another result is bound to a name,
    /// and used where it fits.
    pub(super) fn called_elsewhere(&mut self, wanted: &Type, depth: usize) -> Option<String> {
        let may_write = self.scope.may_write;
        let functions: Vec<_> = self.scope.foreign.iter().filter(|f| may_write || !f.writes).cloned().collect();
        let faces: Vec<_> = self.scope.locals.iter().filter(|local| local.1 == Type::Trait).cloned().collect();
        let (function, contract) = match self.some_of(&faces) {
            // The checker does not know that a function called through a trait only reads.
            Some((face, _)) if may_write && self.rng.one_in(2) => (self.some_of(&self.scope.methods.clone())?, face),
            _ => (self.some_of(&functions)?, ".base".to_owned()),
        };
        let arguments = self.arguments(&function, depth.min(1));
        let call = format!("(contract-call? {contract} {}{arguments})", function.name);
        if function.returns.fits(wanted) {
            return Some(call);
        }
        Some(match &function.returns {
            Type::Response(ok, _) if ok.fits(wanted) => match self.rng.below(3) {
                0 => format!("(unwrap-panic {call})"),
                1 => format!("(match {call} good good bad {})", self.expression(wanted, depth)),
                _ => match &self.scope.returns {
                    Some(Type::Response(_, err)) if **err == Type::UInt => format!("(try! {call})"),
                    _ => format!("(unwrap-panic {call})"),
                },
            },
            returns => {
                let name = self.name("l");
                let locals = vec![(name.clone(), returns.clone())];
                let body = self.with_locals(locals, |writer| writer.expression(wanted, depth));
                format!("(let (({name} {call})) {body})")
            }
        })
    }
}
