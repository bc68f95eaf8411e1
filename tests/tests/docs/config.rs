//! Makes the reference of config keys and flags in Markdown from the commented samples and the command lines.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory as _};

/// Content of docs/CONFIG.md.
pub(crate) fn config_reference() -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         Made from `node/src/config/sample_config.toml`, `sample_genesis.toml` and the programs' command lines; a test\n\
         checks that it is current (`UPDATE_DOCS=1 cargo test -p tests --test docs` writes it again). Other tests check\n\
         that the samples parse, hold the defaults, and show every key.\n\n\
         `mockamoto-node --config FILE` reads a TOML file; so does `mockamoto --config FILE`. A flag wins\n\
         over the file, the file over the default. An unknown key is refused with its line and the nearest name, a key\n\
         of `stacks-node` that means nothing here with the reason: no key is skipped.\n\n\
         ## The config file\n\n",
    );
    let (_, file) = mockamoto_node::config::SAMPLE_CONFIG.split_once("\n\n").expect("a preface");
    let (file, _) = file.split_once("# The genesis in this file").expect("a genesis");
    text.push_str("Every key may be left out. Relative paths are seen from the folder of the file.\n\n");
    tables(&mut text, file);
    text.push_str(
        "### `[genesis]`\n\nThe genesis in the config file itself: the keys of a genesis file, below, with\n\
         `[[genesis.balances]]`, `[[genesis.producers]]` and `[[genesis.stackers]]` for its lists. Not together with\n\
         `node.genesis_file`.\n\n\
         ## The genesis file\n\n",
    );
    tables(&mut text, mockamoto_node::config::SAMPLE_GENESIS);
    text.push_str("## Flags\n\n");
    for command in [
        mockamoto::args::Args::command(),
        mockamoto_node::config::Flags::command(),
        mockamoto_producer::args::Args::command(),
        mockamoto_signer_stub::args::Args::command(),
    ] {
        flags(&mut text, &command);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// A comment and the keys that it describes.
#[derive(Default)]
struct Entry {
    about: String,
    keys: Vec<(String, String, bool)>,
}

/// A sample's tables. A comment before a table or a blank line describes the table; a key without a comment belongs to
/// the entry before.
fn tables(text: &mut String, sample: &str) {
    let (mut about, mut entries) = (String::new(), Vec::<Entry>::new());
    for line in sample.lines() {
        let example = line.strip_prefix('#').filter(|rest| !rest.is_empty() && !rest.starts_with(' '));
        let content = example.unwrap_or(line);
        if let Some(comment) = content.strip_prefix('#') {
            let gap = if about.is_empty() { "" } else { " " };
            about = format!("{about}{gap}{}", comment.trim());
        } else if content.starts_with('[') {
            flush(text, &mut entries);
            let _ = write!(text, "### `{content}`\n\n");
            paragraph(text, &std::mem::take(&mut about));
        } else if let Some((key, value)) = content.split_once(" = ") {
            if !about.is_empty() || entries.is_empty() {
                entries.push(Entry { about: std::mem::take(&mut about), keys: Vec::new() });
            }
            let entry = entries.last_mut().expect("pushed above");
            entry.keys.push((key.to_owned(), value.to_owned(), example.is_none()));
        } else if !about.is_empty() {
            paragraph(text, &std::mem::take(&mut about));
        }
    }
    flush(text, &mut entries);
}

fn flush(text: &mut String, entries: &mut Vec<Entry>) {
    if entries.is_empty() {
        return;
    }
    text.push_str("| key | default | meaning |\n|---|---|---|\n");
    for entry in entries.drain(..) {
        for (at, (key, value, is_default)) in entry.keys.iter().enumerate() {
            let default = if *is_default { format!("`{value}`") } else { format!("none; e.g. `{value}`") };
            let about = if at == 0 { entry.about.as_str() } else { "See above." };
            let about = if entry.about.is_empty() { "" } else { about };
            let _ = writeln!(text, "| `{key}` | {default} | {} |", cell(about));
        }
    }
    text.push('\n');
}

fn flags(text: &mut String, command: &Command) {
    let _ = write!(text, "### `{}`\n\n", command.get_name());
    paragraph(text, &command.get_about().map(ToString::to_string).unwrap_or_default());
    text.push_str("| flag | default | environment | meaning |\n|---|---|---|---|\n");
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set() && arg.get_long().is_some());
    for arg in shown {
        let (help, default) = help_and_default(arg);
        let value = arg.get_value_names().map(|names| names.join(" ")).unwrap_or_default();
        let value = match (arg.get_action().takes_values(), arg.is_require_equals_set()) {
            (false, _) => String::new(),
            (true, true) => format!("[={value}]"),
            (true, false) => format!(" {value}"),
        };
        let environment = arg.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
        let long = arg.get_long().unwrap_or_default();
        let _ = writeln!(text, "| `--{long}{value}` | {default} | {environment} | {} |", cell(&help));
    }
    text.push('\n');
}

/// Ends the help with the default where the default is not the command line's own.
fn help_and_default(arg: &Arg) -> (String, String) {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let own: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !own.is_empty() {
        return (help, format!("`{}`", own.join(" ")));
    }
    match help.split_once(" [default: ") {
        Some((help, default)) => (help.to_owned(), format!("`{}`", default.trim_end_matches(']'))),
        None => (help, String::new()),
    }
}

fn paragraph(text: &mut String, paragraph: &str) {
    if !paragraph.is_empty() {
        let _ = write!(text, "{paragraph}\n\n");
    }
}

fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}
