//! The configuration, from its sources to the values in effect.

mod errors;
mod precedence;
mod secrets;
mod upstream;
mod values;

use std::path::PathBuf;

use ips_gateway::config::{Config, Sources};

const UPSTREAM: (&str, &str) = ("IPS_GATEWAY_UPSTREAM_URL", "https://ips.example.com/scene7/services/IpsApiService");

fn variables(variables: &[(&str, &str)]) -> Sources {
    Sources { variables: variables.iter().map(|(name, value)| (name.into(), value.into())).collect(), flags: vec![] }
}

/// The variables that `serve` requires, and more.
fn beside_upstream(more: &[(&str, &str)]) -> Sources {
    variables(&[&[UPSTREAM], more].concat())
}

#[track_caller]
fn config(sources: &Sources) -> Config {
    Config::read(sources).unwrap_or_else(|errors| panic!("{errors}"))
}

#[track_caller]
fn errors(sources: &Sources) -> Vec<String> {
    match Config::read(sources) {
        Ok(config) => panic!("no errors: {config:#?}"),
        Err(errors) => errors.0,
    }
}

fn file(name: &str, content: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).expect("the temporary directory of the tests is writable");
    path
}

fn in_file(name: &str, content: &str) -> (Sources, String) {
    let path = file(name, content);
    let sources = variables(&[("IPS_GATEWAY_CONFIG", path.to_str().unwrap())]);
    (sources, path.display().to_string())
}

const ACCOUNT: [(&str, &str); 2] =
    [("IPS_GATEWAY_SERVICE_USER", "gateway@example.com"), ("IPS_GATEWAY_API_KEYS_FILE", "keys.toml")];
