//! Reads a summary of every file of a folder before anything is written in it: each has recorded how far the others were.
//!
//! # Not here
//! Which files fit each other: `consistency`.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};
use sqlite::Inspected;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};

use super::consistency::{ChainSummary, Summaries, misfits};
use super::differences::differences;
use super::files::{CHAIN_FILE, NODES_FILE, Paths};
use crate::burn::{self, BurnOpenError};
use crate::chain::chain_meta::{is_bound, select_meta};
use crate::db::{OpenError, StoreError, check_schema, inspect_when_free};
use crate::journal::select_bounds;
use crate::params::ChainParams;
use crate::staging;

/// The files of a folder, undamaged and as of one moment; nothing is written yet.
pub(in crate::chain) struct Folder {
    /// The chain's parameters, with those that an earlier release used when it made the chain.
    pub(in crate::chain) params: ChainParams,
    pub(in crate::chain) chain: Inspected,
    pub(in crate::chain) burn: Inspected,
    pub(in crate::chain) staging: Inspected,
    pub(in crate::chain) nodes: marf::Inspected,
}

/// Checks the files in `folder`, each by itself and against the others.
///
/// # Errors
/// [`OpenError`]: a file is damaged, of a newer version or of another chain; or the files do not belong together.
pub(in crate::chain) fn inspect(folder: &Path, params: &ChainParams) -> Result<Folder, OpenError> {
    let paths = Paths::of(folder);
    let chain = inspect_when_free(&paths.chain)?;
    let (burn, staging) = (sqlite::inspect(&paths.burn)?, sqlite::inspect(&paths.staging)?);
    let chain_summary = chain.look(|conn| read_chain_summary(conn, &paths.chain))?.unwrap_or_default();
    let as_made = chain_summary.meta.as_ref().map(|meta| (meta.params, params.as_made(&meta.params)));
    let params = match as_made {
        None => params.clone(),
        Some((_, Some(params))) => params,
        Some((made_with, None)) => {
            let differences = differences((&chain, &burn), &paths, &made_with, params)?;
            return Err(OpenError::other_chain(folder, differences));
        }
    };
    let tip = chain_summary.meta.as_ref().map(|meta| meta.tip).filter(|tip| *tip != StacksBlockId::BOOT);
    let burn_summary = burn.look(|conn| burn::read_summary(conn, &params.burn, chain_summary.tip_view.as_ref()));
    let staging_summary = staging.look(|conn| staging::read_summary(conn, tip.as_ref()))?.unwrap_or_default();
    let lacks_processed = match staging_summary.newest_processed {
        Some(id) => chain.look(|conn| lacks_header(conn, &id, &paths.chain))?.unwrap_or(true),
        None => false,
    };
    let summaries = Summaries {
        chain: chain_summary,
        burn: burn_summary.map_err(BurnOpenError::at(&paths.burn))?.unwrap_or_default(),
        staging: staging_summary,
        lacks_processed,
        present: [chain.exists()?, burn.exists()?, staging.exists()?, exists(&paths.nodes)?],
    };
    let mut misfits = misfits(&summaries);
    let nodes = inspect_nodes(&chain, &paths);
    if let Err(marf::OpenError::Ahead { offset, .. }) = &nodes {
        misfits.push(format!("{NODES_FILE} holds blocks from byte {offset} on that {CHAIN_FILE} does not know"));
    }
    if !misfits.is_empty() {
        return Err(OpenError::Apart { path: folder.to_owned(), misfits });
    }
    let nodes = nodes.map_err(OpenError::nodes(&paths.chain))?;
    Ok(Folder { params, chain, burn, staging, nodes })
}

fn read_chain_summary(conn: &Connection, path: &Path) -> Result<ChainSummary, OpenError> {
    check_schema(conn, path)?;
    if !conn.table_exists(None, "meta").map_err(OpenError::database(path))? {
        return Ok(ChainSummary::default());
    }
    let read = || -> Result<ChainSummary, StoreError> {
        let meta = select_meta(conn)?;
        let tip_view = meta.as_ref().map(|meta| select_view(conn, &meta.tip)).transpose()?.flatten();
        Ok(ChainSummary { meta, is_bound: is_bound(conn)?, newest_event: select_bounds(conn)?.newest, tip_view })
    };
    read().map_err(OpenError::store(path))
}

/// The burn view of a processed block.
fn select_view(conn: &Connection, id: &StacksBlockId) -> Result<Option<BurnBlockHash>, StoreError> {
    let sql = "SELECT burn_view FROM nakamoto_block_headers WHERE block_id = ?1
               UNION ALL SELECT burn_view FROM block_headers WHERE block_id = ?1";
    Ok(conn.query_row(sql, [id.as_bytes()], |row| row.get(0).map(BurnBlockHash)).optional()?)
}

fn lacks_header(conn: &Connection, id: &StacksBlockId, path: &Path) -> Result<bool, OpenError> {
    let read = || -> Result<bool, StoreError> {
        Ok(!conn.table_exists(None, "nakamoto_block_headers")? || select_view(conn, id)?.is_none())
    };
    read().map_err(OpenError::store(path))
}

fn inspect_nodes(chain: &Inspected, paths: &Paths) -> Result<marf::Inspected, marf::OpenError> {
    let nodes = chain.look(|conn| Ok::<_, UnreadableDatabase>(marf::Inspected::of(&paths.nodes, conn)));
    match nodes {
        Ok(Some(nodes)) => nodes,
        Ok(None) => marf::Inspected::of(&paths.nodes, &Connection::open_in_memory()?),
        Err(UnreadableDatabase(error)) => {
            Err(marf::OpenError::Io { path: paths.chain.clone(), cause: std::io::Error::other(error) })
        }
    }
}

/// The error when the database cannot be read, whatever the index says.
struct UnreadableDatabase(sqlite::OpenError);

impl From<sqlite::OpenError> for UnreadableDatabase {
    fn from(error: sqlite::OpenError) -> Self {
        Self(error)
    }
}

fn exists(path: &Path) -> Result<bool, OpenError> {
    path.try_exists().map_err(OpenError::file(path))
}
