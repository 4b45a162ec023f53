//! The files of the board and Swagger UI: complete, small, of this origin only, and cacheable. Their behaviour is tested in a browser
//! (`tests/e2e/browser`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ips_gateway::config::{Config, Sources};
use ips_gateway::http::{DemoUser, SignInMethod, UiConfig};
use serde_json::{Value, json};
use url::Url;

use crate::support::{Gateway, World};

/// The files that a page or a script refers to, each with whether it is loaded later (`import('…')`).
fn references(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let quoted: Vec<_> = text.split(['"', '\'']).collect();
    let pairs: Vec<_> = quoted.windows(2).map(|pair| (pair[1], pair[0].ends_with("import("))).collect();
    pairs
        .into_iter()
        .filter(|(part, _)| !part.contains([' ', '{']) && [".js", ".css", ".svg"].iter().any(|end| part.ends_with(end)))
}

/// Files that are part of a page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    /// At its start.
    AtStart,
    /// At any time.
    Ever,
}

/// The files that `page` needs, with their bytes as transferred.
async fn files_of(gateway: &Gateway, page: &str, needed: Needed) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut wanted = BTreeSet::from([page.to_owned()]);
    while let Some(path) = wanted.pop_first() {
        let answer = gateway.get(&path).await.expect(200);
        let origin = Url::parse("http://gateway").expect("a URL");
        let base = origin.join(&path).expect("a URL");
        for (reference, is_later) in references(&answer.text()) {
            if is_later && needed == Needed::AtStart {
                continue;
            }
            // Paths in a script are relative to the page, except those of modules.
            let is_of_page =
                Path::new(&path).extension().is_some_and(|extension| extension == "js") && !reference.starts_with('.');
            let base = if is_of_page { &origin } else { &base };
            let found = base.join(reference).expect("a relative URL").path().to_owned();
            if !files.contains_key(&found) && found != path {
                wanted.insert(found);
            }
        }
        let compressed = gateway.get(&path).header("accept-encoding", "gzip").await.expect(200);
        assert_eq!(compressed.header("content-encoding"), "gzip", "{path}");
        files.insert(path, compressed.body);
    }
    files
}

#[tokio::test]
async fn the_board_is_complete_and_small() {
    let gateway = World::empty().gateway.unauthenticated();
    let at_start = files_of(&gateway, "/", Needed::AtStart).await;
    let language = files_of(&gateway, "/board/js/texts/ja.js", Needed::AtStart).await;
    let mut all = files_of(&gateway, "/", Needed::Ever).await;
    let schemas = gateway.get("/board/submit-schemas.json").header("accept-encoding", "gzip").await.expect(200);
    all.insert("/board/submit-schemas.json".to_owned(), schemas.body);
    let size = |files: &BTreeMap<String, Vec<u8>>| files.values().map(Vec::len).sum::<usize>();
    let sizes: Vec<_> = all.iter().map(|(path, body)| format!("{path} {}", body.len())).collect();
    let first = size(&at_start) + size(&language);
    assert!(at_start.len() > 15 && first < 65_000, "{first} bytes at the start: {sizes:#?}");
    // What a browser with one language can load, with the submit form.
    let (catalogues, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        all.into_iter().partition(|(path, _)| path.starts_with("/board/js/texts/"));
    for language in ["en", "ja", "de"] {
        let own = catalogues.iter().filter(|(path, _)| path.ends_with(&format!("/{language}.js")));
        let own: usize = own.map(|(_, body)| body.len()).sum();
        let whole = size(&others) + own;
        assert!(own > 1_000 && others.len() > at_start.len(), "{language}: {own} bytes: {sizes:#?}");
        assert!(whole < 90_000, "{language}: {whole} bytes: {sizes:#?}");
    }
}

/// The text files of a directory and its subdirectories, by their URL paths below `url_path`.
fn sources(directory: &Path, url_path: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let entry = entry.expect("an entry");
        let path = entry.path();
        let url_path = format!("{url_path}/{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            sources(&path, &url_path, files);
        } else if path.extension().is_some_and(|extension| extension != "svg") {
            let text = fs::read_to_string(&path).expect("a text");
            let url_path = url_path.replace("/board/index.html", "/").replace("/index.html", "/");
            files.insert(url_path, text);
        }
    }
}

