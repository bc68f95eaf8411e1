//! Refuses keys that nothing reads: names each with its line and a suggestion, all of a file at once.
//!
//! The known names come from the structs that the file is read into, so they are always current.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::Error as NoValue;
use serde::de::{Deserializer, Error as _, Visitor};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::stacks_node_keys;

/// A key counts as a misspelling within one edit for every three letters of it, but at least two edits.
const LETTERS_AN_EDIT: usize = 3;
const LEAST_EDITS: usize = 2;

/// A key that nothing reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyProblem {
    /// Line in the file, from 1.
    pub line: usize,
    /// Names of its tables and its own name, separated by dots.
    pub path: String,
    /// What the user can do about it.
    pub advice: String,
}

impl KeyProblem {
    /// One line of text for each problem, to follow the file's name.
    pub(super) fn list(problems: &[Self]) -> String {
        problems.iter().map(|problem| format!("\n  {problem}")).collect()
    }
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: `{}`: {}", self.line, self.path, self.advice)
    }
}

/// Path of a table in a file, and the names of its keys.
pub(super) type Table = (&'static str, &'static [&'static str]);

/// Finds the keys of `text` that none of `tables` has. `root` is the path of the outermost table: "" for a config file,
/// "genesis" for a genesis file.
///
/// # Errors
/// When the text is not TOML.
pub(super) fn problems(text: &str, root: &str, tables: &[Table]) -> Result<Vec<KeyProblem>, Box<toml::de::Error>> {
    let document = DeTable::parse(text)?;
    let mut search = Search { text, tables, root, found: Vec::new() };
    search.table(root, document.get_ref());
    search.found.sort_by_key(|problem| problem.line);
    Ok(search.found)
}

/// Line, from 1, of the key with this path (such as `journal.max_age` or `events_observer[0].endpoint`); `None` when
/// the text does not have it.
pub(super) fn line(text: &str, path: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let (mut table, mut start) = (document.get_ref(), 0);
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        let (name, index) = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((name, index)) => (name, Some(index.parse::<usize>().ok()?)),
            None => (name, None),
        };
        let (key, value) = table.iter().find(|(key, _)| key.get_ref() == name)?;
        start = key.span().start;
        if names.peek().is_some() {
            let value = match (value.get_ref(), index) {
                (DeValue::Array(list), Some(index)) => list.get(index)?.get_ref(),
                (value, _) => value,
            };
            let DeValue::Table(below) = value else { return None };
            table = below;
        }
    }
    Some(line_at(text, start))
}

fn line_at(text: &str, start: usize) -> usize {
    text.get(..start).unwrap_or_default().matches('\n').count() + 1
}

struct Search<'a> {
    text: &'a str,
    tables: &'a [Table],
    root: &'a str,
    found: Vec<KeyProblem>,
}

impl Search<'_> {
    fn table(&mut self, path: &str, table: &DeTable<'_>) {
        let Some((_, known)) = self.tables.iter().find(|(name, _)| *name == path) else { return };
        for (key, value) in table {
            let below = join(path, key.get_ref());
            if known.contains(&key.get_ref().as_ref()) {
                self.value(&below, value.get_ref());
            } else {
                self.unknown(path, key, known);
            }
        }
    }

    fn value(&mut self, path: &str, value: &DeValue<'_>) {
        match value {
            DeValue::Table(table) => self.table(path, table),
            DeValue::Array(list) => list.iter().for_each(|entry| self.value(path, entry.get_ref())),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }

    fn unknown(&mut self, path: &str, key: &Spanned<Cow<'_, str>>, known: &[&str]) {
        let path_of_key = join(path, key.get_ref());
        let shown = path_of_key.strip_prefix(self.root).unwrap_or(&path_of_key).trim_start_matches('.').to_owned();
        let advice = self.advice(path, key.get_ref(), known);
        self.found.push(KeyProblem { line: line_at(self.text, key.span().start), path: shown, advice });
    }

    fn advice(&self, path: &str, key: &str, known: &[&str]) -> String {
        if let Some(why) = stacks_node_keys::why(path, key) {
            return why.to_owned();
        }
        if let Some(near) = nearest(key, known) {
            return format!("unknown key; did you mean `{near}`?");
        }
        let homes = self.tables.iter().filter(|(home, names)| home.starts_with(self.root) && names.contains(&key));
        if let Some((home, _)) = homes.into_iter().next() {
            let home = if home.is_empty() { "the top level".to_owned() } else { format!("[{home}]") };
            return format!("unknown key here; it belongs to {home}");
        }
        format!("unknown key; known here: {}", known.join(", "))
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The known name of which `key` may be a misspelling.
fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let most = (key.len() / LETTERS_AN_EDIT).max(LEAST_EDITS);
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(key, name), *name))
        .filter(|(edits, _)| *edits <= most)
        .min()
        .map(|(_, name)| name)
}

