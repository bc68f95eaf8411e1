//! Admission to the mempool.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clarity::principal::{ContractId, Principal};
use clarity::value::Value;
use stacks_types::address::StacksAddress;
use stacks_types::codec::DecodeError;
use stacks_types::ids::{StacksBlockId, Txid};
use stacks_types::transaction::BlockTransaction;

use crate::chain::{ChainReader, NakamotoChainState, ReadStateError, lock};
use crate::db::StoreError;
use crate::execution::read_only::{CallRefusal, ReadError, StateReader};
use crate::headers::mined_blocks_of;
use crate::mempool::{
    AccountView, AdmissionView, CheckOutcome, CheckedTransaction, InsertOutcome, Need, Refusal, Totals, check, insert,
};
use crate::store::WriteTx;

/// Time for transactions that are offered together; calls not checked by then are left for checks of their own.
const ADMISSION_TIME: Duration = Duration::from_millis(200);

/// The result for a transaction that needs no further offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It is pending as of now.
    Accepted(Txid),
    /// It was pending already; nothing changed.
    AlreadyPending(Txid),
    /// It is mined in a canonical block; its sender did not notice, and sent it again.
    AlreadyMined(Txid),
}

/// Why a transaction is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionRefusal {
    /// The bytes are no transaction, or more than one.
    #[error("not a transaction: {0}")]
    Undecodable(DecodeError),
    /// A row of the admission table refuses it.
    #[error("{refusal}")]
    Refused {
        /// Its id.
        txid: Txid,
        /// The row.
        refusal: Refusal,
    },
}

/// Admitted, or refused with a reason for the sender.
pub type Decision = Result<Admission, AdmissionRefusal>;

/// The result of one of several transactions that were offered together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// All checks are done.
    Decided(Decision),
    /// The remaining check may take long: offer the transaction alone ([`NakamotoChainState::admit_transaction`]).
    Left {
        /// The sender; it has signed the transaction and can pay.
        origin: StacksAddress,
    },
}

/// The result of an offer: the outer error is the node's failure; the inner one is for the sender.
pub type AdmissionAnswer = Result<Decision, StoreError>;

/// The result of one attempt to insert.
enum Attempt {
    Answer(Decision),
    Full(Need, Totals),
}

/// How often one transaction looks for others to evict, when those that it found do not suffice any more.
const EVICTION_TRIES: usize = 3;

/// The result of the reading half.
enum OfferCheck {
    Decided(Result<Offered, StoreError>),
    Passed(Box<CheckedTransaction>),
}

impl NakamotoChainState {
    /// Offers a transaction to the mempool; it is durable when accepted. A call of a large contract takes as long as
    /// loading the contract does.
    ///
    /// Evaluates types of arguments: call it on a thread with [`crate::execution::STACK_BYTES`] of stack.
    ///
    /// # Errors
    /// The outer error is the node's failure; the inner one is for the sender.
    pub fn admit_transaction(&self, raw: impl AsRef<[u8]>) -> AdmissionAnswer {
        match self.offer(&[raw], OthersWait::No).pop() {
            Some(Ok(Offered::Decided(answer))) => Ok(answer),
            Some(Err(error)) => Err(error),
            Some(Ok(Offered::Left { .. })) | None => Err(StoreError::ShuttingDown),
        }
    }

    /// Offers transactions to the mempool, in order; each has its own answer, and is durable when accepted. They share
    /// one snapshot and one commit, which is most of the cost of a small one. A check that may take long is left
    /// undone, so that no other transaction waits for it.
    ///
    /// Evaluates types of arguments: call it on a thread with [`crate::execution::STACK_BYTES`] of stack.
    #[must_use]
    pub fn offer_transactions(&self, raw: &[impl AsRef<[u8]>]) -> Vec<Result<Offered, StoreError>> {
        self.offer(raw, OthersWait::Yes)
    }

