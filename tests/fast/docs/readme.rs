//! The documents against the code they describe: tables, links, file names and lengths.
//!
//! `UPDATE_DOCS=1` rewrites the rows of the tables that differ.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use ips_gateway::config::{SETTINGS, Setting, ValueKind};
use ips_gateway::http::{self, PROBLEM_KINDS, ProblemKind};
use ips_gateway::telemetry::metrics::{METRICS, Metric};

/// A newcomer reads README whole, so it stays short.
const README_LINES: usize = 160;

/// A Markdown file.
struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    /// Reads the file at this path, relative to the repository.
    fn read(path: impl AsRef<Path>) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path, text }
    }

    /// Every document of the repository.
    fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let found: Vec<_> = [root.to_owned(), root.join("docs")].iter().flat_map(|folder| markdown(folder)).collect();
        assert!(found.len() > 10, "only {} documents", found.len());
        found.into_iter().map(Self::read).collect()
    }

    /// The lines that begin with one of `beginnings`: the rows of a table.
    fn rows(&self, beginnings: &[&str]) -> Vec<&str> {
        self.text.lines().filter(|line| is_row(line, beginnings)).collect()
    }

    /// The lines outside of code blocks, each with its number.
    fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut in_code = false;
        (1..).zip(self.text.lines()).filter(move |(_, line)| {
            let is_fence = line.trim_start().starts_with("```");
            in_code ^= is_fence;
            !in_code && !is_fence
        })
    }

    /// The anchors of the headings, as GitHub forms them.
    fn anchors(&self) -> Vec<String> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let headings =
            self.prose().filter_map(|(_, line)| line.strip_prefix('#')).map(|line| line.trim_matches(['#', ' ']));
        headings
            .map(|heading| {
                let kept = heading.to_lowercase().replace(' ', "-");
                let slug: String =
                    kept.chars().filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter)).collect();
                let earlier = seen.entry(slug.clone()).or_default();
                *earlier += 1;
                if *earlier == 1 { slug } else { format!("{slug}-{}", *earlier - 1) }
            })
            .collect()
    }

    /// The targets of the links and pictures, each with the number of its line.
    fn links(&self) -> Vec<(usize, &str)> {
        let targets = |(number, line)| {
            let parts = str::split(line, "](").skip(1);
            parts.filter_map(move |part: &str| part.split_once(')').map(|(target, _)| (number, target)))
        };
        self.prose().flat_map(targets).collect()
    }

    /// The section under a heading of level 2.
    fn section(&self, heading: &str) -> &str {
        let (_, rest) =
            self.text.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section {heading}"));
        rest.split("\n## ").next().unwrap_or(rest)
    }
}

fn markdown(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be listed");
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

fn is_row(line: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| line.starts_with(beginning))
}

/// Asserts that the rows of a table are these, or writes them.
fn assert_table(path: &str, beginnings: &[&str], expected: &[String]) {
    let document = Document::read(path);
    if document.rows(beginnings) == expected {
        return;
    }
    let table = expected.join("\n");
    assert!(
        std::env::var_os("UPDATE_DOCS").is_some(),
        "the table in {path} should be (UPDATE_DOCS=1 writes it)\n{table}"
    );
    let first = document.text.lines().position(|line| is_row(line, beginnings)).expect("the table has a row");
    let mut lines: Vec<_> = document.text.lines().filter(|line| !is_row(line, beginnings)).collect();
    lines.insert(first, &table);
    fs::write(&document.path, lines.join("\n") + "\n").expect("the document can be written");
}

#[test]
fn configuration_lists_the_settings_with_their_defaults() {
    let row = |setting: &Setting| {
        let or_file = if setting.kind == ValueKind::Secret { " or `…_FILE`" } else { "" };
        let default = setting.default.map_or("none".to_owned(), |value| format!("`{value}`"));
        format!("| `{}`{or_file} | `{}` | {} | {default} |", setting.variable(), setting.flag(), setting.help)
    };
    let expected: Vec<_> = SETTINGS.iter().copied().map(row).collect();
    assert_table("docs/configuration.md", &["| `IPS_GATEWAY_"], &expected);
}

