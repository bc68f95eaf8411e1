//! Whether a contract could be loaded again once it is deployed: asked at admission, before any block holds it.
//!
//! The VM writes contracts deeper than it reads them back (docs/DIFFERENCES.md#blocks-and-transactions). The exact
//! answer needs the deployment; only a source that nests deep enough to be in doubt is deployed, in a scope that is
//! dropped.
//!
//! # Not here
//! The same check in a block: `transactions`.

use ::clarity::vm::ClarityVersion;
use ::clarity::vm::ast::ASTRules;
use ::clarity::vm::clarity::{ClarityConnection as _, TransactionConnection as _};
use ::clarity::vm::costs::ExecutionCost;
use ::clarity::vm::types::QualifiedContractIdentifier;

use super::read_only::{ReadError, StateReader};

/// Sources that nest less than this are loadable: the VM's limit is above 30 levels of lists, and expansion of syntax adds
/// one or two.
const CERTAIN_BELOW: usize = 20;

/// What one check may spend: the top level of a contract is run, and whoever posts it has paid nothing yet. What does not
/// fit, or takes longer than the reader's deadline, counts as loadable here; its block judges again.
const CHECK_LIMIT: ExecutionCost = ExecutionCost {
    write_length: 15_000_000,
    write_count: 15_000,
    read_length: 200_000,
    read_count: 100,
    runtime: 20_000_000,
};

impl StateReader<'_> {
    /// Whether `source`, deployed as `contract` on this state, could be loaded again. A source that does not deploy at
    /// all is no trouble: its block says so.
    ///
    /// # Errors
    /// Storage.
    pub fn is_loadable(
        &self,
        contract: &QualifiedContractIdentifier,
        version: ClarityVersion,
        source: &str,
    ) -> Result<bool, ReadError> {
        if !is_in_doubt(source) {
            return Ok(true);
        }
        let tracker = self.limited_tracker(CHECK_LIMIT)?;
        let checked = self.in_scope(tracker, |scope| {
            let rules = ASTRules::PrecheckSize;
            let Ok((mut ast, analysis)) = scope.analyze_smart_contract(contract, version, source, rules) else {
                return Ok(true);
            };
            let deployed =
                scope.initialize_smart_contract(contract, version, &mut ast, &analysis, source, None, |_, _| false);
            if deployed.is_err() || scope.save_analysis(contract, &analysis).is_err() {
                return Ok(true);
            }
            let body = scope.with_clarity_db_readonly(|db| db.get_contract(contract).is_ok());
            let analysis =
                scope.with_analysis_db_readonly(|db| matches!(db.load_contract_non_canonical(contract), Ok(Some(_))));
            Ok(body && analysis)
        });
        match checked {
            Err(ReadError::DeadlinePassed) => Ok(true),
            checked => checked,
        }
    }
}

/// Whether `source` nests so deep that only its deployment tells whether it could be loaded again.
#[must_use]
pub(crate) fn is_in_doubt(source: &str) -> bool {
    nesting(source) >= CERTAIN_BELOW
}

/// Depth of the deepest bracket; brackets in comments and strings count too, so it is never too small.
fn nesting(source: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in source.bytes() {
        match byte {
            b'(' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::nesting;

    #[test]
    fn the_deepest_bracket_counts() {
        assert_eq!(nesting(""), 0);
        assert_eq!(nesting("(a (b) {c: (d)})"), 3);
        assert_eq!(nesting(")))("), 1);
    }
}
