//! A new view: whether the work in flight goes on, and if not, what comes next.

use super::{Action, HALVINGS_MAX, Machine, Phase, ProposedBy, WakeOn};
use crate::collect::Votes;
use crate::model::{Candidate, Millis, MiningMode, ProducerContext, View};

impl Machine {
    pub(super) fn on_context(&mut self, now: Millis, context: ProducerContext) -> Option<Action> {
        self.take(now, &context.view);
        let view = &context.view;
        match std::mem::replace(&mut self.phase, Phase::Waiting { until: None, wake_on: WakeOn::TipChange }) {
            phase @ Phase::Assembling { parent, burn_view, .. } if parent == view.tip && burn_view == view.burn_tip => {
                self.phase = phase;
                None
            }
            phase @ (Phase::Gathering { .. } | Phase::Pushed { .. }) if still_wanted(&phase, &context) => {
                self.phase = phase;
                None
            }
            Phase::Assembling { .. } => self.choose_with_less_time(now, context),
            _ => self.choose(now, context),
        }
    }

    /// Stores the view and notes what has moved.
    pub(super) fn take(&mut self, now: Millis, view: &View) {
        let old_tip = self.view.as_ref().map(|old| old.tip);
        let tip_moved = old_tip != Some(view.tip);
        let burn_moved = self.view.as_ref().is_none_or(|old| old.burn_tip != view.burn_tip);
        if tip_moved {
            let own = self.begun.filter(|(parent, _)| Some(*parent) == old_tip);
            self.interval_start = own.map_or(now, |(_, begun)| begun);
            self.dismissed.clear();
        }
        if tip_moved || burn_moved {
            self.mempool_exhausted = false;
            self.refused_rounds = 0;
            self.refused_until = None;
        }
        self.view = Some(view.clone());
    }

    /// A template was finished before the view moved: the next one gets more time again.
    pub(super) const fn was_in_time(&mut self) {
        self.assembly_time_halvings = self.assembly_time_halvings.saturating_sub(1);
    }

    /// The view moved before a template was finished: the next one gets less time.
    pub(super) fn choose_with_less_time(&mut self, now: Millis, context: ProducerContext) -> Option<Action> {
        self.assembly_time_halvings = self.assembly_time_halvings.saturating_add(1).min(HALVINGS_MAX);
        self.phase = Phase::Waiting { until: None, wake_on: WakeOn::TipChange };
        self.choose(now, context)
    }

    /// Nothing is in flight: decides what to do.
    fn choose(&mut self, now: Millis, context: ProducerContext) -> Option<Action> {
        let view = context.view;
        for candidate in &context.others {
            let votes = self.votes_for(candidate);
            if votes.is_enough() && !self.dismissed.contains_key(&candidate.block.block_hash) {
                tracing::info!(block_hash = %candidate.block.block_hash, "finishing another producer's block");
                return Some(self.push(now, candidate.clone(), votes.signatures()));
            }
        }
        let unfinished = context.unfinished.into_iter().find(|c| !self.dismissed.contains_key(&c.block.block_hash));
        if let Some(candidate) = unfinished {
            return Some(self.propose(now, candidate));
        }
        if view.elected
            && let Some((candidate, votes)) = self.to_finish(context.others)
        {
            return self.finish(now, candidate, votes);
        }
        if context.signed_here && view.elected {
            tracing::warn!(
                burn_tip = %view.burn_tip,
                "a block was signed at this height of this tenure and cannot be finished; the next burn block frees the way, unless signers \
                 have signed it"
            );
            let is_final = self.dismissed.values().all(|is_final| *is_final);
            let until = (!is_final).then(|| self.pause_refused(now));
            self.phase = Phase::Waiting { until, wake_on: WakeOn::TipChange };
            return None;
        }
        if !view.elected {
            self.phase = Phase::Waiting { until: None, wake_on: WakeOn::TipChange };
            return None;
        }
        let at_once = matches!(view.mining.mode, MiningMode::Auto | MiningMode::Mixed);
        if at_once && !view.mining.wanted && (view.new_tenure || (view.mempool_count > 0 && !self.mempool_exhausted)) {
            return self.request_template(now, false);
        }
        self.wait_for_work(now)
    }

    /// The first block of another producer on the tip, unless the signers refused it when this producer asked.
    fn to_finish(&self, others: Vec<Candidate>) -> Option<(Candidate, Votes)> {
        let other = others.into_iter().find(|other| !self.dismissed.contains_key(&other.block.block_hash))?;
        let votes = self.votes_for(&other);
        Some((other, votes))
    }

    /// Waits for the signatures of another producer's block, and asks for them when they do not come.
    fn finish(&mut self, now: Millis, candidate: Candidate, votes: Votes) -> Option<Action> {
        let (block_hash, signed) = (candidate.block.block_hash, votes.signed_weight());
        tracing::info!(%block_hash, signed, "another producer's block is on the tip: it comes first");
        if votes.is_hopeless() {
            // Signers may have refused it for its time only; a silent one may have signed it, or may still do so.
            return Some(self.propose(now, candidate));
        }
        // Its producer has asked: signers that have not answered by the end of the timeout are asked again.
        let timeout = self.policy.proposal_timeout_ms;
        let until = now.saturating_add(timeout);
        self.phase = Phase::Gathering { candidate, votes, proposed_by: ProposedBy::Other, timeout, until };
        None
    }

    /// Waits for the reasons to build in the view's mode; when its time has come, makes a block, empty if need be.
    pub(super) fn wait_for_work(&mut self, now: Millis) -> Option<Action> {
        let mining = self.view.as_ref()?.mining;
        let interval = mining.interval_ms.unwrap_or(self.policy.block_interval_ms);
        let at_interval = (interval > 0).then(|| self.interval_start.saturating_add(interval));
        let (until, wake_on) = match mining.mode {
            MiningMode::Auto => (None, WakeOn::Transactions),
            MiningMode::Mixed => (at_interval, WakeOn::Transactions),
            MiningMode::Interval => (at_interval, WakeOn::TipChange),
            MiningMode::Manual => (None, WakeOn::TipChange),
        };
        if mining.wanted || until.is_some_and(|until| until <= now) {
            return self.request_template(now, true);
        }
        self.phase = Phase::Waiting { until, wake_on };
        None
    }
}

/// Whether a block in flight can still follow the tip; another producer's counts only if this one is elected or has
/// pushed it.
fn still_wanted(phase: &Phase, context: &ProducerContext) -> bool {
    match phase {
        Phase::Gathering { candidate, .. } | Phase::Pushed { candidate, .. } => {
            let is_among =
                |blocks: &[Candidate]| blocks.iter().any(|other| other.block.block_hash == candidate.block.block_hash);
            let finishes = context.view.elected || matches!(phase, Phase::Pushed { .. });
            is_among(&context.unfinished) || (finishes && is_among(&context.others))
        }
        Phase::Offline | Phase::Waiting { .. } | Phase::Assembling { .. } | Phase::Signing => false,
    }
}
