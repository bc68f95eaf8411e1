//! The words of the state machine: what it hears and what it says.

use stacks_types::ids::{BlockHash, BurnBlockHash, Hash160, StacksBlockId};
use stacks_types::keys::MessageSignature;

use crate::model::{Answer, Candidate, Executing, Millis, ProducerContext, Template};

/// What the operator chooses.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Time from the beginning of a block to that of an empty one after it, where the node names none; 0 = never make one.
    pub block_interval_ms: Millis,
    /// Pause before an unanswered proposal is made again.
    pub proposal_timeout_ms: Millis,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The event stream starts anew: answers of the snapshot have come before this.
    Started,
    /// The event stream was lost.
    Lost,
    /// The tip or the burn tip moved, or the wish for blocks, at this sequence.
    Moved(u64),
    /// A transaction entered the mempool, at this sequence.
    Transaction(u64),
    /// A signer's slot holds this.
    Answer {
        /// Account hash of who put it there.
        signer: Hash160,
        /// Accept or refuse, and which block.
        answer: Answer,
    },
    /// A proposal that this producer put into its slot came by in the journal.
    ProposalSeen(BlockHash),
    /// A template job ended.
    TemplateFinished(String),
    /// The node found a block invalid.
    BlockRejected(StacksBlockId, String),
    /// Result of [`Action::FetchView`].
    ProducerContext(Box<ProducerContext>),
    /// Result of [`Action::RequestTemplate`].
    Requested(String),
    /// Result of [`Action::FetchTemplate`], with a view taken at the same time.
    Template(Box<Template>, Box<ProducerContext>),
    /// Result of [`Action::FetchTemplate`]: there is none.
    NoTemplate(NoTemplate),
    /// Result of [`Action::FetchTemplate`]: it is still made, and which transaction is executed for it.
    StillMade(Option<Executing>),
    /// Result of [`Action::Sign`]: signed and recorded.
    Signed(Candidate),
    /// Result of [`Action::Sign`]: the template is not what was asked for, or the place is taken.
    NotSigned,
    /// Result of [`Action::Propose`].
    Proposed,
    /// Result of [`Action::Push`]: stored, processing follows.
    Stored,
    /// Result of [`Action::Push`]: in the chain since before.
    AlreadyProcessed,
    /// Result of [`Action::Push`]: a rule is broken.
    Refused(String),
    /// The action could not be done; the node may advise a pause.
    CallFailed(Option<Millis>),
    /// The deadline of [`super::Machine::deadline`] has come.
    Tick,
}

/// Why there is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoTemplate {
    /// Nothing that waits can be mined.
    NoTransactions,
    /// Tip or burn tip moved meanwhile.
    Moved,
    /// Something else.
    Other(String),
}

/// What to do. Its result is the next input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Get a [`ProducerContext`].
    FetchView,
    /// Have a block assembled on exactly this view.
    RequestTemplate {
        /// The block that it builds on.
        parent: StacksBlockId,
        /// The burn block that it witnesses.
        burn_view: BurnBlockHash,
        /// Nonce of the coinbase, when one is needed.
        coinbase_nonce: Option<u64>,
        /// Whether a block without transactions is wanted.
        allow_empty: bool,
        /// How often the time for it is halved.
        assembly_time_halvings: u32,
    },
    /// Fetch a finished template, and a view beside it.
    FetchTemplate(String),
    /// Finish, sign and record the template.
    Sign(Box<Template>),
    /// Put the block in this producer's slot.
    Propose(Candidate),
    /// Push the block with these signatures.
    Push(Candidate, Vec<MessageSignature>),
}
