//! Clarity: the language of contracts, versions 1 to 6, under the rules of epochs 3.0 to 4.1.
//!
//! ```text
//!              charged by bytes, edges       by visits, types                         by what is done
//!                       │                          │                                        │
//! text ─ lex ─ parse ─ sort ─▶ syntax tree ─ check ─▶ interface ─ lower ─▶ program ─ deploy, call ─▶ value, events, writes
//!        └──── `syntax` ────┘              `analysis`    │       `lower`      ▲          `run`            │      │
//!                                                        │                    │                           │      ▼
//!          stored: source, interface, constants ◀────────┴────────────────────┼───────────────────────────┘   `state`
//!                  └── after a restart: parse, sort, lower, not charged ──────┘
//! ```
//!
//! The syntax tree is an arena with spans; the program is an arena of expressions in which names are places: slots of a
//! frame, indices of functions, variables, maps, tokens. The machine walks the program by recursion. The language
//! bounds its depth ([`Rules::call_depth`]); a stack of [`engine::STACK_BYTES`] is enough for it.
//!
//! Everything here is consensus: results, errors, costs, the order of writes. A rule of an epoch is a field of [`Rules`], a rule of
//! a version of the language a field of [`Dialect`], a native function a row of [`natives`], a cost a row of `costs/table.rs`.
//! Nothing here knows blocks, transactions or databases.
//!
//! Modules, from the bottom up: each imports only from its own row and the rows above it.
//!
//! | modules | hold |
//! |---|---|
//! | `names`, `keywords`, `dialect`, `crypto` | words, what a version of the language decides, hashes and signatures |
//! | `costs`, `rules`, `natives` | what work costs, what an epoch decides, the table of the native functions |
//! | `principal` | accounts, contracts and traits by their full names |
//! | `types`, `value` | types, and values, which carry them |
//! | `error`, `keys` | why an evaluation stops; under which keys the state is stored |
//! | `syntax`, `analysis`, `lower` | from a text to a checked interface and a program |
//! | `state`, `run`, `engine` | contracts and writes, the machine, the entry points |
//!
//! | to learn | read |
//! |---|---|
//! | how a contract is published, called, read | `engine/mod.rs` |
//! | what the engine asks of a chain | `state/world.rs` |
//! | what a value is, and the type that it carries | `value/mod.rs`, `types/mod.rs` |
//! | in which order things are evaluated and charged | `run/machine.rs`, `run/call.rs`, and the natives below |
//! | what a function costs | its row in `natives.rs`, the figures in `costs/table.rs` |
//!
//! | natives | run by, in `run/natives/` |
//! |---|---|
//! | `+ - * / mod pow sqrti log2 to-int to-uint < <= > >=`, `xor`, `bit-*` | `number.rs` |
//! | `and or not is-eq if asserts! begin let print` | `logic.rs` |
//! | `list append concat as-max-len? len element-at element-at? index-of index-of? slice? replace-at?` | `sequence.rs` |
//! | `map filter fold` | `higher_order.rs` |
//! | `tuple get merge` | `tuple.rs` |
//! | `some ok err is-* default-to unwrap* try! match` | `option.rs` |
//! | `hash160 sha256 sha512 sha512/256 keccak256` | `hash.rs` |
//! | `secp256k1-* secp256r1-verify ed25519-verify verify-merkle-proof get-bitcoin-tx-output? principal-of?` | `verify.rs` |
//! | `buff-to-* string-to-* int-to-* to-ascii? to-consensus-buff? from-consensus-buff?` | `convert.rs` |
//! | `is-standard principal-destruct? principal-construct? contract-hash? contract-of` | `principal.rs` |
//! | `var-* map-get? map-set map-insert map-delete` | `data.rs` |
//! | `ft-* nft-*` | `token.rs` |
//! | `stx-*` | `stx.rs` |
//! | `get-*-info? as-contract at-block` | `chain.rs` |
//! | `restrict-assets? as-contract? with-*` | `allowance.rs` |
//! | `contract-call?` | `run/contract_call.rs` |
//!
//! All of them are compared with the network's own implementation, charge by charge, in `tests/tests/vectors/clarity`.

pub mod analysis;
pub mod costs;
pub mod crypto;
pub mod dialect;
pub mod engine;
pub mod error;
pub mod keys;
pub mod keywords;
pub(crate) mod lower;
pub mod names;
pub mod natives;
pub mod principal;
pub mod rules;
pub mod run;
pub mod state;
pub mod syntax;
#[cfg(any(test, feature = "test-support"))]
pub mod test_support;
pub mod types;
pub mod value;

pub use dialect::Dialect;
pub use rules::Rules;