/// The lines of a file as they are served. Panics at what the removal of comments and indentation would damage.
fn compacted<'a>(path: &'a str, source: &'a str) -> impl Iterator<Item = &'a str> {
    let mut in_comment = false;
    source.lines().map(move |line| {
        let content = line.trim();
        if !in_comment && content.starts_with("//") {
            return "";
        }
        if in_comment || content.starts_with("/*") {
            let end = content.find("*/").map(|end| end + 2);
            let has_code = end.is_some_and(|end| end < content.len());
            assert!(!(in_comment && has_code), "{path}: code after the end of a comment: {line}");
            in_comment = end.is_none();
            if !has_code {
                return "";
            }
        }
        let quoted = content.matches("'`'").count();
        assert!(
            (content.matches('`').count() - quoted) % 2 == 0,
            "{path}: a template literal over several lines: {line}"
        );
        assert!(!content.ends_with('\\'), "{path}: a literal over several lines: {line}");
        let opened = content.rsplit_once("/*");
        assert!(opened.is_none_or(|(_, rest)| rest.contains("*/")), "{path}: a comment begins after code: {line}");
        assert!(!["<!--", "<pre", "<textarea"].iter().any(|tag| content.contains(tag)), "{path}: {line}");
        line.trim_start()
    })
}

#[tokio::test]
async fn text_files_are_served_without_comments_and_indentation_and_with_the_same_lines() {
    let gateway = World::empty().gateway.unauthenticated();
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/ui");
    let mut files = BTreeMap::new();
    sources(&ui.join("board"), "/board", &mut files);
    sources(&ui.join("swagger_ui"), "/swagger-ui", &mut files);
    assert!(files.len() > 40 && files.contains_key("/") && files.contains_key("/swagger-ui/"), "{:?}", files.keys());
    for (path, source) in &files {
        let served = gateway.get(path).await.expect(200).text();
        for (number, (served, expected)) in (1..).zip(served.lines().zip(compacted(path, source))) {
            assert_eq!(served, expected, "{path}:{number}");
        }
        assert_eq!(served.lines().count(), source.lines().count(), "{path}");
    }
    let script = gateway.get("/board/js/texts.js").await.expect(200).text();
    assert!(script.contains("/** @type {"), "a type in the middle of code stays");
    assert!(!script.contains("// "), "comments are removed");
}

#[tokio::test]
async fn the_schemas_of_the_submit_form_are_those_of_the_openapi_document() {
    let gateway = World::empty().gateway.unauthenticated();
    let answer = gateway.get("/board/submit-schemas.json").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let Value::Object(served) = answer.json() else { panic!("{answer}") };
    let document = ips_gateway::http::openapi_document();
    for (name, schema) in &served {
        assert_eq!(schema, &document["components"]["schemas"][name], "{name}");
    }
    let mut references = BTreeSet::from(["SubmitJobParam".to_owned()]);
    let text = answer.text();
    let targets = text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
    references.extend(targets.map(str::to_owned));
    assert_eq!(served.keys().cloned().collect::<BTreeSet<_>>(), references, "complete, and nothing more");
    let compressed = gateway.get("/board/submit-schemas.json").header("accept-encoding", "gzip").await.expect(200);
    assert!(compressed.body.len() < 12_000, "{} bytes", compressed.body.len());
}

#[tokio::test]
async fn swagger_ui_is_complete() {
    let gateway = World::empty().gateway.unauthenticated();
    let redirect = gateway.get("/swagger-ui").await.expect(308);
    assert_eq!(redirect.header("location"), "swagger-ui/", "{redirect}");
    let files = files_of(&gateway, "/swagger-ui/", Needed::Ever).await;
    for file in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        assert!(files.contains_key(&format!("/swagger-ui/{file}")), "{:?}", files.keys());
    }
    gateway.get("/swagger-ui/nothing.js").await.problem(404, "not-found").await;
    gateway.get("/board/nothing.js").await.problem(404, "not-found").await;
}

