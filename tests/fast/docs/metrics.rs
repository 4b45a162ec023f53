//! The table of metrics against the metrics that the code records.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ips_gateway::telemetry::{Kind, METRICS};

/// The source files below a folder.
fn sources(folder: &Path) -> Vec<String> {
    let entries =
        fs::read_dir(folder).expect("src can be listed").map(|entry| entry.expect("src can be listed").path());
    let read = |path: std::path::PathBuf| {
        if path.is_dir() { sources(&path) } else { vec![fs::read_to_string(path).expect("sources are text")] }
    };
    entries.flat_map(read).collect()
}

/// The metrics that are recorded with `macro_name!("…"`, by name.
fn recorded(text: &str, macro_name: &str) -> Vec<String> {
    let begin = format!("metrics::{macro_name}!(");
    let uses = text.split(&begin).skip(1);
    uses.map(|rest| rest.split('"').nth(1).expect("its name is a literal").to_owned()).collect()
}

#[test]
fn the_table_of_metrics_lists_exactly_the_recorded_ones() {
    let sources = sources(Path::new("src"));
    let kinds = [("counter", Kind::Counter), ("gauge", Kind::Gauge), ("histogram", Kind::Histogram)];
    let recorded: BTreeMap<_, _> = kinds
        .iter()
        .flat_map(|(macro_name, kind)| {
            sources.iter().flat_map(|text| recorded(text, macro_name)).map(|name| (name, *kind))
        })
        .collect();
    let listed: BTreeMap<_, _> = METRICS.iter().map(|metric| (metric.name.to_owned(), metric.kind)).collect();
    assert_eq!(recorded, listed);
}
