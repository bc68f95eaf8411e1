//! Makes the API's reference in Markdown from the comments of the .proto files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto};

/// Field numbers of the descriptors, which form the path of a place in a file (descriptor.proto).
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const SERVICES: i32 = 6;
const MEMBERS: i32 = 2;
const SYNTAX: i32 = 12;

/// The reference for the whole API.
///
/// # Panics
/// When the .proto files in `folder` (the one that holds `nakamoto/`) do not compile.
#[must_use]
pub fn api_reference(folder: &Path) -> String {
    let package = folder.join("nakamoto/v1");
    let entries = std::fs::read_dir(&package).expect("the package's folder");
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "proto"));
    paths.sort();
    let mut compiler = protox::Compiler::new([folder]).expect("the folder");
    compiler.include_source_info(true).include_imports(false);
    compiler.open_files(&paths).expect("the files compile");
    let files = compiler.file_descriptor_set().file;

    let mut text = String::from(
        "# API reference: package `nakamoto.v1`\n\n\
         Made from the comments in `proto/nakamoto/v1`; a test checks that it is current\n\
         (`UPDATE_DOCS=1 cargo test -p tests --test docs` writes it again).\n\n",
    );
    let services = files.iter().filter(|file| !file.service.is_empty());
    for name in services.flat_map(|file| &file.service).map(|service| service.name()) {
        line(&mut text, &format!("- [{name}](#{})", name.to_lowercase()));
    }
    text.push('\n');
    for file in &files {
        Page { file, comments: comments(file), text: &mut text }.write();
    }
    text
}

/// Comments of a file, by the path of what they describe.
fn comments(file: &FileDescriptorProto) -> BTreeMap<Vec<i32>, String> {
    let locations = file.source_code_info.iter().flat_map(|info| &info.location);
    let comment = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned();
    locations.map(|place| (place.path.clone(), comment(place.leading_comments()))).collect()
}

/// The part of the reference for one file.
struct Page<'a> {
    file: &'a FileDescriptorProto,
    comments: BTreeMap<Vec<i32>, String>,
    text: &'a mut String,
}

impl Page<'_> {
    fn write(mut self) {
        let file = self.file;
        for (service_at, service) in (0..).zip(&file.service) {
            let about = self.comment(&[SERVICES, service_at]);
            self.paragraph(&format!("## {}", service.name()));
            self.paragraph(&about);
            for (method_at, method) in (0..).zip(&service.method) {
                let about = self.comment(&[SERVICES, service_at, MEMBERS, method_at]);
                let stream = if method.server_streaming() { "stream " } else { "" };
                let (input, output) = (short(method.input_type()), short(method.output_type()));
                self.paragraph(&format!("### {}.{}", service.name(), method.name()));
                self.paragraph(&format!("`rpc {}({input}) returns ({stream}{output})`", method.name()));
                self.paragraph(&about);
            }
        }
        if file.service.is_empty() {
            let name = file.name().rsplit('/').next().unwrap_or_default();
            self.paragraph(&format!("## Shared messages of `{name}`"));
            let about = self.comment(&[SYNTAX]);
            self.paragraph(&about);
        }
        for (at, message) in (0..).zip(&file.message_type) {
            self.message(&[MESSAGES, at], message);
        }
        for (at, values) in (0..).zip(&file.enum_type) {
            self.values(&[ENUMS, at], values);
        }
    }

    fn message(&mut self, path: &[i32], message: &DescriptorProto) {
        let about = self.comment(path);
        self.paragraph(&format!("#### `{}`", message.name()));
        self.paragraph(&about);
        if message.field.is_empty() {
            return;
        }
        line(self.text, "| field | type | meaning |");
        line(self.text, "|---|---|---|");
        for (at, field) in (0..).zip(&message.field) {
            let about = self.comment(&[path, &[MEMBERS, at]].concat());
            let choice = field.oneof_index.filter(|_| !field.proto3_optional());
            let choice = choice.and_then(|index| message.oneof_decl.get(usize::try_from(index).ok()?));
            let choice = choice.map(|choice| format!(" (one of `{}`)", choice.name())).unwrap_or_default();
            line(self.text, &format!("| `{}` | {}{choice} | {} |", field.name(), kind(field), cell(&about)));
        }
        self.text.push('\n');
    }

    fn values(&mut self, path: &[i32], values: &EnumDescriptorProto) {
        let about = self.comment(path);
        self.paragraph(&format!("#### `{}`", values.name()));
        self.paragraph(&about);
        line(self.text, "| value | number | meaning |");
        line(self.text, "|---|---|---|");
        for (at, value) in (0..).zip(&values.value) {
            let about = self.comment(&[path, &[MEMBERS, at]].concat());
            line(self.text, &format!("| `{}` | {} | {} |", value.name(), value.number(), cell(&about)));
        }
        self.text.push('\n');
    }

    fn comment(&self, path: &[i32]) -> String {
        self.comments.get(path).cloned().unwrap_or_default()
    }

    fn paragraph(&mut self, paragraph: &str) {
        if !paragraph.is_empty() {
            line(self.text, paragraph);
            self.text.push('\n');
        }
    }
}

fn line(text: &mut String, line: &str) {
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{line}");
}

fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

/// A type's name without its package.
fn short(name: &str) -> &str {
    name.trim_start_matches('.').trim_start_matches("nakamoto.v1.")
}

fn kind(field: &FieldDescriptorProto) -> String {
    let kind = match field.r#type() {
        Type::Message | Type::Enum => short(field.type_name()).to_owned(),
        scalar => scalar.as_str_name().trim_start_matches("TYPE_").to_lowercase(),
    };
    match field.label() {
        Label::Repeated => format!("repeated `{kind}`"),
        _ if field.proto3_optional() => format!("optional `{kind}`"),
        _ => format!("`{kind}`"),
    }
}
