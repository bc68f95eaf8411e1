//! The inputs and actions of the state machine.

use stacks_types::ids::{BlockHash, BurnBlockHash, Hash160, StacksBlockId};
use stacks_types::keys::MessageSignature;

use crate::model::{BlockResponse, Candidate, Executing, Millis, ProducerContext, Template};

/// The operator's settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Time from the beginning of a block to that of an empty one after it, if the node's mining policy names none; 0 =
    /// never make one.
    pub block_interval_ms: Millis,
    /// Pause before an unanswered proposal is made again; at least 1.
    pub proposal_timeout_ms: Millis,
}

/// What happened: an event of the node, the result of an action, or a deadline.
#[derive(Debug)]
pub(crate) enum Input {
    /// The event stream has started again; the answers of its snapshot were inputs before this.
    Started,
    /// The event stream ended.
    Lost,
    /// The tip, the burn tip or the mining policy changed, at this sequence of the journal.
    Moved(u64),
    /// A transaction entered the mempool, or one left it that had delayed others, at this sequence of the journal.
    Transaction(u64),
    /// A signer's slot was written.
    BlockResponse {
        /// The slot's id.
        slot_id: u32,
        /// Account hash of the signer: the key that made the signature of an acceptance, or wrote a refusal.
        signer: Hash160,
        /// What the slot holds.
        answer: BlockResponse,
    },
    /// The journal event of a proposal that this producer put into its slot.
    ProposalSeen(BlockHash),
    /// A template job ended; its id.
    TemplateFinished(String),
    /// The node found a block invalid, with the reason.
    BlockRejected(StacksBlockId, String),
    /// Result of [`Action::FetchView`].
    ProducerContext(Box<ProducerContext>),
    /// Result of [`Action::RequestTemplate`]: the template's id.
    Requested(String),
    /// Result of [`Action::FetchTemplate`], with a view taken at the same time.
    Template(Box<Template>, Box<ProducerContext>),
    /// Result of [`Action::FetchTemplate`]: there is none.
    NoTemplate(NoTemplate),
    /// Result of [`Action::FetchTemplate`]: it is not finished, with the transaction that is being executed for it.
    StillMade(Option<Executing>),
    /// Result of [`Action::Sign`]: the block is signed and recorded.
    Signed(Candidate),
    /// Result of [`Action::Sign`]: the template is not as requested, or another block was signed at its place.
    NotSigned,
    /// Result of [`Action::Propose`]: the block is in this producer's slot.
    Proposed,
    /// Result of [`Action::Push`]: stored, and to be processed.
    Stored,
    /// Result of [`Action::Push`]: it was already in the chain.
    AlreadyProcessed,
    /// Result of [`Action::Push`]: the block breaks a rule, with the reason.
    Refused(String),
    /// The action failed; the pause in milliseconds that the node advises, if any.
    CallFailed(Option<Millis>),
    /// The deadline of [`super::Machine::deadline`] has come.
    Tick,
}

/// Why a template job ended without a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoTemplate {
    /// No pending transaction can be mined, and an empty block was not allowed.
    NoTransactions,
    /// Its time ended before all pending transactions were tried.
    EndedEarly,
    /// The tip or the burn tip moved meanwhile.
    Moved,
    /// Any other failure, as text for the log.
    Other(String),
}

/// What to do next. Its result is the next input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Get a [`ProducerContext`].
    FetchView,
    /// Request a block on exactly this parent and burn view.
    RequestTemplate {
        /// Id of the block that it builds on.
        parent: StacksBlockId,
        /// The burn tip, whose hash goes into the block.
        burn_view: BurnBlockHash,
        /// Nonce of the coinbase; `None` when the block begins no tenure.
        coinbase_nonce: Option<u64>,
        /// Whether to make a block when no transaction can be mined.
        allow_empty: bool,
        /// How often the assembly time is halved.
        assembly_time_halvings: u32,
    },
    /// Fetch a template by its id, and a view at the same time.
    FetchTemplate(String),
    /// Finish, sign and record this template.
    Sign(Box<Template>),
    /// Put the block into this producer's slot.
    Propose(Candidate),
    /// Push the block with these signatures, which are in stacker-set order.
    Push(Candidate, Vec<MessageSignature>),
}
