//! Templates: requested, fetched, failed.

use super::{Action, HALVINGS_MAX, Machine, NoTemplate, Phase};
use crate::model::{Executing, Millis, ProducerContext, Template};

/// Longest wait for a template's event. Then the template is fetched: the event was lost with its request, or the
/// template takes long.
const TEMPLATE_TIMEOUT_MS: Millis = 60_000;

/// Pause when the node says that the view has moved, in case the event of the move does not come; also when a
/// template's time ended before all transactions were tried.
const SOON_MS: Millis = 50;

impl Machine {
    pub(super) fn request_template(&mut self, now: Millis, allow_empty: bool) -> Option<Action> {
        let view = self.view.as_ref()?;
        self.new_transactions = false;
        self.begun = Some((view.tip, now));
        self.phase = Phase::Assembling {
            id: None,
            parent: view.tip,
            burn_view: view.burn_tip,
            allow_empty,
            until: now.saturating_add(TEMPLATE_TIMEOUT_MS),
        };
        Some(Action::RequestTemplate {
            parent: view.tip,
            burn_view: view.burn_tip,
            coinbase_nonce: view.new_tenure.then_some(view.nonce),
            allow_empty,
            assembly_time_halvings: self.assembly_time_halvings,
        })
    }

    pub(super) fn on_template(
        &mut self,
        now: Millis,
        template: Box<Template>,
        context: ProducerContext,
    ) -> Option<Action> {
        let Phase::Assembling { parent, burn_view, allow_empty, .. } = &self.phase else { return None };
        if template.parent != *parent || template.burn_view != *burn_view {
            tracing::error!("the node made a template on another parent or burn view than was asked for");
            return self.retry_later(now, None);
        }
        if template.transactions == 0 && !allow_empty {
            return self.on_no_template(now, &NoTemplate::NoTransactions);
        }
        self.take(now, &context.view);
        let view = &context.view;
        let fits = template.parent == view.tip && template.burn_view == view.burn_tip;
        if !fits || !view.elected || context.signed_here {
            return self.choose_with_less_time(now, context);
        }
        self.phase = Phase::Signing;
        Some(Action::Sign(template))
    }

    /// A template is late: logs what holds it up, and continues to wait.
    pub(super) fn on_still_made(&mut self, now: Millis, executing: Option<Executing>) -> Option<Action> {
        let Phase::Assembling { until, .. } = &mut self.phase else { return None };
        *until = now.saturating_add(TEMPLATE_TIMEOUT_MS);
        match executing {
            Some(Executing { txid, time_ms }) => tracing::warn!(
                %txid,
                time_ms,
                "a template is late: this transaction is executed for it (the node's max_execution_time_secs ends it)"
            ),
            None => tracing::warn!("a template is late: others are made before it, or the machine is slow"),
        }
        None
    }

    pub(super) fn on_no_template(&mut self, now: Millis, why: &NoTemplate) -> Option<Action> {
        let &Phase::Assembling { allow_empty, .. } = &self.phase else { return None };
        if matches!(why, NoTemplate::NoTransactions | NoTemplate::EndedEarly) {
            self.was_in_time();
        }
        match why {
            NoTemplate::NoTransactions if allow_empty => {
                tracing::warn!("the node makes no empty blocks");
                self.retry_later(now, None)
            }
            NoTemplate::NoTransactions if self.new_transactions => self.request_template(now, false),
            NoTemplate::NoTransactions => {
                self.mempool_exhausted = true;
                self.wait_for_work(now)
            }
            NoTemplate::EndedEarly => self.retry_later(now, Some(SOON_MS)),
            NoTemplate::Moved => {
                self.assembly_time_halvings = self.assembly_time_halvings.saturating_add(1).min(HALVINGS_MAX);
                self.retry_later(now, Some(SOON_MS))
            }
            NoTemplate::Other(reason) => {
                tracing::warn!(reason, "the node made no template");
                self.retry_later(now, None)
            }
        }
    }
}