/// The names of a struct's keys, taken from its `Deserialize`.
pub(super) fn names<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut found: &'static [&'static str] = &[];
    // There is no value to read, so this always fails. Only the names matter.
    let _ = T::deserialize(NameReader { found: &mut found });
    found
}

/// A deserializer that notes which fields are asked for.
struct NameReader<'a> {
    found: &'a mut &'static [&'static str],
}

impl<'de> Deserializer<'de> for NameReader<'_> {
    type Error = NoValue;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, NoValue> {
        Err(NoValue::custom("no value"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, NoValue> {
        *self.found = fields;
        Err(NoValue::custom("no value"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{file, genesis};

    fn check(text: &str, expected: &[(usize, &str, &str)]) {
        let found = problems(text, "", &file::tables()).unwrap();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (problem, (line, path, advice)) in found.iter().zip(expected) {
            assert_eq!((problem.line, problem.path.as_str()), (*line, *path));
            assert!(problem.advice.contains(advice), "{problem}");
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_line_and_nearest_name() {
        check("[node]\n\nrpc_bnd = \"x\"\n", &[(3, "node.rpc_bnd", "did you mean `rpc_bind`?")]);
        check("[nodes]\na = 1\n", &[(1, "nodes", "did you mean `node`?")]);
        check(
            "[[events_observer]]\nendpoint = \"a:1\"\n[[events_observer]]\nevent_keys = []\n",
            &[(4, "events_observer.event_keys", "did you mean `events_keys`?")],
        );
        check("genesis.stackers = [{ adress = 1 }]", &[(1, "genesis.stackers.adress", "`address`")]);
    }

    #[test]
    fn a_key_that_is_there_has_a_line() {
        let text = "[journal]\n\nmax_age = \"1s\"\n[[events_observer]]\n[[events_observer]]\nendpoint = \"a:1\"\n";
        assert_eq!(line(text, "journal.max_age"), Some(3));
        assert_eq!(line(text, "events_observer[1].endpoint"), Some(6));
        assert_eq!(line("genesis.epoch = 1", "genesis.epoch"), Some(1));
        for absent in ["journal.max_events", "node.log", "events_observer[0].endpoint", "events_observer[2].endpoint"] {
            assert_eq!(line(text, absent), None, "{absent}");
        }
    }

    #[test]
    fn a_key_in_the_wrong_table_is_refused_with_where_it_belongs() {
        check("[node]\nauth_token = \"x\"", &[(2, "node.auth_token", "belongs to [connection_options]")]);
        check("rpc_bind = \"x\"", &[(1, "rpc_bind", "belongs to [node]")]);
    }

    #[test]
    fn a_key_far_from_all_is_shown_the_known_ones() {
        check("[journal]\nxyzzy = 1", &[(2, "journal.xyzzy", "known here: max_events")]);
    }

    #[test]
    fn keys_of_the_reference_are_refused_with_the_reason_all_at_once() {
        check(
            "[node]\nseed = \"00\"\np2p_bind = \"x\"\nminer = true\n[miner]\nx = 1\n[burnchain]\npeer_host = \"b\"\n",
            &[
                (2, "node.seed", "no private key"),
                (3, "node.p2p_bind", "peer-to-peer"),
                (4, "node.miner", "mockamoto-producer"),
                (5, "miner", "mockamoto-producer"),
                (8, "burnchain.peer_host", "mocked"),
            ],
        );
    }

    #[test]
    fn a_genesis_file_is_checked_from_its_own_top() {
        let found =
            problems("netwrk = \"testnet\"\n[[producers]]\nadres = \"\"", "genesis", &genesis::tables()).unwrap();
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found[0], "line 1: `netwrk`: unknown key; did you mean `network`?");
        assert_eq!(found[1], "line 3: `producers.adres`: unknown key; did you mean `address`?");
    }

    #[test]
    fn no_key_is_both_known_and_foreign_and_every_table_has_names() {
        for (table, names) in file::tables() {
            assert!(!names.is_empty(), "{table}");
            for name in names {
                assert_eq!(stacks_node_keys::why(table, name), None, "{table}.{name}");
            }
        }
    }
}
