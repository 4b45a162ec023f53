//! The structure of the crate: which top-level module may use which, no circles in any folder, where libraries may be used, and how
//! large files and folders may get.

mod graph;
mod parser;
mod parser_tests;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use self::graph::Crate;
use self::source::{Source, entries, files, folders};

/// The modules that each top-level module may use beside itself: a module stands for all that is in it.
const ARROWS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("cli", &["app", "config", "http", "ips::types", "runtime", "sandbox", "server", "telemetry", "upstream"]),
    ("app", &["config", "http", "ips::types", "jobs", "replicas", "runtime", "server", "telemetry", "upstream"]),
    ("http", &["config", "ips::types", "jobs", "replicas", "runtime", "telemetry", "upstream"]),
    ("server", &["config", "runtime", "telemetry"]),
    ("jobs", &["ips::types", "replicas", "runtime", "telemetry", "upstream"]),
    ("upstream", &["ips", "runtime", "telemetry"]),
    ("replicas", &["runtime", "telemetry"]),
    ("sandbox", &["ips", "runtime"]),
    ("telemetry", &["config"]),
    ("config", &["ips::types"]),
    ("ips", &[]),
    ("runtime", &[]),
];

/// The only top-level modules that may use these libraries.
const CONFINED: &[(&str, &[&str])] = &[
    ("actix_web", &["http", "server", "sandbox", "app"]),
    ("actix_http", &["http", "server"]),
    ("quick_xml", &["ips"]),
    ("redis", &["replicas"]),
    ("reqwest", &["upstream", "cli"]),
    ("rustls", &["upstream"]),
    ("opentelemetry_sdk", &["telemetry"]),
    ("opentelemetry_otlp", &["telemetry"]),
];

/// Type names that each module may define for itself, as the standard library's do. Those of the sandbox, another world, are not compared.
const LOCAL_NAMES: [&str; 2] = ["Error", "Result"];

/// Maximum number of lines of a handwritten file.
const MOST_LINES: usize = 400;
/// Maximum number of files and folders directly in a folder.
const MOST_ENTRIES: usize = 14;
/// Folders that may have more entries.
const LARGE_FOLDERS: &[(&str, &str)] =
    &[("tests/fast/wire/golden", "data, not code: a request and an answer of every operation, in XML and JSON")];

fn is_within(path: &[String], part: &str) -> bool {
    let part: Vec<_> = part.split("::").collect();
    path.len() >= part.len() && path.iter().zip(part).all(|(name, expected)| name == expected)
}

#[test]
fn every_top_level_module_has_its_arrows_and_they_make_no_circle() {
    let modules: BTreeSet<_> =
        Source::all().iter().map(Source::top_level).filter(|top_level| top_level != "lib").collect();
    let listed: BTreeSet<_> = ARROWS.iter().map(|(top_level, _)| (*top_level).to_owned()).collect();
    assert_eq!(modules, listed, "the modules of src on the left, those of ARROWS on the right");

    // Whatever uses nothing that is left can be taken away, until nothing is left.
    let mut left: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    while let Some(lowest) = left
        .iter()
        .find(|(_, uses)| uses.iter().all(|used| !left.contains_key(used.split("::").next().expect("a name"))))
    {
        let lowest = *lowest.0;
        left.remove(lowest);
    }
    assert!(left.is_empty(), "these are in a circle: {left:?}");
}