#[tokio::test]
async fn the_content_security_policy_allows_only_own_scripts() {
    let gateway = World::empty().gateway.unauthenticated();
    for path in ["/", "/swagger-ui/", "/problems", "/problems/not-found"] {
        let page = gateway.get(path).await.expect(200);
        let policy = page.header("content-security-policy");
        for rule in ["default-src 'none';", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'"] {
            assert!(policy.contains(rule), "{path} lacks {rule} {policy}");
        }
        let text = page.text();
        let inline = text.split("<script").skip(1).filter(|script| !script.contains("src=")).count();
        assert_eq!((inline, text.matches("style=").count()), (0, 0), "the policy would refuse it: {page}");
        assert!(!text.contains("://"), "an address elsewhere: {page}");
    }
    assert!(gateway.get("/").await.header("content-security-policy").contains("require-trusted-types-for 'script'"));
    for path in ["/", "/swagger-ui/", "/livez", "/jobs", "/nowhere"] {
        assert_eq!(gateway.get(path).await.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[tokio::test]
async fn a_cached_file_is_a_304() {
    let gateway = World::empty().gateway.unauthenticated();
    for path in ["/", "/board/js/main.js", "/board/config.json", "/swagger-ui/swagger-ui.css"] {
        let first = gateway.get(path).await.expect(200);
        assert_eq!(first.header("cache-control"), "no-cache", "{first}");
        assert!(first.header("vary").contains("Accept-Encoding"), "{first}");
        let again = gateway.get(path).header("if-none-match", first.header("etag")).await.expect(304);
        assert_eq!((again.body.len(), again.header("etag")), (0, first.header("etag")), "{again}");
    }
}

#[tokio::test]
async fn the_board_gets_its_configuration() {
    let gateway = World::empty().gateway.unauthenticated();
    let config = gateway.get("/board/config.json").await.ok();
    let expected =
        json!({ "version": env!("CARGO_PKG_VERSION"), "environment": "custom", "signIn": "ips", "sessions": true });
    assert_eq!(config, expected);
}

/// The configuration of the pages with these settings.
fn page_config(settings: &[(&str, &str)], demo_users: Option<Vec<DemoUser>>) -> Value {
    let variables =
        settings.iter().map(|(name, value)| (format!("IPS_GATEWAY_{name}").into(), (*value).into())).collect();
    let config = Config::read(&Sources { variables, ..Sources::default() }).expect("good settings");
    let config = UiConfig::of(
        &config.upstream.url,
        SignInMethod::Ips,
        config.board_sessions,
        config.default_company,
        demo_users,
    );
    serde_json::to_value(config).expect("it is JSON")
}

#[test]
fn the_environment_is_derived_from_region_or_url() {
    let badge = |settings: &[(&str, &str)]| {
        let config = page_config(settings, None);
        (config["environment"].clone(), config["region"].clone())
    };
    assert_eq!(badge(&[("REGION", "emea")]), (json!("production"), json!("emea")));
    assert_eq!(badge(&[("REGION", "apac"), ("STAGING", "true")]), (json!("staging"), json!("apac")));
    let url = "https://s7sps1apissl.scene7.com/scene7/services/IpsApiService";
    assert_eq!(badge(&[("UPSTREAM_URL", url)]), (json!("production"), json!("na")));
    assert_eq!(badge(&[("UPSTREAM_URL", "https://ips.example.com/x")]), (json!("custom"), Value::Null));
}

#[test]
fn only_the_demo_lists_users() {
    let user = DemoUser { email: "a@example.com", password: "p", access_token: "t", about: "User of A".into() };
    let demo = page_config(&[("UPSTREAM_URL", "http://127.0.0.1:1/"), ("COMPANY", "c|110")], Some(vec![user]));
    let expected = json!([{ "email": "a@example.com", "password": "p", "accessToken": "t", "about": "User of A" }]);
    assert_eq!((&demo["environment"], &demo["company"], &demo["users"]), (&json!("demo"), &json!("c|110"), &expected));
}