#[test]
fn api_lists_the_problems_with_their_status() {
    let row = |kind: &&ProblemKind| {
        let retryable = if kind.retryable { "yes" } else { "no" };
        format!("| {} | `{}` | {} | {retryable} |", kind.status, kind.code, kind.explanation)
    };
    let mut kinds = PROBLEM_KINDS.to_vec();
    kinds.sort_by_key(|kind| kind.status);
    let expected: Vec<_> = kinds.iter().map(row).collect();
    assert_table("docs/api.md", &["| 4", "| 5"], &expected);
}

#[test]
fn operations_lists_the_metrics() {
    let row = |Metric { name, kind, help }: &Metric| {
        format!("| `{name}` | {} | {help} |", format!("{kind:?}").to_lowercase())
    };
    let expected: Vec<_> = METRICS.iter().map(row).collect();
    assert_table("docs/operations.md", &["| `http_", "| `ips_gateway_"], &expected);
}

#[test]
fn api_lists_the_routes() {
    let document = http::openapi_document();
    let paths = document["paths"].as_object().expect("paths");
    let documented: Vec<_> = paths
        .iter()
        .flat_map(|(path, operations)| {
            let methods = operations.as_object().expect("operations").keys();
            methods.map(move |method| format!("| `{} {path}` |", method.to_uppercase()))
        })
        .collect();
    let api = Document::read("docs/api.md");
    let missing: Vec<_> = documented.iter().filter(|row| api.rows(&[row]).is_empty()).collect();
    assert!(missing.is_empty() && !documented.is_empty(), "the table of routes in docs/api.md lacks {missing:#?}");
}

#[test]
fn readme_is_short_and_links_every_document() {
    let readme = Document::read("README.md");
    let lines = readme.text.lines().count();
    assert!(lines <= README_LINES, "README.md has {lines} lines");
    let targets: Vec<_> = readme.links().into_iter().filter_map(|(_, target)| target.split('#').next()).collect();
    for document in Document::all().iter().filter(|document| document.path != readme.path) {
        let path = document.path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("it is in the repository");
        assert!(targets.iter().any(|target| Path::new(target) == path), "README.md doesn't link {}", path.display());
    }
}

#[test]
fn every_relative_link_of_the_documents_has_a_target() {
    let documents = Document::all();
    let mut broken = Vec::new();
    for document in &documents {
        let folder = document.path.parent().expect("a document is in a folder");
        for (number, link) in document.links().into_iter().filter(|(_, link)| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
            let target = if file.is_empty() { document.path.clone() } else { folder.join(file) };
            let has_anchor = |anchor: &str| {
                let anchors = Document::read(&target).anchors();
                anchors.iter().any(|known| known == anchor)
            };
            if !target.exists() || anchor.is_some_and(|anchor| !has_anchor(anchor)) {
                broken.push(format!("{}:{number}: {link}", document.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

#[test]
fn every_home_in_the_vocabulary_exists_and_defines_what_it_is_said_to() {
    let architecture = Document::read("docs/architecture.md");
    let rows: Vec<_> = architecture
        .section("Vocabulary")
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| term"))
        .collect();
    assert!(rows.len() >= 25, "only {} terms", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let home = row.trim_end_matches(" |").rsplit(" | ").next().expect("a row has cells");
        let mut names = home.split('`').skip(1).step_by(2);
        let path = names.next().unwrap_or_else(|| panic!("{row} has no home"));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path);
        let text = if path.is_dir() { Ok(String::new()) } else { fs::read_to_string(&path) };
        match text {
            Err(error) => wrong.push(format!("{}: {error}", path.display())),
            Ok(text) => wrong.extend(
                names.filter(|name| !text.contains(name)).map(|name| format!("no {name} in {}", path.display())),
            ),
        }
    }
    assert!(wrong.is_empty(), "the vocabulary is out of date:\n{}", wrong.join("\n"));
}
