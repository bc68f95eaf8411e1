//! Opens a data folder: locks it, checks it, brings its files in step, makes the boot block in a new one.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use marf::Marf;
use rusqlite::Connection;
use sqlite::owner::{self, Owner};
use sqlite::{Durability, crash_point};

use super::check_rest::UncheckedFiles;
use super::files::Paths;
use super::inspect::{Folder, inspect};
use crate::blocks::ExecutionCache;
use crate::burn::{BurnDbWriter, BurnOpenError};
use crate::chain::assembly_state::AssemblyState;
use crate::chain::block_orders::BlockOrders;
use crate::chain::chain_meta::{count_start, is_bound, select_meta};
use crate::chain::mining_policy::select_mining;
use crate::chain::{Inner, NakamotoChainState};
use crate::db::{OpenError, Positions, SCHEMA, StoreError};
use crate::journal::{JournalTail, select_bounds};
use crate::mempool::MempoolIndex;
use crate::params::ChainParams;
use crate::staging::StagingWriter;
use crate::store::Store;

/// Held by the process that uses the folder.
const LOCK_FILE: &str = "lock";
/// Made and removed at each start.
const PROBE_FILE: &str = "probe";

impl NakamotoChainState {
    /// Opens the chain in `folder`, or makes it with these parameters. Returns the writer's thread, too; it ends after
    /// the last handle is dropped.
    ///
    /// Executes the boot block in a new folder: call it on a thread with [`crate::execution::STACK_BYTES`] of stack.
    /// `durability` applies to all of the chain's files. `clock` returns milliseconds since 1970.
    ///
    /// # Errors
    /// [`OpenError`]: the folder is unusable, damaged, in use, or of another chain.
    pub fn open(
        folder: &Path,
        params: ChainParams,
        durability: Durability,
        clock: fn() -> u64,
    ) -> Result<(Self, JoinHandle<()>), OpenError> {
        let lock = take(folder, durability)?;
        let paths = Paths::of(folder);
        let mut inspected = inspect(folder, &params)?;
        let unchecked = UncheckedFiles::of(&mut inspected, &paths);
        // From here on the folder is written.
        let files = OpenFiles::open(inspected, &paths, durability)?;
        let broken = || OpenError::store(&paths.chain);
        let meta = select_meta(&files.conn).map_err(broken())?;
        let is_bound = is_bound(&files.conn).map_err(broken())?;
        let journal_id = meta.as_ref().map_or_else(new_journal_id, |meta| meta.journal_id);
        let bounds = select_bounds(&files.conn).map_err(broken())?;
        let oldest_at_start_ms = if bounds.oldest_time_ms == 0 { clock() } else { bounds.oldest_time_ms };
        let tail = JournalTail::new(journal_id, bounds);
        let positions = files.positions;
        positions.event().raise(bounds.newest);
        tail.listen(Box::new(move |newest| positions.event().raise(newest)));
        let mempool = MempoolIndex::load(&files.conn).map_err(broken())?;
        let orders = BlockOrders::after_start(select_mining(&files.conn).map_err(broken())?.blocks_wanted);
        let (store, writer) = Store::spawn(files.conn, tail.clone(), clock).map_err(OpenError::file(folder))?;
        let start_number = start_number(&store, meta.is_none()).map_err(broken())?;
        let inner = Arc::new(Inner {
            params: files.params,
            folder: folder.to_owned(),
            marf: files.marf,
            contracts: Arc::default(),
            store,
            tail,
            followed_ahead: Mutex::new(None),
            burn: Mutex::new(files.burn),
            staging: Mutex::new(files.staging),
            mempool: Mutex::new(mempool),
            evicting: Mutex::default(),
            orders: Mutex::new(orders),
            assembly: AssemblyState::default(),
            executed: ExecutionCache::default(),
            verified: Arc::default(),
            start_number,
            oldest_at_start_ms,
            readers: Mutex::default(),
            clock,
            execution_limits: Mutex::default(),
            stop: AtomicBool::new(false),
            unchecked: Mutex::new(unchecked),
            _lock: lock,
        });
        let chain = Self { inner };
        if meta.is_none() {
            chain.make_genesis(journal_id)?;
        }
        if !is_bound {
            chain.bind_files(journal_id).map_err(OpenError::store(folder))?;
        }
        Ok((chain, writer))
    }
}

/// A folder's files, open for writing.
struct OpenFiles {
    params: ChainParams,
    conn: Connection,
    burn: BurnDbWriter,
    staging: StagingWriter,
    marf: Marf,
    positions: Arc<Positions>,
}

impl OpenFiles {
    /// Opens the inspected files; makes missing ones and migrates those of an earlier version.
    fn open(inspected: Folder, paths: &Paths, durability: Durability) -> Result<Self, OpenError> {
        let Folder { params, chain, burn, staging, nodes } = inspected;
        let mut conn = chain.open(durability)?;
        SCHEMA.migrate(&mut conn)?;
        Marf::create_tables(&conn).map_err(OpenError::database(&paths.chain))?;
        crash_point("open:chain_made");
        let positions = Arc::<Positions>::default();
        let burn = BurnDbWriter::open_inspected(burn, &params.burn, Arc::clone(&positions), durability)
            .map_err(BurnOpenError::at(&paths.burn))?;
        crash_point("open:burn_made");
        let staging = StagingWriter::open_inspected(staging, Arc::clone(&positions), durability)?;
        crash_point("open:staging_made");
        let marf = nodes.open(&conn, durability).map_err(OpenError::nodes(&paths.chain))?;
        crash_point("open:nodes_made");
        Ok(Self { params, conn, burn, staging, marf, positions })
    }
}

/// How often the folder was opened before.
fn start_number(store: &Store, is_new: bool) -> Result<u64, StoreError> {
    if is_new { Ok(0) } else { store.write(|tx| count_start(tx.sql())) }
}

/// Makes the folder durable: it survives a power cut only if the entry in its parent does.
fn make_folder(folder: &Path, durability: Durability) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    durability.sync_entry(folder)
}

/// Makes the folder if there is none, and locks it: two processes on it would each believe to be its only writer.
fn take(folder: &Path, durability: Durability) -> Result<File, OpenError> {
    owner::check(folder, Owner::Node).map_err(|source| OpenError::Foreign { path: folder.to_owned(), source })?;
    make_folder(folder, durability).map_err(OpenError::file(folder))?;
    let path = folder.join(LOCK_FILE);
    let options = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = options.map_err(OpenError::file(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(sqlite::OpenError::InUse { path: folder.to_owned() }.into()),
        Err(TryLockError::Error(source)) => return Err(OpenError::file(&path)(source)),
    }
    try_to_write(folder)?;
    crash_point("open:folder_locked");
    Ok(file)
}

/// SQLite does not say why it cannot make the files that it needs beside a database; the system does when a file is
/// made here.
fn try_to_write(folder: &Path) -> Result<(), OpenError> {
    let path = folder.join(PROBE_FILE);
    File::create(&path).and_then(|_| std::fs::remove_file(&path)).map_err(OpenError::file(&path))
}

/// Sixteen bytes that differ from folder to folder: the standard library's hasher keys are random for each process.
fn new_journal_id() -> [u8; 16] {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    let half = || RandomState::new().build_hasher().finish().to_be_bytes();
    let mut id = [0; 16];
    id[..8].copy_from_slice(&half());
    id[8..].copy_from_slice(&half());
    id
}

#[cfg(test)]
mod tests;
