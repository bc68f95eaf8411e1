//! The one writer of `chainstate.sqlite`: a thread that runs jobs in transactions.
//!
//! Jobs that wait at the same time are committed together (group commit): each runs in a savepoint of its own, so that
//! one that fails leaves nothing and does not harm the others. A job that moves the tip has a transaction of its own, without
//! a savepoint. A caller gets its answer only after the commit; between commit and answer the writer publishes what becomes
//! visible with it (events, tip, caches).
//!
//! # Invariants
//! - An answer `Ok` means committed, and with `Durability::Synced` on the disk.
//! - Events get their sequence inside the transaction: gap-free, in commit order.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use nakamoto_proto::v1;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::db::StoreError;
use crate::journal::{JournalEvent, JournalTail, insert_event};

/// Most jobs that wait for the writer; further callers block. Bounds memory: a job holds a transaction or a block.
const QUEUE: usize = 1024;
/// Most jobs of one commit: bounds how long the first of them waits.
const GROUP_MAX: usize = 256;

/// A function that is called once.
type Action = Box<dyn FnOnce() + Send>;
type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Called before a commit. Returns what undoes it if the commit fails.
type WithCommit = Box<dyn FnOnce() -> Action + Send>;

/// A job that waits for the writer: exactly one of the two functions is called.
struct Job {
    work: Box<dyn FnOnce(&mut WriteTx<'_>) -> Outcome + Send>,
    /// Tells the caller that the job was not tried.
    refuse: Box<dyn FnOnce(StoreError) + Send>,
    /// Whether it has a transaction of its own.
    alone: bool,
}

/// The result of a job: whether what it wrote is kept, and how to answer its caller.
struct Outcome {
    keep: bool,
    done: Done,
}

/// The open transaction, as a job sees it.
pub(crate) struct WriteTx<'a> {
    tx: &'a Transaction<'a>,
    time_ms: u64,
    next_sequence: u64,
    end_offset: u64,
    events: Vec<JournalEvent>,
    with_commit: Vec<WithCommit>,
    after_commit: Vec<Action>,
    is_alone: bool,
}

impl<'a> WriteTx<'a> {
    /// The database transaction with which everything here commits.
    #[must_use]
    pub(crate) fn sql(&self) -> &'a Transaction<'a> {
        self.tx
    }

    /// Whether no other job shares the transaction: see [`Store::write_alone`].
    #[must_use]
    pub(crate) fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// The writer's clock, in milliseconds since 1970.
    #[must_use]
    pub(crate) fn time_ms(&self) -> u64 {
        self.time_ms
    }

    /// The sequence of the next event.
    #[must_use]
    pub(crate) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Appends an event to the journal. Returns it with its sequence. With `block_id` the event is a processed block's,
    /// which the caller stores with the header; any other is stored in the journal itself.
    ///
    /// # Errors
    /// [`StoreError`] when the row cannot be written.
    pub(crate) fn emit(
        &mut self,
        kind: v1::EventKind,
        body: v1::event::Body,
        block_id: Option<&[u8; 32]>,
    ) -> Result<JournalEvent, StoreError> {
        let event = JournalEvent::new(self.next_sequence, self.time_ms, kind, body, self.end_offset);
        insert_event(self.tx, &event, self.time_ms, block_id)?;
        self.next_sequence += 1;
        self.end_offset = event.end_offset;
        self.events.push(event.clone());
        Ok(event)
    }

    /// Runs `show` just before the commit, after everything else; if the commit fails, runs the function that `show`
    /// returned. For data outside the database that readers must find as soon as the database refers to it.
    pub(crate) fn with_commit<U: FnOnce() + Send + 'static>(&mut self, show: impl FnOnce() -> U + Send + 'static) {
        self.with_commit.push(Box::new(move || Box::new(show())));
    }

    /// Runs `action` once the transaction is committed; never when it is rolled back.
    pub(crate) fn after_commit(&mut self, action: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(action));
    }
}

/// Handle of the writer; cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    jobs: SyncSender<Job>,
    commits: Arc<AtomicU64>,
}

impl Store {
    /// Starts the writer thread.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn spawn(
        conn: Connection,
        tail: JournalTail,
        clock: fn() -> u64,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (jobs, receiver) = sync_channel(QUEUE);
        let commits = Arc::new(AtomicU64::new(0));
        let mut writer = Writer { conn, tail, clock, commits: Arc::clone(&commits) };
        let thread = std::thread::Builder::new().name("store".to_owned()).spawn(move || writer.run(&receiver))?;
        Ok((Self { jobs, commits }, thread))
    }

    /// Number of commits since the start. Data that is read after this call is current while the number stays the same.
    #[must_use]
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Acquire)
    }

    /// Runs `work` in a transaction and waits for the commit; if it fails, what it wrote is taken back.
    ///
    /// Blocks: never call it on a network thread.
    ///
    /// # Errors
    /// [`StoreError`] when nothing was stored.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.queue(false, work)
    }

    /// As [`Store::write`], in a transaction of its own: waiting jobs run after its commit and its actions. For work that
    /// changes what later jobs read outside of the database, or changes many pages: in a savepoint each of these pages would
    /// be kept in memory, and every statement with a trigger would walk over all of them.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub(crate) fn write_alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.queue(true, work)
    }

    fn queue<T: Send + 'static>(
        &self,
        alone: bool,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = sync_channel(1);
        let refusal = reply.clone();
        let work = Box::new(move |tx: &mut WriteTx<'_>| {
            let result = work(tx);
            let keep = result.is_ok();
            let done: Done = Box::new(move |committed| {
                // The caller may be gone; the commit stands.
                let _ = reply.send(committed.and(result));
            });
            Outcome { keep, done }
        });
        let refuse = Box::new(move |error| {
            let _ = refusal.send(Err(error)); // As above.
        });
        self.jobs.send(Job { work, refuse, alone }).map_err(|_| StoreError::ShuttingDown)?;
        answer.recv().map_err(|_| StoreError::ShuttingDown)?
    }
}

