//! Whether a producer or signer is in its set, and whether that is news for the log: it is logged at first and when it
//! changes, so that a program whose key is in no set neither idles silently nor repeats itself.

use stacks_types::ids::BurnBlockHash;

/// The standing that was learnt and logged last, and at which burn tip.
#[derive(Debug)]
pub struct Standing<P> {
    at: Option<BurnBlockHash>,
    reported: Option<P>,
}

impl<P> Default for Standing<P> {
    fn default() -> Self {
        Self { at: None, reported: None }
    }
}

impl<P: PartialEq> Standing<P> {
    /// Whether [`Standing::learn`] was called for this burn tip.
    #[must_use]
    pub fn is_known_at(&self, burn_tip: &BurnBlockHash) -> bool {
        self.at.as_ref() == Some(burn_tip)
    }

    /// Keeps the standing at a burn tip. Returns `true` if it is the first, or differs from the one before.
    pub fn learn(&mut self, burn_tip: BurnBlockHash, standing: P) -> bool {
        self.at = Some(burn_tip);
        let is_news = self.reported.as_ref() != Some(&standing);
        self.reported = Some(standing);
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_news_at_first_and_when_it_changes() {
        let mut standing = Standing::default();
        let burn = |n| BurnBlockHash([n; 32]);
        assert!(!standing.is_known_at(&burn(1)));
        assert!(standing.learn(burn(1), false) && standing.is_known_at(&burn(1)));
        assert!(!standing.learn(burn(2), false) && !standing.is_known_at(&burn(1)));
        assert!(standing.learn(burn(3), true) && !standing.learn(burn(4), true));
        assert!(standing.learn(burn(5), false));
    }
}
