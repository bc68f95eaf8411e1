//! Acknowledgements, in a file that outlives the process that got them.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use chainstate::stackerdb::{producers_contract, signers_contract};
use sha2::{Digest as _, Sha256};
use stacks_types::ids::{BurnBlockHash, StacksBlockId, Txid};

use crate::support::TestChain;

/// One acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Acknowledged {
    /// The folder opened, with a boot block.
    Opened,
    /// A burn block was mined.
    Burn(BurnBlockHash),
    /// A transaction is pending.
    Transaction(Txid),
    /// A chunk with this version is in slot 0 of `.producers` (false) or `.signers` (true).
    Chunk(bool, u32),
    /// A block is stored.
    Stored(StacksBlockId),
    /// A block was judged: appended (true) or refused.
    Judged(StacksBlockId, bool),
    /// An event with this hash was read.
    Event(u64, [u8; 32]),
    /// Events below this one were removed.
    Pruned(u64),
    /// The script is done.
    Done,
}

impl Acknowledged {
    fn line(&self) -> String {
        match self {
            Self::Opened => "opened - -".to_owned(),
            Self::Burn(hash) => format!("burn {} -", hex::encode(hash.0)),
            Self::Transaction(txid) => format!("transaction {} -", hex::encode(txid.0)),
            Self::Chunk(signers, version) => format!("chunk {version} {signers}"),
            Self::Stored(id) => format!("stored {} -", hex::encode(id.0)),
            Self::Judged(id, appended) => format!("judged {} {appended}", hex::encode(id.0)),
            Self::Event(sequence, hash) => format!("event {} {sequence}", hex::encode(hash)),
            Self::Pruned(oldest) => format!("pruned {oldest} -"),
            Self::Done => "done - -".to_owned(),
        }
    }

    fn parse(line: &str) -> Self {
        let words: Vec<_> = line.split(' ').collect();
        let [kind, one, two] = words[..] else { panic!("{line}") };
        let hash = || <[u8; 32]>::try_from(hex::decode(one).expect("hex")).expect("32 bytes");
        match kind {
            "opened" => Self::Opened,
            "burn" => Self::Burn(BurnBlockHash(hash())),
            "transaction" => Self::Transaction(Txid(hash())),
            "chunk" => Self::Chunk(two == "true", one.parse().expect("a version")),
            "stored" => Self::Stored(StacksBlockId(hash())),
            "judged" => Self::Judged(StacksBlockId(hash()), two == "true"),
            "event" => Self::Event(two.parse().expect("a sequence"), hash()),
            "pruned" => Self::Pruned(one.parse().expect("a sequence")),
            "done" => Self::Done,
            _ => panic!("{line}"),
        }
    }
}

/// Writes acknowledgements as they come.
pub(crate) struct Log {
    file: File,
    events: u64,
}

impl Log {
    pub(crate) fn new(path: &Path) -> Self {
        Self { file: File::options().create(true).append(true).open(path).expect("a log"), events: 0 }
    }

    pub(crate) fn write(&mut self, acknowledged: &Acknowledged) {
        self.file.write_all(format!("{}\n", acknowledged.line()).as_bytes()).expect("the log takes it");
    }

    /// Writes all events that are new in the journal.
    pub(crate) fn write_events(&mut self, test: &TestChain) {
        for (sequence, hash) in event_hashes(test, self.events + 1) {
            self.write(&Acknowledged::Event(sequence, hash));
            self.events = sequence;
        }
    }

    /// All complete lines of a log; a last one that was cut off is no acknowledgement.
    pub(crate) fn read(path: &Path) -> Vec<Acknowledged> {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(Acknowledged::parse).collect()
    }
}

/// Sequence and hash of each event from a sequence on.
pub(crate) fn event_hashes(test: &TestChain, from: u64) -> Vec<(u64, [u8; 32])> {
    let events = test
        .chain
        .read(|reader| {
            chainstate::journal::select_events(reader.conn(), reader.staging(), from, usize::MAX >> 1, usize::MAX)
        })
        .expect("a journal");
    events.iter().map(|event| (event.sequence, Sha256::digest(&event.encoded).into())).collect()
}

/// The contract of [`Acknowledged::Chunk`].
pub(crate) fn contract(signers: bool) -> String {
    if signers { signers_contract(false) } else { producers_contract(false) }
}
