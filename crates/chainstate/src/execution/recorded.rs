//! The writes of a block, for tests that compare them one by one.

use marf::BlockId;

use super::env::BlockEnv;
use super::session::{BlockContext, BlockSession, SessionError};
use super::world::StateWrite;

impl<'a> BlockSession<'a> {
    /// As [`BlockSession::begin`], and records all writes from the first on.
    ///
    /// # Errors
    /// As [`BlockSession::begin`].
    pub fn begin_recorded(env: BlockEnv<'a>, ctx: &BlockContext) -> Result<Self, SessionError> {
        let mut session = Self::open(env, ctx, Some(BlockId(ctx.parent.0)))?;
        session.world.writes = Some(Vec::new());
        session.enter(ctx)?;
        Ok(session)
    }

    /// All writes so far, in order; none unless they are recorded.
    #[must_use]
    pub fn recorded(&self) -> &[StateWrite] {
        self.world.writes.as_deref().unwrap_or_default()
    }
}
