//! The OpenAPI document: committed, complete and true.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;

use crate::support::http_client;
use ips_gateway::app::{self, Dependencies};
use ips_gateway::config::{Config, Sources};
use ips_gateway::http;
use reqwest::{Method, Response};
use serde_json::Value;

const ROUTES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/routes.rs"));
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

fn document() -> Value {
    http::openapi_document()
}

/// The methods of each path.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let methods =
        |item: &Value| item.as_object().expect("operations").keys().map(|method| method.to_uppercase()).collect();
    paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

/// Starts a gateway without an upstream; returns its address.
fn gateway() -> String {
    let variables = vec![("IPS_GATEWAY_LISTEN".into(), "127.0.0.1:0".into())];
    let sources = Sources { variables, ..Sources::default() };
    let upstream = "http://127.0.0.1:1/".parse().expect("a URL");
    let config = Config::read_for(&sources, upstream, "2014-04-03".parse().expect("a version")).expect("good settings");
    let server = app::build(&config, Dependencies::default()).expect("it can be built");
    let address = format!("http://{}", server.address());
    tokio::spawn(server.run_until(pending()));
    address
}

/// A path with its parameters filled in.
fn filled(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect::<Vec<_>>().join("/")
}

async fn ask(method: &str, url: &str) -> Response {
    let client = http_client();
    let method: Method = method.parse().expect("a method");
    client.request(method, url).send().await.unwrap_or_else(|error| panic!("{url}: {error:?}"))
}

#[tokio::test]
async fn exactly_the_documented_methods_exist() {
    let gateway = gateway();
    for (path, methods) in documented() {
        let url = format!("{gateway}{}", filled(&path));
        for method in METHODS {
            let response = ask(method, &url).await;
            let status = response.status().as_u16();
            let expected = methods.contains(method) || (method == "HEAD" && methods.contains("GET"));
            assert_eq!(status != 405, expected, "{method} {path}: {status}");
            // 401 or 415, but never 404.
            assert_ne!(status, 404, "{method} {path}");
        }
    }
}

#[test]
fn every_route_of_the_api_is_documented() {
    let rows = ROUTES.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" =>"));
    let mut api: BTreeSet<_> = rows.map(|(path, _)| path.to_owned()).collect();
    let resources = ROUTES.split("resource(\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned);
    let for_people = |path: &str| {
        ["", "/"].contains(&path)
            || ["/board", "/openapi", "/swagger-ui", "/problems"].iter().any(|prefix| path.starts_with(prefix))
    };
    api.extend(resources.filter(|path| !for_people(path)));
    let documented: BTreeSet<_> = documented().into_keys().collect();
    assert_eq!(api, documented, "the routes on the left, the document on the right");
}

#[test]
fn every_operation_has_a_name_a_summary_a_tag_and_described_parameters() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let place = format!("{method} {path}");
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{place}: no operationId"));
            assert!(names.insert(name.to_owned()), "{place}: {name} is taken");
            assert!(operation["summary"].is_string(), "{place}: no summary");
            assert!(operation["tags"][0].is_string(), "{place}: no tag");
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            for parameter in &parameters {
                let described = parameter["description"].as_str().is_some_and(|text| !text.is_empty());
                assert!(described, "{place}: {} is not described", parameter["name"]);
            }
            let in_path: BTreeSet<_> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            let given: BTreeSet<_> =
                parameters.iter().filter(|p| p["in"] == "path").filter_map(|p| p["name"].as_str()).collect();
            assert_eq!(in_path, given, "{place}");
            assert!(operation["responses"]["default"].is_object(), "{place}: errors are not documented");
        }
    }
}

/// Every `$ref` of a document.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_reference_resolves() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 50, "{found:?}");
    let dangling: Vec<_> =
        found.into_iter().filter(|reference| document.pointer(reference.trim_start_matches('#')).is_none()).collect();
    assert!(dangling.is_empty(), "{dangling:?}");
}

/// Names of all properties of the schemas within a value.
fn properties<'a>(value: &'a Value, names: &mut BTreeSet<&'a str>) {
    if let Some(members) = value["properties"].as_object() {
        names.extend(members.keys().map(String::as_str));
    }
    let within: Vec<&Value> = match value {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    for value in within {
        properties(value, names);
    }
}

/// The command line reads the JSON of the API by the names of members.
#[test]
fn every_member_that_the_command_line_reads_is_documented() {
    let document = document();
    let mut documented = BTreeSet::new();
    properties(&document["components"]["schemas"], &mut documented);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/client");
    let files = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
    let sources: String = files.map(|file| std::fs::read_to_string(file).expect("a text")).collect();
    let mut read = BTreeSet::new();
    for (start, end) in [(".text(\"", "\")"), (".time(\"", "\")"), (".get(\"", "\")"), ("[\"", "\"]")] {
        let names = sources.split(start).skip(1).filter_map(|rest| rest.split_once(end)).map(|(name, _)| name);
        read.extend(names.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphabetic())));
    }
    assert!(read.len() > 30 && read.contains("followOns"), "{read:?}");
    // The last line of NDJSON has no schema.
    assert_eq!(read.difference(&documented).collect::<Vec<_>>(), [&"problem"]);
}
