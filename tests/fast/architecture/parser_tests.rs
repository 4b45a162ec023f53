//! Tests of the parser and of the search for circles, on sources of their own.

use super::graph::Crate;
use super::parser::parse;
use super::source::Source;

fn path(text: &str) -> Vec<String> {
    text.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The paths that a file of this module refers to.
fn references(module: &str, code: &str) -> Vec<String> {
    let parsed = parse(code.parse().expect("it is made of tokens"), &path(module));
    parsed.references.iter().map(|reference| reference.to.join("::")).collect()
}

/// The other crates that a file of this module refers to.
fn externals(module: &str, code: &str) -> Vec<String> {
    let parsed = parse(code.parse().expect("it is made of tokens"), &path(module));
    parsed.externals.into_iter().map(|(_, name, _)| name).collect()
}

fn of_files(files: &[(&str, &str)]) -> Crate {
    let sources = files.iter().map(|(path, text)| Source { path: path.into(), text: (*text).to_owned() });
    Crate::of(sources.collect())
}

#[test]
fn imports_are_found_in_every_notation() {
    assert_eq!(references("http", "use crate::jobs::Job as J;"), ["jobs::Job"]);
    assert_eq!(
        references("http", "use crate::{ips::{types::*, xml}, jobs::{self, Job as _}};"),
        ["ips::types", "ips::xml", "jobs", "jobs::Job"]
    );
    assert_eq!(references("main", "use ips_gateway::{config, cli::serve};"), ["config", "cli::serve"]);
    assert_eq!(
        references("jobs::cache::entry", "use super::policy; use super::super::model::Job;"),
        ["jobs::cache::policy", "jobs::model::Job"]
    );
    assert_eq!(
        references("jobs", "use self::cache::Entry; pub(crate) use self::cache::*;"),
        ["jobs::cache::Entry", "jobs::cache"]
    );
    assert_eq!(
        references("jobs", "mod cache; use cache::{Entry, policy::Directive};"),
        ["jobs::cache::Entry", "jobs::cache::policy::Directive"]
    );
    assert_eq!(references("jobs", "use std::fmt; use cache::Entry; use ::jobs::Job;"), [""; 0]);
}

#[test]
fn inline_paths_are_found_in_every_place() {
    assert_eq!(
        references("http", "fn f(a: Vec<crate::config::Config>) -> super::Answer { g!(x, crate::jobs::Job { id }) }"),
        ["config::Config", "Answer", "jobs::Job"]
    );
    assert_eq!(references("ips", "macro_rules! m { () => { $crate::ips::types::Job } }"), ["ips::types::Job"]);
    assert_eq!(
        references(
            "http",
            "#[serde(with = \"crate::runtime::clock::rfc3339\")] struct A; #[path(crate::jobs::Id)] fn b() {}"
        ),
        ["runtime::clock::rfc3339", "jobs::Id"]
    );
    assert_eq!(references("jobs", "mod cache; fn f() { cache::Entry::new::<u8>() }"), ["jobs::cache::Entry::new"]);
    assert_eq!(references("jobs", "fn f() { let x = <crate::ips::A as crate::jobs::B>::c(); }"), ["ips::A", "jobs::B"]);
    assert_eq!(references("jobs", "fn f() { use crate::runtime::clock::Clock; }"), ["runtime::clock::Clock"]);
}

#[test]
fn paths_of_inline_modules_begin_there() {
    assert_eq!(
        references(
            "jobs::id",
            "mod tests { use super::*; use super::super::model; mod deep { use super::super::super::url; } }"
        ),
        ["jobs::id", "jobs::model", "jobs::url"]
    );
}

#[test]
fn what_only_looks_like_a_path_is_none() {
    for code in [
        "// crate::a\n/* crate::b */ const A: &str = \"crate::c\";",
        "pub(crate) struct A; pub(in crate::jobs) fn b() {} pub(super) mod c {}",
        "impl A { fn f(self: Box<Self>) { Self::g(); self.jobs.h(); } }",
    ] {
        assert_eq!(references("http::access", code), [""; 0], "{code}");
    }
}

#[test]
fn other_crates_are_told_from_modules_of_the_same_name() {
    assert_eq!(
        externals("replicas", "use redis::{Client, aio}; fn f() { redis::cmd(\"GET\"); }"),
        ["redis", "redis", "redis"]
    );
    assert_eq!(
        externals("app", "use crate::replicas::redis; fn f(a: A) { redis::connect(); a.redis(); let redis = 1; }"),
        [""; 0]
    );
    assert_eq!(externals("replicas", "mod redis; use redis::Connection; fn f() { ::redis::cmd(\"GET\") }"), ["redis"]);
    assert_eq!(
        externals("http", "#[actix_web::main] async fn f() {} use ::actix_web::{web, App};"),
        ["actix_web", "actix_web", "actix_web"]
    );
}

#[test]
fn names_resolve_through_imports_and_re_exports() {
    let files = [
        ("src/lib.rs", "pub mod jobs; pub mod http;"),
        (
            "src/jobs/mod.rs",
            "mod cache; mod model; pub use cache::*; pub use model::Job as Work; use std::fmt; pub struct Jobs;",
        ),
        ("src/jobs/cache.rs", "open! { pub struct Entry { a: u8 } } pub fn load() {}"),
        ("src/jobs/model.rs", "pub struct Job; mod id { pub struct Id; } pub use id::Id;"),
        ("src/http.rs", "pub use crate::jobs::Jobs;"),
    ];
    let of_crate = of_files(&files);
    for (name, expected) in [
        ("jobs::Jobs", Some("jobs")),
        ("jobs::Entry", Some("jobs::cache")),
        ("jobs::load", Some("jobs::cache")),
        ("jobs::Work", Some("jobs::model")),
        ("jobs::model::Id", Some("jobs::model::id")),
        ("http::Jobs", Some("jobs")),
        ("jobs::fmt::Display", None),
        ("jobs::Unknown", Some("jobs")),
        ("jobs::cache", Some("jobs::cache")),
    ] {
        assert_eq!(of_crate.resolve(&path(name)), expected.map(path), "{name}");
    }
}

#[test]
fn a_circle_is_found_and_told_with_its_places() {
    let circles = of_files(&[
        ("src/lib.rs", "mod jobs;"),
        ("src/jobs/mod.rs", "mod a; mod b; mod c; pub use a::A;"),
        ("src/jobs/a.rs", "use super::b::B; pub struct A;"),
        ("src/jobs/b/mod.rs", "mod inner; pub struct B;"),
        ("src/jobs/b/inner.rs", "\nfn f() { crate::jobs::c::g() }"),
        ("src/jobs/c.rs", "use super::A; pub fn g() {}"),
    ])
    .circles();
    assert_eq!(
        circles,
        ["src/jobs: a → b → c → a\n  \
         a → b: src/jobs/a.rs:1 uses jobs::b::B\n  \
         b → c: src/jobs/b/inner.rs:2 uses jobs::c::g\n  \
         c → a: src/jobs/c.rs:1 uses jobs::A"]
    );
}

#[test]
fn a_folder_and_its_own_mod_rs_may_make_a_circle_too() {
    let circles = of_files(&[
        ("src/lib.rs", "mod jobs;"),
        ("src/jobs/mod.rs", "mod a; use a::A; pub struct Jobs(A);"),
        ("src/jobs/a.rs", "use super::Jobs; pub struct A;"),
    ])
    .circles();
    assert_eq!(circles.len(), 1, "{circles:#?}");
    assert!(circles[0].starts_with("src/jobs: a → mod.rs → a\n"), "{circles:#?}");
}

#[test]
fn one_way_uses_and_re_exports_are_no_circle() {
    let circles = of_files(&[
        ("src/lib.rs", "mod jobs; mod http; pub use jobs::Jobs;"),
        ("src/jobs/mod.rs", "mod a; mod b; pub use a::A; pub use b::B; pub struct Jobs;"),
        ("src/jobs/a.rs", "use super::{B, Jobs}; pub struct A; mod tests { use super::*; }"),
        ("src/jobs/b.rs", "pub struct B; pub(in crate::jobs) struct C;"),
        ("src/http.rs", "use crate::jobs::Jobs;"),
    ])
    .circles();
    assert_eq!(circles, [""; 0]);
}
