//! Every number in a document comes from the code: each has a row with the words around it and the declaration that has
//! it. A changed limit leads to its sentences here, and a new sentence with a number needs a row.
//!
//! One file per document. Words with numbers that do not come from the code (counts, names, HTTP states, constants of a
//! format) are listed separately.

mod actors;
mod architecture;
mod config;
mod differences;
mod events;
mod indexer;
mod limits;
mod proto;
mod readme;

use super::repository;

/// Words with the number, source file, declaration. The document may break the words over lines.
type Row = (&'static str, &'static str, &'static str);

/// What is known about one document's numbers.
struct Page {
    document: &'static str,
    rows: &'static [Row],
    /// Words with numbers that do not come from the code.
    names: &'static [&'static str],
    /// Whether every number in its prose must have a row or a name.
    is_whole: bool,
}

const LIMITS: &str = "node/src/limits.rs";
const SETTINGS: &str = "node/src/config/settings/mod.rs";
const OBSERVERS: &str = "node/src/config/observers.rs";
const DELIVERY: &str = "node/src/event_dispatcher/delivery.rs";
const FILTER: &str = "node/src/event_stream/filter.rs";
const BLOCK_BYTES: (&str, &str) = ("crates/stacks-types/src/limits.rs", "MAX_BLOCK_BYTES: usize = 2 * 1024 * 1024");
const CHUNK_BYTES: (&str, &str) = ("crates/stacks-types/src/limits.rs", "MAX_CHUNK_BYTES: usize = 16 * 1024 * 1024");
const THRESHOLD: (&str, &str) = ("crates/chainstate/src/burn/stackers.rs", "THRESHOLD_PERCENT: u64 = 70");
const MAX_SLOTS: (&str, &str) = ("crates/chainstate/src/stackerdb/instance.rs", "MAX_SLOTS: usize = 4096");
const MAX_INSTANCES: (&str, &str) = ("crates/chainstate/src/stackerdb/instance.rs", "MAX_INSTANCES: usize = 256");
const REWARD_MATURITY: (&str, &str) = ("devnet/src/data_dir/mod.rs", "REWARD_MATURITY: u32 = 2");
const SHORTEST_HEARTBEAT: &str = "MIN_HEARTBEAT: Duration = Duration::from_secs(1)";
const LONGEST_HEARTBEAT: &str = "MAX_HEARTBEAT: Duration = Duration::from_secs(60)";
const USUAL_HEARTBEAT: &str = "DEFAULT_HEARTBEAT: Duration = Duration::from_secs(10)";
const MAX_WAIT: &str = "MAX_WAIT: Duration = Duration::from_secs(30)";

fn pages() -> Vec<Page> {
    let mut pages = vec![
        readme::PAGE,
        actors::PAGE,
        architecture::PAGE,
        differences::PAGE,
        events::PAGE,
        indexer::PAGE,
        limits::PAGE,
    ];
    pages.extend(config::PAGES);
    pages.extend(proto::PAGES);
    pages
}

fn text(file: &str) -> String {
    std::fs::read_to_string(repository().join(file)).expect(file)
}

/// The prose of a document, without code examples; of a source file, only its comments.
fn prose(document: &str) -> String {
    let text = text(document);
    let is_comment = |line: &&str| match document.rsplit('.').next() {
        Some("proto") => line.trim_start().starts_with("//"),
        // Keys that are commented out have no space after the mark.
        Some("toml") => line.starts_with("# "),
        _ => true,
    };
    let lines: Vec<_> = text.lines().filter(is_comment).collect();
    unbroken(&lines.join("\n").split("```").step_by(2).collect::<Vec<_>>().join("\n"))
}

/// The text on one line, with single spaces between words and without comment and list marks at line starts.
fn unbroken(text: &str) -> String {
    let line = |line: &str| {
        let line = line.trim_start().trim_start_matches("// ").trim_start_matches("//");
        let line = line.strip_prefix("# ").unwrap_or(line);
        match line.split_once(". ") {
            Some((number, rest)) if number.parse::<u8>().is_ok() => rest.to_owned(),
            _ => line.to_owned(),
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words that begin with a digit, possibly after brackets or quotes, with the words around them.
fn numbers(text: &str) -> Vec<String> {
    let words: Vec<_> = text.split(' ').collect();
    let is_number =
        |word: &str| word.trim_start_matches(['(', '"', '*', '`']).starts_with(|c: char| c.is_ascii_digit());
    let found = words.iter().enumerate().filter(|(_, word)| is_number(word));
    found.map(|(at, _)| words[at.saturating_sub(4)..(at + 3).min(words.len())].join(" ")).collect()
}

#[test]
fn sentences_have_the_numbers_of_the_code() {
    for Page { document, rows, names, .. } in pages() {
        let (text, prose) = (unbroken(&text(document)), prose(document));
        for (words, source, declaration) in rows {
            assert!(text.contains(words), "{document} does not say: {words}");
            assert!(
                unbroken(&self::text(source)).contains(declaration),
                "{document} says \"{words}\", {source} has no {declaration}"
            );
        }
        for words in names {
            assert!(prose.contains(words), "{document} does not say any more: {words}");
        }
    }
}

#[test]
fn every_sentence_with_a_number_has_its_row() {
    let mut faults = Vec::new();
    for Page { document, rows, names, .. } in pages().into_iter().filter(|page| page.is_whole) {
        let mut left = prose(document);
        // Longest first, so that no row takes part of another row's words.
        let mut known: Vec<_> = rows.iter().map(|row| row.0).chain(names.iter().copied()).collect();
        known.sort_unstable_by_key(|words| std::cmp::Reverse(words.len()));
        for words in known {
            left = left.replace(words, "…");
        }
        let missing = numbers(&left);
        if !missing.is_empty() {
            faults.push(format!("{document}: numbers without a row or a name: {missing:#?}"));
        }
    }
    let place = "they belong in the document's file in tests/tests/docs/numbers/";
    assert!(faults.is_empty(), "{}\n{place}", faults.join("\n"));
}

#[test]
fn no_number_is_overlooked() {
    let found = numbers("at most 256 of \"7 STX\" and (8; `9` or 1.5, but not v2 or SHA512/256");
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(unbroken("// one\n  // 2. two\n# three"), "one two three");
}
