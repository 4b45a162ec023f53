//! The sources of settings (file, variables, flags) and their precedence.

use std::ffi::OsString;
use std::time::Duration;

use ips_gateway::config::{AuthConfig, Config, Group, LogFormat, SETTINGS, Setting, Sources, ValueKind, arguments};

use super::{UPSTREAM, config, file, in_file, variables, with_upstream};

#[test]
fn an_upstream_url_is_the_only_required_setting() {
    let config = config(&variables(&[UPSTREAM]));
    assert_eq!(config.listen.address.to_string(), "127.0.0.1:8080");
    assert_eq!(config.upstream.url.as_str(), UPSTREAM.1);
    assert_eq!(config.upstream.api_version.as_str(), "2014-04-03");
    assert_eq!(config.listen.path_prefix, "");
    assert_eq!(config.cache.fresh, Duration::from_secs(2));
    assert_eq!(config.cache.stale_while_revalidate, Duration::from_secs(30));
    assert_eq!(config.cache.stale_if_error, Duration::from_mins(5));
    assert_eq!(config.upstream.timeout, Duration::from_secs(15));
    assert_eq!((config.upstream.max_queue_time, config.upstream.max_calls), (Duration::from_secs(1), 64));
    assert_eq!(config.upstream.max_answer_bytes, 64 << 20);
    assert_eq!(config.log_format, LogFormat::Auto);
    assert_eq!(config.cors_origins, Vec::<String>::new());
    assert_eq!(config.default_company, None);
    assert!(matches!(config.auth, AuthConfig::IpsCredentials) && config.replicas.is_none());
    assert_eq!((config.submits.url_schemes, config.submits.url_hosts), (vec!["http".into(), "https".into()], vec![]));
}

#[test]
fn flags_take_precedence_over_variables_and_those_over_the_file() {
    let (mut sources, _) = in_file(
        "precedence.toml",
        "upstream_url = 'https://file.example.com/'\ncompany = 'file'\nfresh = '1s'\nlisten = '127.0.0.1:1'",
    );
    sources
        .variables
        .extend([("IPS_GATEWAY_COMPANY".into(), "variable".into()), ("IPS_GATEWAY_FRESH".into(), "2s".into())]);
    sources.flags.push(("fresh".into(), "3s".into()));

    let config = config(&sources);
    assert_eq!(config.listen.address.port(), 1);
    assert_eq!(config.default_company.as_deref(), Some("variable"));
    assert_eq!(config.cache.fresh, Duration::from_secs(3));
}

#[test]
fn the_flag_names_the_file_before_the_variable() {
    let (mut sources, _) = in_file("by_variable.toml", "company = 'of the variable'");
    let by_flag = file("by_flag.toml", "upstream_url = 'https://ips.example.com/'\ncompany = 'of the flag'");
    sources.flags.push(("config".into(), by_flag.display().to_string()));
    assert_eq!(config(&sources).default_company.as_deref(), Some("of the flag"));
}

#[test]
fn an_overridden_value_is_not_validated() {
    let mut sources = with_upstream(&[("IPS_GATEWAY_FRESH", "soon")]);
    sources.flags.push(("fresh".into(), "1s".into()));
    assert_eq!(config(&sources).cache.fresh, Duration::from_secs(1));
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let config =
        config(&with_upstream(&[("IPS_GATEWAY_COMPANY", ""), ("IPS_GATEWAY_FRESH", ""), ("IPS_GATEWAY_REGION", "")]));
    assert_eq!((config.default_company, config.cache.fresh), (None, Duration::from_secs(2)));
}

