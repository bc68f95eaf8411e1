//! Checks what documents say about other files: links have targets, and limits have the values in the code.

use std::path::{Path, PathBuf};

use super::repository;

/// The hand-written and the generated documents.
fn documents() -> Vec<(PathBuf, String)> {
    let folder = std::fs::read_dir(repository().join("docs")).expect("docs/");
    let pages = folder.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "md"));
    let paths = pages.chain(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| repository().join(name)));
    paths.map(|path| (path.clone(), std::fs::read_to_string(path).expect("a document"))).collect()
}

#[test]
fn links_to_files_and_headings_lead_somewhere() {
    for (page, text) in documents() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            if path.contains("://") {
                continue;
            }
            let target = if path.is_empty() { page.clone() } else { page.parent().expect("a folder").join(path) };
            assert!(target.exists(), "{}: {link}", page.display());
            if !heading.is_empty() {
                let target = std::fs::read_to_string(&target).expect("a document");
                let found = target.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line) == heading);
                assert!(found, "{}: {link} has no such heading", page.display());
            }
        }
    }
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
}

/// All hand-written files of the repository, except vectors.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let kinds = ["rs", "proto", "sql", "toml", "sh", "py", "js", "cjs", "mjs", "ts", "md"];
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "node_modules", "vectors"].contains(&&*name) {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|kind| kinds.iter().any(|wanted| kind == *wanted)) {
            found.push(path);
        }
    }
}

#[test]
fn documents_that_comments_cite_have_the_heading() {
    let mut files = Vec::new();
    sources(&repository(), &mut files);
    let mut cited = 0;
    for file in files.iter().filter(|file| !file.ends_with("docs/links.rs")) {
        let text = std::fs::read_to_string(file).expect("a text");
        for rest in text.split("docs/").skip(1) {
            let is_name = |c: char| c.is_alphanumeric() || "_-.#".contains(c);
            let link = rest.split(|c| !is_name(c)).next().unwrap_or_default().trim_end_matches('.');
            let (name, heading) = link.split_once('#').unwrap_or((link, ""));
            if !name.ends_with(".md") {
                continue;
            }
            let document = std::fs::read_to_string(repository().join("docs").join(name));
            let document = document.unwrap_or_else(|_| panic!("{}: docs/{link} is not there", file.display()));
            let found = document.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line) == heading);
            assert!(heading.is_empty() || found, "{}: docs/{link} has no such heading", file.display());
            cited += 1;
        }
    }
    assert!(cited > 100, "the references were not found");
}

#[test]
fn nothing_cites_papers_that_are_not_here() {
    let mut files = Vec::new();
    sources(&repository(), &mut files);
    let strange = [concat!("SPEC", " "), concat!("FACTS", " "), concat!("COMPAT", " "), concat!("GRPC", " R")];
    for file in files.iter().filter(|file| file.extension().is_some_and(|kind| kind != "md")) {
        let text = std::fs::read_to_string(file).expect("a text");
        for (number, line) in text.lines().enumerate() {
            let found = strange.iter().any(|paper| {
                line.match_indices(paper)
                    .any(|(at, _)| line[at + paper.len()..].starts_with(|c: char| c.is_ascii_digit()))
            });
            assert!(!found, "{}:{}: {line}", file.display(), number + 1);
        }
    }
}

#[test]
fn folders_and_files_that_are_named_exist() {
    let tops = ["node/", "proto/", "producer/", "signer-stub/", "tests/", "docs/"];
    for (page, text) in documents() {
        let named = text.split('`').filter(|part| tops.iter().any(|top| part.starts_with(top)));
        for name in named.filter(|name| !name.contains(['*', '{', ' ', '\n'])) {
            assert!(repository().join(name).exists(), "{}: {name}", page.display());
        }
    }
}

/// Names of source files in backticks, such as `docs/main.rs` or `links.rs`. Patterns are left out.
fn named_sources(text: &str) -> impl Iterator<Item = &str> {
    let is_name = |part: &&str| part.chars().all(|c| c.is_alphanumeric() || "_-./".contains(c));
    text.split('`').skip(1).step_by(2).filter(|part| part.ends_with(".rs")).filter(is_name)
}

/// The folder of the crate that a file belongs to, in the repository.
fn crate_of(relative: &Path) -> PathBuf {
    let depth = if relative.starts_with("crates") { 2 } else { 1 };
    relative.iter().take(depth).collect()
}

#[test]
fn source_files_that_are_named_without_their_folder_exist() {
    let mut files = Vec::new();
    sources(&repository(), &mut files);
    let files: Vec<_> = files.iter().map(|file| file.strip_prefix(repository()).expect("a file of ours")).collect();
    let named_in = |page: &Path, text: &str, folder: &Path| {
        for name in named_sources(text) {
            let found =
                files.iter().any(|file| *file == Path::new(name) || (file.starts_with(folder) && file.ends_with(name)));
            assert!(found, "{}: {name} is not there", page.display());
        }
    };
    for (page, text) in documents().iter().filter(|(page, _)| !page.ends_with("CHANGELOG.md")) {
        named_in(page, text, Path::new(""));
    }
    for file in files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "rs")) {
        let text = std::fs::read_to_string(repository().join(file)).expect("a source");
        for line in text.lines().filter(|line| line.trim_start().starts_with("//")) {
            named_in(file, line, &crate_of(file));
        }
    }
}

#[test]
fn names_of_the_milestone_are_those_of_the_code() {
    let text = std::fs::read_to_string(repository().join("docs/MILESTONE.md")).expect("the document");
    let mut names = 0;
    for row in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = row.split(" | ").collect();
        let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let [feature, code, ..] = cells[..] else { continue };
        let mut files = Vec::new();
        for place in quoted(code).iter().map(|place| repository().join(place)) {
            if place.is_dir() { sources(&place, &mut files) } else { files.push(place) }
        }
        let code: String = files.iter().map(|file| std::fs::read_to_string(file).expect("a file of the row")).collect();
        for name in quoted(feature).iter().filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_')) {
            let forms = [format!("struct {name} "), format!("fn {name}("), format!("TABLE {name} ")];
            assert!(forms.iter().any(|form| code.contains(form)), "docs/MILESTONE.md: {name} is not in {row}");
            names += 1;
        }
    }
    assert!(names > 12, "the table was not found");
}

#[test]
fn limits_have_the_values_of_the_code() {
    let text = std::fs::read_to_string(repository().join("docs/LIMITS.md")).expect("the document");
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [_, name, value, file, ..] = cells[..] else { return None };
        Path::new(file)
            .extension()
            .is_some_and(|kind| kind == "rs")
            .then(|| (name.to_owned(), value.to_owned(), file.to_owned()))
    });
    let rows: Vec<_> = rows.filter(|(name, ..)| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')).collect();
    assert!(rows.len() > 20, "the table of limits was not found");
    for (name, value, file) in rows {
        let code = std::fs::read_to_string(repository().join(&file)).expect("a file of the table");
        let declared = code.lines().find(|line| line.contains(&format!("const {name}:")));
        let declared = declared.unwrap_or_else(|| panic!("{file} has no {name}"));
        assert!(declared.ends_with(&format!("= {value};")), "{file}: {declared}, not {value}");
    }
}
