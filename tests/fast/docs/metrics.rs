//! The table of metrics against the places in the code that record them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ips_gateway::telemetry::metrics::{METRICS, MetricKind};

/// The file with the table.
const TABLE: &str = "src/telemetry/metrics.rs";

/// The source files below a folder, each with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries =
        fs::read_dir(folder).expect("src can be listed").map(|entry| entry.expect("src can be listed").path());
    let read = |path: PathBuf| {
        if path.is_dir() {
            return sources(&path);
        }
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        let text = if is_rust { fs::read_to_string(&path).expect("sources are text") } else { String::new() };
        vec![(path, text)]
    };
    entries.flat_map(read).collect()
}

/// The constants of the names of metrics, by name.
fn constants() -> BTreeMap<&'static str, String> {
    let table = fs::read_to_string(TABLE).expect("the table is text");
    let constant = |name: &'static str| {
        let line =
            table.lines().find(|line| line.contains(&format!("= \"{name}\","))).expect("every metric has a line");
        (name, line.trim().split(':').next().expect("a constant").to_owned())
    };
    METRICS.iter().map(|metric| constant(metric.name)).collect()
}

#[test]
fn every_metric_of_the_table_is_recorded_as_its_kind_and_as_no_other() {
    let sources = sources(Path::new("src"));
    let kinds = [("counter", MetricKind::Counter), ("gauge", MetricKind::Gauge), ("histogram", MetricKind::Histogram)];
    let constants = constants();
    for metric in METRICS {
        let constant = &constants[metric.name];
        let recorded: Vec<_> = kinds
            .into_iter()
            .filter(|(macro_name, _)| {
                let call = format!("metrics::{macro_name}!(names::{constant}");
                let is_call = |rest: &str| rest.starts_with([',', ')']);
                sources.iter().any(|(_, text)| text.split(&call).skip(1).any(is_call))
            })
            .map(|(_, kind)| kind)
            .collect();
        assert_eq!(recorded, [metric.kind], "{}", metric.name);
    }
}

#[test]
fn names_of_metrics_are_written_only_in_the_table() {
    let mut wrong = BTreeSet::new();
    for (path, text) in sources(Path::new("src")).iter().filter(|(path, _)| path != Path::new(TABLE)) {
        let literals = METRICS.iter().filter(|metric| text.contains(&format!("\"{}\"", metric.name)));
        wrong.extend(literals.map(|metric| format!("{}: {}", path.display(), metric.name)));
        let begins_literal = ["metrics::counter!(\"", "metrics::gauge!(\"", "metrics::histogram!(\""];
        wrong.extend(begins_literal.iter().filter(|call| text.contains(**call)).map(|_| path.display().to_string()));
    }
    assert!(wrong.is_empty(), "literal names of metrics: {wrong:#?}");
}