#[test]
fn each_top_level_module_uses_only_those_below_it() {
    let of_crate = Crate::of(Source::all());
    let mut wrong = Vec::new();
    for (source, parsed) in of_crate.sources().filter(|(source, _)| source.top_level() != "lib") {
        let top_level = source.top_level();
        let allowed = ARROWS.iter().find(|(name, _)| *name == top_level).map_or(&[][..], |(_, allowed)| allowed);
        for reference in &parsed.references {
            let Some(used) = reference.to.first() else { continue };
            let is_allowed = *used == top_level || allowed.iter().any(|allowed| is_within(&reference.to, allowed));
            if of_crate.is_module(&reference.to[..1]) && !is_allowed {
                let allowed = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
                let used = reference.to.join("::");
                wrong.push(format!("{}: {used}, but {top_level} may use only {allowed}", source.at(reference.line)));
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{} uses against the arrows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_crate_and_the_architecture_document_have_the_same_diagram() {
    let diagram = |path: &str, margin: &str| -> Vec<String> {
        let text = std::fs::read_to_string(path).expect("a text");
        let lines = text.lines().map(|line| line.strip_prefix(margin).unwrap_or(line).to_owned());
        lines.skip_while(|line| line != "```text").skip(1).take_while(|line| line != "```").collect()
    };
    let of_crate = diagram("src/lib.rs", "//! ");
    assert!(of_crate.len() > 3, "{of_crate:?}");
    assert_eq!(of_crate, diagram("docs/architecture.md", ""));
}

#[test]
fn no_folder_has_a_circle_of_imports() {
    let circles = Crate::of(Source::all()).circles();
    assert!(circles.is_empty(), "{} folders have circles:\n{}", circles.len(), circles.join("\n"));
}

#[test]
fn libraries_are_used_only_where_they_belong() {
    let mut wrong = Vec::new();
    for (source, parsed) in Crate::of(Source::all()).sources() {
        let top_level = source.top_level();
        for (_, name, line) in &parsed.externals {
            for (library, modules) in CONFINED.iter().filter(|(library, _)| name == library) {
                if !modules.contains(&&*top_level) {
                    wrong.push(format!("{}: {library}, but only {} may use it", source.at(*line), modules.join(", ")));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Returns the type that a line at the margin defines.
fn defined_type(line: &str) -> Option<&str> {
    let item = line.strip_prefix("pub").map_or(line, |rest| match rest.strip_prefix('(') {
        Some(restricted) => restricted.split_once(") ").map_or(restricted, |(_, item)| item),
        None => rest.trim_start(),
    });
    let name = ["struct ", "enum ", "trait ", "type "].iter().find_map(|keyword| item.strip_prefix(keyword))?;
    name.split(|character: char| !character.is_alphanumeric()).next()
}

#[test]
fn a_type_name_has_one_meaning() {
    let mut definitions = BTreeMap::<_, BTreeSet<_>>::new();
    let sources: Vec<_> = Source::all().into_iter().filter(|source| source.top_level() != "sandbox").collect();
    for source in &sources {
        let names = source.text.lines().filter_map(defined_type).filter(|name| !LOCAL_NAMES.contains(name));
        for name in names {
            definitions.entry(name.to_owned()).or_default().insert(source.path.display().to_string());
        }
    }
    assert!(definitions.len() > 300, "only {} types were found", definitions.len());
    definitions.retain(|_, files| files.len() > 1);
    assert!(definitions.is_empty(), "defined in several files: {definitions:#?}");
}

#[test]
fn no_file_has_too_many_lines() {
    let written = ["rs", "js", "ts", "css", "html", "py"];
    let mut long = Vec::new();
    for path in ["src", "tests", "benches"].into_iter().flat_map(|folder| files(Path::new(folder))) {
        if path.extension().is_some_and(|extension| written.iter().any(|written| extension == *written)) {
            let lines = std::fs::read_to_string(&path).expect("sources are text").lines().count();
            if lines > MOST_LINES {
                long.push(format!("{}: {lines} lines, {MOST_LINES} are allowed", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

#[test]
fn no_folder_has_too_many_entries() {
    let mut large = Vec::new();
    for folder in ["src", "tests", "benches"].into_iter().flat_map(|folder| folders(Path::new(folder))) {
        let count = entries(&folder).len();
        let is_exempt = LARGE_FOLDERS.iter().any(|(exempt, _)| Path::new(exempt) == folder);
        if count > MOST_ENTRIES && !is_exempt {
            large.push(format!("{}: {count} entries, {MOST_ENTRIES} are allowed", folder.display()));
        }
    }
    assert!(large.is_empty(), "\n{}", large.join("\n"));
}
