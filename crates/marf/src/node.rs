//! Inner nodes in memory: kinds, compressed paths, child slots, and adding a child
//! (docs/CONSENSUS.md#nodes).
//!
//! # Invariants
//! - A Node4, Node16 or Node48 has only slots in use, in the order in which they were filled.
//! - A Node256 has 256 slots; slot number = path byte.
//!
//! # Not here
//! Hashing: `node_hash`. Bytes on disk: `record`.

/// Path bytes from the trie's root to the end of a leaf.
pub(crate) const PATH_BYTES: usize = 32;

/// The block of a child that belongs to the trie being built; its slot's `at` is then an index in the arena.
pub(crate) const LOCAL: u32 = u32::MAX;

/// The kinds of nodes, by their ids (docs/CONSENSUS.md#nodes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Leaf = 1,
    Node4 = 2,
    Node16 = 3,
    Node48 = 4,
    Node256 = 5,
}

impl Kind {
    /// The id that is hashed, 1 to 5.
    pub(crate) const fn id(self) -> u8 {
        self as u8
    }

    pub(crate) const fn from_id(id: u8) -> Option<Self> {
        match id {
            1 => Some(Self::Leaf),
            2 => Some(Self::Node4),
            3 => Some(Self::Node16),
            4 => Some(Self::Node48),
            5 => Some(Self::Node256),
            _ => None,
        }
    }

    /// Number of children that fit; 0 for a leaf.
    pub(crate) const fn capacity(self) -> usize {
        match self {
            Self::Leaf => 0,
            Self::Node4 => 4,
            Self::Node16 => 16,
            Self::Node48 => 48,
            Self::Node256 => 256,
        }
    }

    /// The kind that a full node of this kind becomes. A Node256 never lacks room.
    const fn next(self) -> Self {
        match self {
            Self::Leaf | Self::Node4 => Self::Node16,
            Self::Node16 => Self::Node48,
            Self::Node48 | Self::Node256 => Self::Node256,
        }
    }
}

/// A run of path bytes, at most 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path {
    length: u8,
    bytes: [u8; PATH_BYTES],
}

impl Path {
    pub(crate) const EMPTY: Self = Self { length: 0, bytes: [0; PATH_BYTES] };

    /// A path of these bytes; `None` if they are more than 32.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        let mut path = Self::EMPTY;
        path.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        path.length = u8::try_from(bytes.len()).ok()?;
        Some(path)
    }

    /// The bytes of `path` from `from` on; empty past its end.
    pub(crate) fn from_tail(path: &[u8; PATH_BYTES], from: usize) -> Self {
        path.get(from..).and_then(Self::new).unwrap_or(Self::EMPTY)
    }

    /// The bytes before `end`, which must be within the path.
    pub(crate) fn head(&self, end: usize) -> Self {
        self.as_slice().get(..end).and_then(Self::new).unwrap_or(Self::EMPTY)
    }

    /// The bytes from `start` on, which must be within the path or at its end.
    pub(crate) fn tail(&self, start: usize) -> Self {
        self.as_slice().get(start..).and_then(Self::new).unwrap_or(Self::EMPTY)
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    pub(crate) const fn len(&self) -> usize {
        self.length as usize
    }

    /// The length as one byte, which is hashed and stored.
    pub(crate) const fn length_byte(&self) -> u8 {
        self.length
    }
}

/// How many bytes `left` and `right` have in common from their start.
pub(crate) fn common_prefix(left: &[u8], right: &[u8]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}

/// Place and kind of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Offset in the node file; index in the arena if `block` is [`LOCAL`].
    pub(crate) at: u64,
    /// Number of the block whose trie holds the child, or [`LOCAL`].
    pub(crate) block: u32,
    /// Kind of the child's node.
    pub(crate) kind: Kind,
    /// The path byte that leads to the child.
    pub(crate) chr: u8,
    /// Whether the slot differs from that of the node's base, so that a patch must name it.
    pub(crate) patched: bool,
}

/// The full record of a node on disk: its own, or the one that its patch changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Base {
    /// Offset of the full record.
    pub(crate) at: u64,
    /// How many patches the node has had since the base; 0 for the base itself.
    pub(crate) generation: u8,
}

/// A Node4, Node16, Node48 or Node256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inner {
    pub(crate) kind: Kind,
    pub(crate) path: Path,
    pub(crate) slots: Vec<Option<Slot>>,
    /// The record to patch; `None` if the next record must be a full one.
    pub(crate) base: Option<Base>,
}

impl Inner {
    /// Makes a node without children.
    pub(crate) fn new(kind: Kind, path: Path) -> Self {
        let slots = if kind == Kind::Node256 { vec![None; 256] } else { Vec::new() };
        Self { kind, path, slots, base: None }
    }

    /// Index of the slot of the child under `chr`.
    pub(crate) fn find(&self, chr: u8) -> Option<usize> {
        if self.kind == Kind::Node256 {
            let index = usize::from(chr);
            return self.slots.get(index)?.map(|_| index);
        }
        self.slots.iter().position(|slot| slot.is_some_and(|slot| slot.chr == chr))
    }

    /// Slot of the child under `chr`.
    pub(crate) fn child(&self, chr: u8) -> Option<Slot> {
        self.slots.get(self.find(chr)?).copied().flatten()
    }

    /// Adds a child under a byte that has none, growing the node if it is full (docs/CONSENSUS.md#nodes).
    pub(crate) fn add(&mut self, slot: Slot) {
        if self.kind != Kind::Node256 && self.slots.len() == self.kind.capacity() {
            self.grow();
        }
        if self.kind == Kind::Node256 {
            self.slots[usize::from(slot.chr)] = Some(slot);
        } else {
            self.slots.push(Some(slot));
        }
    }

    fn grow(&mut self) {
        self.kind = self.kind.next();
        self.base = None;
        if self.kind == Kind::Node256 {
            let mut slots = vec![None; 256];
            for slot in self.slots.drain(..).flatten() {
                slots[usize::from(slot.chr)] = Some(slot);
            }
            self.slots = slots;
        }
    }
}