/// A value other than the default, for each setting.
fn example(setting: &Setting) -> &'static str {
    match setting.key {
        "listen" => "0.0.0.0:80",
        "path_prefix" => "/ips",
        "upstream_url" => "http://localhost:9/",
        "region" => "emea",
        "idempotency" => "strict",
        "board_sessions" => "off",
        "staging" | "require_idempotency_key" | "try_unknown_fields" => "true",
        "api_version" => "2022-11-01-beta",
        "cors_origins" => "https://app.example.com,https://example.org",
        "fresh"
        | "stale_while_revalidate"
        | "stale_if_error"
        | "upstream_timeout"
        | "upstream_wait"
        | "request_timeout"
        | "write_timeout"
        | "keep_alive"
        | "drain_delay"
        | "grace" => "1m 1s",
        "upstream_calls" | "upstream_failures" => "7",
        "upstream_answer_limit" | "request_body_budget" => "2 MB",
        "cache_size" => "256 MiB",
        "trusted_proxies" => "10.0.0.0/8,fd00::/8,192.0.2.1",
        "max_connections" | "max_connections_per_address" | "rate_limit" | "rate_burst" | "max_streams" => "1234",
        "url_schemes" => "https,sftp",
        "url_hosts" => "cdn.example.com,*.example.org",
        "shared_cache_url" => "rediss://:secret@cache.example.com:6380/1",
        "shared_cache_key" | "principal_key" => "Jv3mQ8yXr0aLw5tNzB7cEdUhKf2SgPi9",
        "log_format" => "json",
        _ => "something",
    }
}

/// The settings that a setting requires.
fn required_with(setting: &Setting) -> Vec<&'static Setting> {
    let keys: &[&str] = match setting.key {
        "staging" => &["region"],
        "upstream_url" | "region" => &[],
        "service_user" | "service_password" | "api_keys_file" => {
            &["upstream_url", "service_user", "service_password", "api_keys_file"]
        }
        "shared_cache_url" | "shared_cache_key" | "shared_cache_ca_file" => {
            &["upstream_url", "shared_cache_url", "shared_cache_key"]
        }
        _ => &["upstream_url"],
    };
    SETTINGS.iter().copied().filter(|other| keys.contains(&other.key) && other.key != setting.key).collect()
}

#[test]
fn every_setting_can_be_given_in_every_way() {
    for setting in SETTINGS {
        let others: Vec<(OsString, OsString)> =
            required_with(setting).into_iter().map(|other| (other.variable().into(), example(other).into())).collect();
        let value = example(setting);
        let secret = file(&format!("{}.secret", setting.key), value);

        let mut by_variable = Sources { variables: others.clone(), flags: vec![] };
        by_variable.variables.push((setting.variable().into(), value.into()));
        let (mut by_file, _) = in_file(&format!("{}.toml", setting.key), &format!("{} = {value:?}", setting.key));
        by_file.variables.extend(others.clone());
        let flag = match setting.kind {
            ValueKind::Secret => format!("{}={}", setting.flag(), secret.display()),
            _ => format!("{}={value}", setting.flag()),
        };
        let matches = clap::Command::new("serve").args(arguments(&Group::ALL)).get_matches_from(["serve", &flag]);
        let by_flag = Sources::new(others.clone(), &matches);

        let [by_variable, by_file, by_flag] =
            [by_variable, by_file, by_flag].map(|sources| format!("{:?}", config(&sources)));
        assert_eq!(by_variable, by_file, "{}", setting.key);
        assert_eq!(by_variable, by_flag, "{}", setting.key);
        let without = Config::read(&Sources { variables: others, flags: vec![] });
        assert_ne!(
            without.map(|config| format!("{config:?}")).ok(),
            Some(by_variable),
            "{} changes nothing",
            setting.key
        );
    }
}

#[test]
fn settings_of_the_upstream_are_ignored_if_it_is_given_by_the_caller() {
    let sources = variables(&[UPSTREAM, ("IPS_GATEWAY_REGION", "mars"), ("IPS_GATEWAY_COMPANY", "Example Outfitters")]);
    let url: url::Url = "http://127.0.0.1:9/".parse().unwrap();
    let config = Config::read_for(&sources, url.clone(), "2022-11-01-beta".parse().unwrap()).unwrap();
    assert_eq!(config.upstream.url, url);
    assert_eq!(config.upstream.api_version.as_str(), "2022-11-01-beta");
    assert_eq!(config.default_company.as_deref(), Some("Example Outfitters"));
}
