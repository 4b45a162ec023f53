//! The arrows between the parts of the house, and how large its rooms may grow.

use std::fs;
use std::path::PathBuf;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// What each part may use of the crate beside itself; the most specific entry counts. A part without an entry uses nothing.
const MAY_USE: &[(&str, &[&str])] = &[
    ("main", &["config", "healthcheck", "http", "ips::types", "sandbox", "server", "telemetry"]),
    ("server", &["clock", "config", "http", "ips", "jobs", "lifecycle", "sandbox", "shared", "telemetry"]),
    ("shared", &["jobs::fleet"]),
    ("http", &["clock", "config", "ips::types", "jobs", "lifecycle", "telemetry", "trace"]),
    ("jobs", &["clock", "ips::types", "trace"]),
    ("ips", &[]),
    ("ips::client", &["clock", "jobs", "trace"]),
    ("sandbox", &["clock", "ips::envelope", "ips::types", "ips::xml"]),
    ("config", &["ips::types::ApiVersion"]),
    ("healthcheck", &["config"]),
    ("telemetry", &["config", "trace"]),
];

/// The only parts that may use these libraries.
const CONFINED: &[(&str, &[&str])] = &[
    ("actix_web", &["http", "server", "sandbox"]),
    ("actix_http", &["server"]),
    ("quick_xml", &["ips"]),
    ("redis", &["shared"]),
    ("reqwest", &["ips"]),
    ("rustls", &["ips"]),
    ("opentelemetry_sdk", &["telemetry", "trace"]),
    ("opentelemetry_otlp", &["telemetry"]),
];

/// Lines of a file.
const LONGEST: usize = 450;

/// A file below `src`.
struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    fn all() -> Vec<Self> {
        let mut found = Vec::new();
        let mut folders = vec![PathBuf::from("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("src can be listed") {
                let path = entry.expect("src can be listed").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    found.push(Self { text: fs::read_to_string(&path).expect("sources are text"), path });
                }
            }
        }
        assert!(found.len() > 20, "only {} files found below src", found.len());
        found
    }

    /// `jobs::snapshot` for `src/jobs/snapshot.rs`, `jobs` for `src/jobs/mod.rs`.
    fn module(&self) -> String {
        let path = self.path.strip_prefix("src").expect("it is below src").with_extension("");
        let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).filter(|name| name != "mod").collect();
        names.join("::")
    }

    fn tokens(&self) -> TokenStream {
        self.text.parse().unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }

    fn at(&self, identifier: &Ident) -> String {
        format!("{}:{}", self.path.display(), identifier.span().start().line)
    }
}

fn is_within(path: &str, part: &str) -> bool {
    path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Every identifier with the tokens that follow it, wherever it stands. Comments and strings hold none.
fn identifiers(tokens: TokenStream) -> Vec<(Ident, Vec<TokenTree>)> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(identifier) => found.push((identifier.clone(), tokens[at + 1..].to_vec())),
            TokenTree::Group(group) => found.extend(identifiers(group.stream())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

/// The paths that `tokens` begin with, as far as they belong to `path`: `::a::{b, c::d}` makes `a::b` and `a::c::d` of nothing.
fn paths(path: &str, tokens: &[TokenTree]) -> Vec<String> {
    match tokens {
        [TokenTree::Punct(first), TokenTree::Punct(second), rest @ ..]
            if first.as_char() == ':' && second.as_char() == ':' && !path.ends_with("::") =>
        {
            paths(&format!("{path}::"), rest)
        }
        [TokenTree::Ident(name), rest @ ..] if path.is_empty() || path.ends_with("::") => {
            paths(&format!("{path}{name}"), rest)
        }
        [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::Brace && path.ends_with("::") => {
            let tokens: Vec<_> = group.stream().into_iter().collect();
            let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
            tokens.split(is_comma).flat_map(|branch| paths(path, branch)).collect()
        }
        _ => vec![path.trim_start_matches("::").trim_end_matches("::").to_owned()],
    }
}

#[test]
fn each_part_uses_only_the_parts_below_it() {
    let sources = Source::all();
    let modules: Vec<_> = sources.iter().map(Source::module).collect();
    let mut wrong = Vec::new();
    // lib.rs declares every module.
    for (source, module) in sources.iter().zip(&modules).filter(|(_, module)| *module != "lib") {
        let root = if module == "main" { "ips_gateway" } else { "crate" };
        let part = module.split("::").next().unwrap_or_default();
        let rule = MAY_USE.iter().filter(|(of, _)| is_within(module, of)).max_by_key(|(of, _)| of.len());
        let (of, allowed) = *rule.unwrap_or(&(part, &[]));
        for (identifier, rest) in identifiers(source.tokens()).into_iter().filter(|(name, _)| name == root) {
            for used in paths("", &rest) {
                let is_module =
                    modules.iter().any(|module| is_within(&used, module.split("::").next().unwrap_or_default()));
                let is_allowed = is_within(&used, part) || allowed.iter().any(|allowed| is_within(&used, allowed));
                if is_module && !is_allowed {
                    let rule = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
                    wrong.push(format!("{}: {root}::{used}, but {of} may use only {rule}", source.at(&identifier)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_libraries_for_http_and_xml_stay_in_their_parts() {
    let mut wrong = Vec::new();
    for source in Source::all() {
        let module = source.module();
        for (identifier, _) in identifiers(source.tokens()) {
            for (library, parts) in CONFINED.iter().filter(|(library, _)| identifier == library) {
                if !parts.iter().any(|part| is_within(&module, part)) {
                    wrong.push(format!(
                        "{}: {library}, but only {} may use it",
                        source.at(&identifier),
                        parts.join(", ")
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long_to_be_read_at_once() {
    let lines = |source: &Source| source.text.lines().count();
    let long: Vec<_> = Source::all()
        .iter()
        .filter(|source| lines(source) > LONGEST)
        .map(|source| format!("{}: {} lines, {LONGEST} are allowed", source.path.display(), lines(source)))
        .collect();
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

#[test]
fn paths_are_found_in_every_notation() {
    let found = |code: &str| -> Vec<String> {
        let tokens: TokenStream = code.parse().expect("it is made of tokens");
        identifiers(tokens).iter().filter(|(name, _)| name == "crate").flat_map(|(_, rest)| paths("", rest)).collect()
    };
    assert_eq!(found("use crate::jobs::Job as J;"), ["jobs::Job"]);
    assert_eq!(found("use crate::{ips::{types::*, xml}, jobs};"), ["ips::types", "ips::xml", "jobs"]);
    assert_eq!(
        found("fn f() { g!(x, crate::http::problem::Problem { code }) } // crate::a\nconst A: &str = \"crate::b\";"),
        ["http::problem::Problem"]
    );
    assert_eq!(
        found("pub(crate) struct A; #[path(crate::jobs::Id)] fn b() -> Vec<crate::config::Config> {}"),
        ["", "jobs::Id", "config::Config"]
    );
}