/// State of the writer thread.
struct Writer {
    conn: Connection,
    tail: JournalTail,
    clock: fn() -> u64,
    commits: Arc<AtomicU64>,
}

impl Writer {
    /// Runs until every handle is dropped.
    fn run(&mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let mut group = VecDeque::from([first]);
            while group.len() < GROUP_MAX {
                match jobs.try_recv() {
                    Ok(job) => group.push_back(job),
                    Err(_) => break,
                }
            }
            while !group.is_empty() {
                self.commit_group(&mut group);
            }
        }
    }

    /// Commits the group's first jobs in one transaction: one that has its own, or all before such a one.
    fn commit_group(&mut self, group: &mut VecDeque<Job>) {
        let time_ms = (self.clock)();
        let mut answers = Vec::with_capacity(group.len());
        let (waiting, is_alone) = (group.len(), group.front().is_some_and(|first| first.alone));
        let committed = run_group(&mut self.conn, &self.tail, group, time_ms, &mut answers);
        let result = match committed {
            Ok((events, after_commit)) => {
                for action in after_commit {
                    action();
                }
                // Before any answer or event is out: whoever has one of these then finds the number changed.
                self.commits.fetch_add(1, Ordering::Release);
                self.tail.publish(events, time_ms);
                sqlite::crash_point("store:published");
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "nothing was stored");
                Err(error)
            }
        };
        for done in answers {
            done(result.clone());
        }
        if let Err(error) = result {
            // The transaction broke before these jobs of it ran. Those behind them have another.
            let not_run = match is_alone {
                true => usize::from(group.len() == waiting),
                false => group.iter().take_while(|job| !job.alone).count(),
            };
            group.drain(..not_run).for_each(|job| (job.refuse)(error.clone()));
        }
    }
}

type Published = (Vec<JournalEvent>, Vec<Action>);

fn run_group(
    conn: &mut Connection,
    tail: &JournalTail,
    group: &mut VecDeque<Job>,
    time_ms: u64,
    answers: &mut Vec<Done>,
) -> Result<Published, StoreError> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let bounds = tail.bounds();
    let mut write = WriteTx {
        tx: &tx,
        time_ms,
        next_sequence: bounds.newest + 1,
        end_offset: bounds.end_offset,
        events: Vec::new(),
        with_commit: Vec::new(),
        after_commit: Vec::new(),
        is_alone: group.front().is_some_and(|first| first.alone),
    };
    if write.is_alone {
        let Some(job) = group.pop_front() else { return Ok(Published::default()) };
        if !run_job(&mut write, job, answers)? {
            tx.rollback()?;
            return Ok(Published::default());
        }
    } else {
        run_in_savepoints(&mut write, group, answers)?;
    }
    let WriteTx { events, with_commit, after_commit, .. } = write;
    commit(tx, with_commit)?;
    Ok((events, after_commit))
}

/// Runs the jobs that share a transaction, and takes back what those wrote that fail.
///
/// # Errors
/// When the whole transaction is broken.
fn run_in_savepoints(
    write: &mut WriteTx<'_>,
    group: &mut VecDeque<Job>,
    answers: &mut Vec<Done>,
) -> Result<(), StoreError> {
    let tx = write.tx;
    while group.front().is_some_and(|next| !next.alone) {
        // Before a job is taken: if it fails, all remaining jobs get the error.
        tx.prepare_cached("SAVEPOINT job")?.execute([])?;
        let Some(job) = group.pop_front() else { break };
        let (events, actions) = (write.events.len(), (write.with_commit.len(), write.after_commit.len()));
        let (next, end_offset) = (write.next_sequence, write.end_offset);
        if run_job(write, job, answers)? {
            tx.prepare_cached("RELEASE job")?.execute([])?;
            continue;
        }
        tx.execute_batch("ROLLBACK TO job; RELEASE job")?;
        write.events.truncate(events);
        write.with_commit.truncate(actions.0);
        write.after_commit.truncate(actions.1);
        write.next_sequence = next;
        write.end_offset = end_offset;
    }
    Ok(())
}

/// Runs a job. Returns whether what it wrote is kept: not if it fails or panics.
///
/// # Errors
/// When the whole transaction is broken.
fn run_job(
    write: &mut WriteTx<'_>,
    Job { work, refuse, .. }: Job,
    answers: &mut Vec<Done>,
) -> Result<bool, StoreError> {
    let keep = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut *write))) {
        Ok(outcome) => {
            answers.push(outcome.done);
            outcome.keep
        }
        Err(panic) => {
            refuse(StoreError::Database(format!("a write panicked: {}", panic_text(&*panic))));
            false
        }
    };
    if write.tx.is_autocommit() {
        // The disk is full, and SQLite has rolled back everything, savepoints too.
        return Err(StoreError::DiskFull);
    }
    Ok(keep)
}

/// Commits what the jobs have written, with what must be shown at the same moment.
fn commit(tx: Transaction<'_>, with_commit: Vec<WithCommit>) -> Result<(), StoreError> {
    sqlite::crash_point("store:before_commit");
    let undo: Vec<Action> = with_commit.into_iter().map(|show| show()).collect();
    if let Err(error) = tx.commit() {
        undo.into_iter().rev().for_each(|undo| undo());
        return Err(error.into());
    }
    sqlite::crash_point("store:after_commit");
    Ok(())
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