    fn offer(&self, raw: &[impl AsRef<[u8]>], others_wait: OthersWait) -> Vec<Result<Offered, StoreError>> {
        let now_s = (self.inner.clock)() / 1000;
        let begun = Instant::now();
        let expired = || begun.elapsed() >= ADMISSION_TIME;
        let checks = self.read(|reader| {
            let check_all = |state: &StateReader<'_>| {
                let view = TipView { state, others_wait, expired: &expired };
                Ok(raw.iter().map(|raw| self.check_one(reader, &view, raw.as_ref(), now_s)).collect::<Vec<_>>())
            };
            reader.state_until(None, &expired, check_all).map_err(store_error)
        });
        let checks = match checks {
            Ok(checks) => checks,
            Err(error) => return raw.iter().map(|_| Err(error.clone())).collect(),
        };
        let (mut answers, mut checked) = (Vec::with_capacity(checks.len()), Vec::new());
        for check in checks {
            answers.push(match check {
                OfferCheck::Decided(answer) => Some(answer),
                OfferCheck::Passed(transaction) => {
                    checked.push(*transaction);
                    None
                }
            });
        }
        let mut inserted = self.insert_all(checked).into_iter().map(|answer| answer.map(Offered::Decided));
        let gone = || Err(StoreError::ShuttingDown);
        answers.into_iter().map(|answer| answer.or_else(|| inserted.next()).unwrap_or_else(gone)).collect()
    }

    /// The reading half.
    fn check_one(&self, reader: &ChainReader, view: &TipView<'_, '_>, raw: &[u8], now_s: u64) -> OfferCheck {
        let transaction = match BlockTransaction::decode(raw) {
            Ok(transaction) => transaction,
            Err(error) => return OfferCheck::Decided(Ok(Offered::Decided(Err(AdmissionRefusal::Undecodable(error))))),
        };
        let txid = transaction.txid();
        let answer = match check(reader.conn(), view, self.params(), transaction, now_s) {
            Ok(CheckOutcome::Checked(checked)) => return OfferCheck::Passed(checked),
            Ok(CheckOutcome::Left { origin }) => return OfferCheck::Decided(Ok(Offered::Left { origin })),
            Ok(CheckOutcome::AlreadyPending) => Ok(Admission::AlreadyPending(txid)),
            // A mined transaction fails with no other refusal. This one is rare, so the others need no look-up.
            Err(refusal @ Refusal::BadNonce { .. }) => match is_mined(reader, &txid) {
                Ok(true) => Ok(Admission::AlreadyMined(txid)),
                Ok(false) => Err(AdmissionRefusal::Refused { txid, refusal }),
                Err(error) => return OfferCheck::Decided(Err(error)),
            },
            Err(Refusal::Database { message }) => return OfferCheck::Decided(Err(StoreError::Database(message))),
            Err(refusal) => Err(AdmissionRefusal::Refused { txid, refusal }),
        };
        OfferCheck::Decided(Ok(Offered::Decided(answer)))
    }

    /// The writing half: inserts all or, when the node fails, none. Those that find the mempool full try to evict
    /// others, one at a time.
    fn insert_all(&self, checked: Vec<CheckedTransaction>) -> Vec<AdmissionAnswer> {
        if checked.is_empty() {
            return Vec::new();
        }
        let (checked, chain) = (Arc::new(checked), self.clone());
        let inserted = self.inner.store.write({
            let checked = Arc::clone(&checked);
            move |tx| {
                let base = crate::chain::chain_meta::tip_of(tx.sql())?;
                checked.iter().map(|checked| chain.insert_one(tx, &base, checked, &[])).collect::<Result<Vec<_>, _>>()
            }
        });
        let attempts = match inserted {
            Ok(attempts) => attempts,
            Err(error) => return vec![Err(error); checked.len()],
        };
        let pairs = attempts.into_iter().zip(checked.iter());
        pairs
            .map(|(attempt, checked)| match attempt {
                Attempt::Answer(answer) => Ok(answer),
                Attempt::Full(need, totals) => self.insert_by_eviction(checked, need, totals),
            })
            .collect()
    }

    /// Inserts into a full mempool by evicting others, or refuses. One at a time, so that each sees the index as the
    /// last one left it.
    fn insert_by_eviction(&self, checked: &CheckedTransaction, mut need: Need, mut totals: Totals) -> AdmissionAnswer {
        let _turn = lock(&self.inner.evicting);
        for _ in 0..EVICTION_TRIES {
            let victims = self.with_mempool(|index| index.give_way(checked.pending(), &need));
            let Some(victims) = victims else { break };
            let (chain, checked) = (self.clone(), checked.clone());
            let attempt = self.inner.store.write(move |tx| {
                let base = crate::chain::chain_meta::tip_of(tx.sql())?;
                chain.insert_one(tx, &base, &checked, &victims)
            })?;
            match attempt {
                Attempt::Answer(answer) => return Ok(answer),
                // Others came or left meanwhile.
                Attempt::Full(now, count) => (need, totals) = (now, count),
            }
        }
        let Totals { transactions, bytes } = totals;
        let refusal = Refusal::MempoolFull { transactions, bytes };
        Ok(Err(AdmissionRefusal::Refused { txid: checked.transaction().txid(), refusal }))
    }

    fn insert_one(
        &self,
        tx: &mut WriteTx<'_>,
        base: &StacksBlockId,
        checked: &CheckedTransaction,
        evicted: &[Txid],
    ) -> Result<Attempt, StoreError> {
        let txid = checked.transaction().txid();
        let next_nonce = |account: &StacksAddress| self.nonce_at(base, account);
        let answer = match insert(tx.sql(), checked, evicted, next_nonce)? {
            InsertOutcome::Full { need, totals } => return Ok(Attempt::Full(need, totals)),
            InsertOutcome::AlreadyPending => Ok(Admission::AlreadyPending(txid)),
            InsertOutcome::Refused(refusal) => Err(AdmissionRefusal::Refused { txid, refusal }),
            InsertOutcome::Inserted(changes) => {
                let raw = checked.transaction().raw().to_vec();
                self.emit_accepted(tx, &txid, raw)?;
                self.emit_dropped(tx, &changes)?;
                sqlite::crash_point("mempool:inserted");
                tx.after_commit(|| sqlite::crash_point("mempool:committed"));
                self.apply_after_commit(tx, changes);
                Ok(Admission::Accepted(txid))
            }
        };
        Ok(Attempt::Answer(answer))
    }
}

