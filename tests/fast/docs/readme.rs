//! The tables of README.md against the code.

use ips_gateway::config::{Kind, SETTINGS, Setting};
use ips_gateway::http::{self, KINDS, openapi};
use ips_gateway::telemetry::{METRICS, Metric};

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));

/// The rows of a table: the lines with this prefix.
fn rows(beginning: &str) -> Vec<&'static str> {
    README.lines().filter(|line| line.starts_with(beginning)).collect()
}

#[test]
fn readme_lists_the_settings_with_their_defaults() {
    let row = |setting: &Setting| {
        let or_file = if setting.kind == Kind::Secret { " or `…_FILE`" } else { "" };
        let default = setting.default.map_or("none".to_owned(), |value| format!("`{value}`"));
        format!("| `{}`{or_file} | `{}` | {} | {default} |", setting.variable(), setting.flag(), setting.help)
    };
    let expected: Vec<_> = SETTINGS.into_iter().map(row).collect();
    assert!(rows("| `IPS_GATEWAY_") == expected, "README.md's table of settings should be\n{}", expected.join("\n"));
}

#[test]
fn readme_lists_the_problems_with_their_status() {
    let row = |kind: &&http::Kind| {
        let retryable = if kind.retryable { "yes" } else { "no" };
        format!("| {} | `{}` | {} | {retryable} |", kind.status, kind.code, kind.explanation)
    };
    let mut kinds = KINDS.to_vec();
    kinds.sort_by_key(|kind| kind.status);
    let expected: Vec<_> = kinds.iter().map(row).collect();
    let listed: Vec<_> = ["| 4", "| 5"].into_iter().flat_map(rows).collect();
    assert!(listed == expected, "README.md's table of errors should be\n{}", expected.join("\n"));
}

#[test]
fn readme_lists_the_metrics() {
    let row = |Metric { name, kind, help }: &Metric| {
        format!("| `{name}` | {} | {help} |", format!("{kind:?}").to_lowercase())
    };
    let expected: Vec<_> = METRICS.iter().map(row).collect();
    let listed: Vec<_> = ["| `http_", "| `ips_gateway_"].into_iter().flat_map(rows).collect();
    assert!(listed == expected, "README.md's table of metrics should be\n{}", expected.join("\n"));
}

#[test]
fn readme_lists_the_routes() {
    let document = openapi::document();
    let paths = document["paths"].as_object().expect("paths");
    let documented: Vec<_> = paths
        .iter()
        .flat_map(|(path, operations)| {
            let methods = operations.as_object().expect("operations").keys();
            methods.map(move |method| format!("| `{} {path}` |", method.to_uppercase()))
        })
        .collect();
    let missing: Vec<_> = documented.iter().filter(|row| rows(row).is_empty()).collect();
    assert!(missing.is_empty() && !documented.is_empty(), "README.md's table of routes lacks {missing:#?}");
}