fn store_error(error: ReadStateError) -> StoreError {
    match error {
        ReadStateError::Store(error) => error,
        other => StoreError::Database(other.to_string()),
    }
}

/// The canonical tip's state as admission reads it.
struct TipView<'s, 'a> {
    state: &'s StateReader<'a>,
    others_wait: OthersWait,
    expired: &'s dyn Fn() -> bool,
}

/// Whether other transactions wait for a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OthersWait {
    No,
    Yes,
}

fn refused(error: ReadError) -> Refusal {
    Refusal::Database { message: error.to_string() }
}

impl AdmissionView for TipView<'_, '_> {
    /// The check of a call of a contract of usual size takes less than a millisecond.
    fn leaves_calls(&self) -> bool {
        self.others_wait == OthersWait::Yes && (self.expired)()
    }

    fn account(&self, who: &Principal) -> Result<AccountView, Refusal> {
        let account = self.state.account(who).map_err(refused)?;
        Ok(AccountView { nonce: account.nonce, available_ustx: account.available })
    }

    fn contract_exists(&self, contract: &ContractId) -> Result<bool, Refusal> {
        self.state.contract_exists(contract).map_err(refused)
    }

    fn check_public_function(&self, contract: &ContractId, function: &str, arguments: &[Value]) -> Result<(), Refusal> {
        let answer = self.state.check_public_function(contract, function, arguments).map_err(refused)?;
        answer.map_err(|refusal| match refusal {
            CallRefusal::NoSuchContract => Refusal::NoSuchContract { contract: contract.clone() },
            CallRefusal::NoSuchPublicFunction(message) => Refusal::NoSuchPublicFunction { message },
            CallRefusal::BadArgument { error, message } => Refusal::BadFunctionArgument { error, message },
        })
    }
}

/// Whether a canonical block holds a transaction.
fn is_mined(reader: &ChainReader, txid: &Txid) -> Result<bool, StoreError> {
    for (block_id, _) in mined_blocks_of(reader.conn(), txid)? {
        if reader.is_canonical(&block_id)? {
            return Ok(true);
        }
    }
    Ok(false)
}
