//! The configuration, from what people give to what the gateway runs with.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use ips_gateway::config::{Config, Group, Kind, LogFormat, SETTINGS, Setting, Sources, Upstream, arguments};
use secrecy::ExposeSecret;

const UPSTREAM: (&str, &str) = ("IPS_GATEWAY_UPSTREAM_URL", "https://ips.example.com/scene7/services/IpsApiService");

fn variables(variables: &[(&str, &str)]) -> Sources {
    Sources { variables: variables.iter().map(|(name, value)| (name.into(), value.into())).collect(), flags: vec![] }
}

/// The variables beside those that `serve` needs.
fn beside_upstream(more: &[(&str, &str)]) -> Sources {
    variables(&[&[UPSTREAM], more].concat())
}

#[track_caller]
fn config(sources: &Sources) -> Config {
    Config::read(sources).unwrap_or_else(|complaints| panic!("{complaints}"))
}

#[track_caller]
fn complaints(sources: &Sources) -> Vec<String> {
    match Config::read(sources) {
        Ok(config) => panic!("no complaints: {config:#?}"),
        Err(complaints) => complaints.0,
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

#[test]
fn an_upstream_is_all_that_serve_needs() {
    let config = config(&variables(&[UPSTREAM]));
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.upstream.url.as_str(), UPSTREAM.1);
    assert_eq!(config.api_version.as_str(), "2014-04-03");
    assert_eq!(config.path_prefix, "");
    assert_eq!(config.fresh, Duration::from_secs(2));
    assert_eq!(config.stale_while_revalidate, Duration::from_secs(30));
    assert_eq!(config.stale_if_error, Duration::from_mins(5));
    assert_eq!(config.upstream_timeout, Duration::from_secs(15));
    assert_eq!((config.upstream_wait, config.upstream_calls), (Duration::from_secs(1), 64));
    assert_eq!(config.upstream_answer_limit, 64 << 20);
    assert_eq!(config.log_format, LogFormat::Auto);
    assert_eq!(config.cors_origins, Vec::<String>::new());
    assert_eq!((config.company, config.api_keys_file), (None, None));
    assert!(config.service.is_none() && config.shared_cache.is_none());
}

#[test]
fn without_an_upstream_serve_says_what_is_missing() {
    let expected = "IPS_GATEWAY_UPSTREAM_URL: is missing; expected it or IPS_GATEWAY_REGION";
    assert_eq!(complaints(&Sources::default()), [expected]);
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
    assert_eq!(config.listen.port(), 1);
    assert_eq!(config.company.as_deref(), Some("variable"));
    assert_eq!(config.fresh, Duration::from_secs(3));
}

#[test]
fn the_flag_names_the_file_before_the_variable() {
    let (mut sources, _) = in_file("by_variable.toml", "company = 'of the variable'");
    let by_flag = file("by_flag.toml", "upstream_url = 'https://ips.example.com/'\ncompany = 'of the flag'");
    sources.flags.push(("config".into(), by_flag.display().to_string()));
    assert_eq!(config(&sources).company.as_deref(), Some("of the flag"));
}

#[test]
fn an_overridden_value_is_not_complained_about() {
    let mut sources = beside_upstream(&[("IPS_GATEWAY_FRESH", "soon")]);
    sources.flags.push(("fresh".into(), "1s".into()));
    assert_eq!(config(&sources).fresh, Duration::from_secs(1));
}

/// A value other than the default, for each setting.
fn example(setting: &Setting) -> &'static str {
    match setting.key {
        "listen" => "0.0.0.0:80",
        "path_prefix" => "/ips",
        "upstream_url" => "http://localhost:9/",
        "region" => "emea",
        "staging" | "require_idempotency_key" => "true",
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
        "upstream_answer_limit" => "1 MB",
        "max_connections" | "max_connections_per_address" | "rate_limit" | "rate_burst" | "max_streams" => "1234",
        "url_schemes" => "https,sftp",
        "url_hosts" => "cdn.example.com,*.example.org",
        "shared_cache_url" => "rediss://:secret@cache.example.com:6380/1",
        "shared_cache_key" => "Jv3mQ8yXr0aLw5tNzB7cEdUhKf2SgPi9",
        "log_format" => "json",
        _ => "something",
    }
}

/// What a setting can't be given without.
fn company_of(setting: &Setting) -> Vec<&'static Setting> {
    let keys: &[&str] = match setting.key {
        "staging" => &["region"],
        "upstream_url" | "region" => &[],
        "service_user" | "service_password" | "api_keys_file" => {
            &["upstream_url", "service_user", "service_password", "api_keys_file"]
        }
        "shared_cache_url" | "shared_cache_key" => &["upstream_url", "shared_cache_url", "shared_cache_key"],
        _ => &["upstream_url"],
    };
    SETTINGS.into_iter().filter(|other| keys.contains(&other.key) && other.key != setting.key).collect()
}

#[test]
fn every_setting_counts_whichever_way_it_is_given() {
    for setting in SETTINGS {
        let others: Vec<(OsString, OsString)> =
            company_of(setting).into_iter().map(|other| (other.variable().into(), example(other).into())).collect();
        let value = example(setting);
        let secret = file(&format!("{}.secret", setting.key), value);

        let mut by_variable = Sources { variables: others.clone(), flags: vec![] };
        by_variable.variables.push((setting.variable().into(), value.into()));
        let (mut by_file, _) = in_file(&format!("{}.toml", setting.key), &format!("{} = {value:?}", setting.key));
        by_file.variables.extend(others.clone());
        let flag = match setting.kind {
            Kind::Secret => format!("{}={}", setting.flag(), secret.display()),
            _ => format!("{}={value}", setting.flag()),
        };
        let groups = [Group::Address, Group::Upstream, Group::Callers, Group::Time, Group::Operation];
        let matches = clap::Command::new("serve").args(arguments(&groups)).get_matches_from(["serve", &flag]);
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
fn every_complaint_comes_at_once_and_says_where_the_value_came_from_and_what_was_expected() {
    let (mut sources, path) =
        in_file("wrong.toml", "listen = 8080\nregion = 'mars'\nfresh = 2\ncompany = ['a', 'b']\ncolour = 1");
    sources.variables.extend([
        ("IPS_GATEWAY_UPSTREAM_TIMEOUT".into(), "0s".into()),
        ("IPS_GATEWAY_LOG_FROMAT".into(), "json".into()),
        ("IPS_GATEWAY_SERVICE_USER".into(), "gateway@example.com".into()),
        ("PATH".into(), "/bin".into()),
    ]);
    sources.flags.extend([("staging".into(), "maybe".into()), ("api_version".into(), "2014".into())]);

    let complaints = complaints(&sources);
    let expected = [
        "IPS_GATEWAY_LOG_FROMAT: is no setting; did you mean IPS_GATEWAY_LOG_FORMAT?".to_owned(),
        format!("{path}: colour: is no setting"),
        format!("{path}: region: \"mars\" given, expected na, emea or apac"),
        "--staging: \"maybe\" given, expected true or false".into(),
        "--api-version: \"2014\" given, expected a date, such as 2014-04-03 or 2022-11-01-beta".into(),
        format!(
            "{path}: listen: \"8080\" given, expected an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080"
        ),
        "IPS_GATEWAY_UPSTREAM_TIMEOUT: \"0s\" given, expected a duration from 1ms to 10m, such as 2s or 1m 30s".into(),
        format!("{path}: company: expected one value, not a list"),
        "IPS_GATEWAY_SERVICE_PASSWORD: is missing; needed with IPS_GATEWAY_SERVICE_USER".into(),
        "IPS_GATEWAY_API_KEYS_FILE: is missing; needed with IPS_GATEWAY_SERVICE_USER".into(),
        format!("{path}: fresh: \"2\" given, expected a duration from 0s to 10m, such as 2s or 1m 30s"),
    ];
    assert_eq!(complaints, expected, "\n{}\n\n{}", complaints.join("\n"), expected.join("\n"));
}

#[test]
fn every_region_has_its_urls() {
    for (region, staging, host) in [
        ("na", "false", "s7sps1apissl"),
        ("emea", "false", "s7sps3apissl"),
        ("apac", "false", "s7sps5apissl"),
        ("na", "true", "s7sps1apissl-staging"),
        ("emea", "true", "s7sps3apissl-staging"),
        ("apac", "true", "s7sps5apissl-staging"),
    ] {
        let config = config(&variables(&[("IPS_GATEWAY_REGION", region), ("IPS_GATEWAY_STAGING", staging)]));
        let expected = format!("https://{host}.scene7.com/scene7/services/IpsApiService");
        assert_eq!(config.upstream.url.as_str(), expected, "{region}, staging: {staging}");
    }
}

#[test]
fn a_url_excludes_a_region_and_its_staging_system() {
    let both = complaints(&beside_upstream(&[("IPS_GATEWAY_REGION", "na")]));
    assert_eq!(both, ["IPS_GATEWAY_REGION: also given by IPS_GATEWAY_UPSTREAM_URL; expected one of the two"]);
    let staging = complaints(&beside_upstream(&[("IPS_GATEWAY_STAGING", "true")]));
    assert_eq!(staging, ["IPS_GATEWAY_STAGING: means nothing without IPS_GATEWAY_REGION"]);
}

#[test]
fn a_service_url_is_http_without_credentials_and_they_are_not_shown() {
    for url in [
        "ips.example.com",
        "ftp://ips.example.com/",
        "https://u:hunter2@ips.example.com/",
        "https://x/?a=b",
        "https://x/#a",
    ] {
        let complaints = complaints(&variables(&[(UPSTREAM.0, url)])).join("\n");
        assert!(complaints.contains("expected an http or https URL without credentials"), "{url}: {complaints}");
        assert!(!complaints.contains("hunter2"), "{complaints}");
    }
}

#[test]
fn an_empty_variable_is_one_that_is_not_set() {
    let config =
        config(&beside_upstream(&[("IPS_GATEWAY_COMPANY", ""), ("IPS_GATEWAY_FRESH", ""), ("IPS_GATEWAY_REGION", "")]));
    assert_eq!((config.company, config.fresh), (None, Duration::from_secs(2)));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_complained_about() {
    use std::os::unix::ffi::OsStringExt;
    let mut sources = beside_upstream(&[]);
    sources.variables.push(("IPS_GATEWAY_COMPANY".into(), OsString::from_vec(vec![0xff])));
    assert_eq!(complaints(&sources), ["IPS_GATEWAY_COMPANY: is not UTF-8"]);
}

#[test]
fn a_settings_file_that_is_not_there_is_complained_about() {
    let complaints = complaints(&beside_upstream(&[("IPS_GATEWAY_CONFIG", "/no/such.toml")]));
    assert_eq!(complaints, ["/no/such.toml: can't be read: No such file or directory (os error 2)"]);
}

#[test]
fn a_settings_file_that_is_no_toml_is_complained_about_without_quoting_it() {
    for content in [
        "company = 'a'\nservice_password = hunter2\n",
        "company = 'a'\nservice_password = \"hunter2\n",
        "company = 'a'\nservice_password 'hunter2'\n",
        "company = 'a'\nservice_password = 'hunter2' hunter2\n",
    ] {
        let (sources, path) = in_file("no.toml", content);
        let complaints = complaints(&sources);
        assert!(complaints[0].starts_with(&format!("{path}: line 2: ")), "{complaints:?}");
        assert!(!format!("{complaints:?}").contains("hunter2"), "{complaints:?}");
    }
}

#[test]
fn a_date_without_quotes_is_an_api_version_too() {
    let (mut sources, _) = in_file("date.toml", "api_version = 2013-02-15");
    sources.variables.push((UPSTREAM.0.into(), UPSTREAM.1.into()));
    assert_eq!(config(&sources).api_version.as_str(), "2013-02-15");
}

const ACCOUNT: [(&str, &str); 2] =
    [("IPS_GATEWAY_SERVICE_USER", "gateway@example.com"), ("IPS_GATEWAY_API_KEYS_FILE", "keys.toml")];

#[test]
fn a_secret_can_come_from_a_file_without_the_line_break_at_its_end() {
    for (content, expected) in [("pw", "pw"), ("pw\n", "pw"), ("pw\r\n", "pw"), (" p w \n\n", " p w \n")] {
        let path = file("password", content);
        let by_file = [("IPS_GATEWAY_SERVICE_PASSWORD_FILE", path.to_str().unwrap())];
        let service =
            config(&beside_upstream(&[&ACCOUNT[..], &by_file].concat())).service.expect("an account was given");
        assert_eq!(service.password.expose_secret(), expected, "{content:?}");
        assert_eq!(service.user, "gateway@example.com");
    }
}

#[test]
fn a_secret_given_twice_is_complained_about() {
    let twice = [("IPS_GATEWAY_SERVICE_PASSWORD", "hunter2"), ("IPS_GATEWAY_SERVICE_PASSWORD_FILE", "/run/secrets/pw")];
    let complaints = complaints(&beside_upstream(&[&ACCOUNT[..], &twice].concat()));
    let expected =
        "IPS_GATEWAY_SERVICE_PASSWORD: also given by IPS_GATEWAY_SERVICE_PASSWORD_FILE; expected one of the two";
    assert_eq!(complaints, [expected]);
}

#[test]
fn an_empty_or_missing_secret_file_is_complained_about() {
    let empty = file("empty", "\n");
    for (path, expected) in [
        (empty.to_str().unwrap(), "IPS_GATEWAY_SERVICE_PASSWORD_FILE: expected some text"),
        (
            "/no/such",
            "IPS_GATEWAY_SERVICE_PASSWORD_FILE: \"/no/such\" can't be read: No such file or directory (os error 2)",
        ),
    ] {
        let by_file = [("IPS_GATEWAY_SERVICE_PASSWORD_FILE", path)];
        assert_eq!(complaints(&beside_upstream(&[&ACCOUNT[..], &by_file].concat())), [expected]);
    }
}

#[test]
fn secrets_are_neither_in_the_debug_output_nor_in_complaints() {
    let secrets = [
        ("IPS_GATEWAY_SERVICE_PASSWORD", "hunter2"),
        ("IPS_GATEWAY_SHARED_CACHE_URL", "redis://:hunter2@cache.example.com/"),
        ("IPS_GATEWAY_SHARED_CACHE_KEY", "hunter2-Jv3mQ8yXr0aLw5tNzB7cEdUhKf2SgPi9"),
    ];
    let shown = format!("{:?}", config(&beside_upstream(&[&ACCOUNT[..], &secrets].concat())));
    assert!(!shown.contains("hunter2"), "{shown}");

    let wrong = complaints(&beside_upstream(&[("IPS_GATEWAY_SHARED_CACHE_URL", "http://:hunter2/")]));
    assert_eq!(wrong, ["IPS_GATEWAY_SHARED_CACHE_URL: expected a redis:// or rediss:// URL with a host"]);
}

#[test]
fn a_shared_cache_and_its_key_come_together_and_the_key_is_no_easy_one() {
    let url = ("IPS_GATEWAY_SHARED_CACHE_URL", "redis://cache.example.com/");
    let key = |key| ("IPS_GATEWAY_SHARED_CACHE_KEY", key);
    let good = key("Jv3mQ8yXr0aLw5tNzB7cEdUhKf2SgPi9");
    assert!(config(&beside_upstream(&[url, good])).shared_cache.is_some());
    let expected =
        "IPS_GATEWAY_SHARED_CACHE_KEY: expected at least 32 random characters, such as `openssl rand -base64 32` makes";
    for (given, complaint) in [
        (&[url][..], "IPS_GATEWAY_SHARED_CACHE_KEY: is missing; needed with IPS_GATEWAY_SHARED_CACHE_URL"),
        (&[good], "IPS_GATEWAY_SHARED_CACHE_URL: is missing; needed with IPS_GATEWAY_SHARED_CACHE_KEY"),
        (&[url, key("Jv3mQ8yXr0aLw5tNzB7cEdUhKf2SgPi")], expected),
        (&[url, key("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")], expected),
    ] {
        assert_eq!(complaints(&beside_upstream(given)), [complaint], "{given:?}");
    }
}

#[test]
fn a_service_account_and_its_api_keys_come_together() {
    let password = ("IPS_GATEWAY_SERVICE_PASSWORD", "hunter2");
    for (given, missing) in [
        (&[ACCOUNT[0], password][..], &["API_KEYS_FILE"][..]),
        (&[ACCOUNT[1]], &["SERVICE_USER", "SERVICE_PASSWORD"]),
        (&[ACCOUNT[0], ACCOUNT[1]], &["SERVICE_PASSWORD"]),
        (&[password, ACCOUNT[1]], &["SERVICE_USER"]),
    ] {
        let names: Vec<_> = given.iter().map(|(name, _)| *name).collect();
        let needed = format!("is missing; needed with {}", names.join(" and "));
        let expected: Vec<_> = missing.iter().map(|name| format!("IPS_GATEWAY_{name}: {needed}")).collect();
        assert_eq!(complaints(&beside_upstream(given)), expected);
    }
}

#[test]
fn a_path_prefix_is_one_that_routes_can_be_appended_to() {
    let read = |prefix| {
        Config::read(&beside_upstream(&[("IPS_GATEWAY_PATH_PREFIX", prefix)])).map(|config| config.path_prefix)
    };
    for (given, expected) in [("/", ""), ("/ips", "/ips"), ("/ips/", "/ips"), ("/a/b-1.2_~", "/a/b-1.2_~")] {
        assert_eq!(read(given).as_deref(), Ok(expected), "{given}");
    }
    for wrong in ["ips", "ips/", "//", "/a//b", "/a b", "/a?b", "/%20", "/..", "/{job}"] {
        assert!(read(wrong).is_err(), "{wrong} gives {:?}", read(wrong));
    }
}

#[test]
fn durations_have_units_and_limits() {
    for (name, right, wrong) in [
        ("FRESH", &["0s", "500ms", "10m"][..], &["-1s", "2", "2 parsecs", "10m 1s"][..]),
        ("STALE_WHILE_REVALIDATE", &["0s", "1day"], &["25h"]),
        ("STALE_IF_ERROR", &["0s", "24h"], &["1month"]),
        ("UPSTREAM_TIMEOUT", &["1ms", "10m"], &["0s", "1us", "11m"]),
        ("UPSTREAM_WAIT", &["1ms", "10m"], &["0s", "1us", "11m"]),
    ] {
        let name = format!("IPS_GATEWAY_{name}");
        for value in right {
            config(&beside_upstream(&[(&name, value)]));
        }
        for value in wrong {
            let complaint = complaints(&beside_upstream(&[(&name, value)]));
            assert!(complaint[0].contains("expected a duration from"), "{name}={value}: {complaint:?}");
        }
    }
}

#[test]
fn sizes_have_units_and_limits() {
    let read = |size| {
        let sources = beside_upstream(&[("IPS_GATEWAY_UPSTREAM_ANSWER_LIMIT", size)]);
        Config::read(&sources).map(|config| config.upstream_answer_limit)
    };
    for (given, expected) in [
        ("65536", 65_536),
        ("65536B", 65_536),
        ("64KiB", 65_536),
        ("100 kB", 100_000),
        ("1MB", 1_000_000),
        ("64MiB", 67_108_864),
        ("1GB", 1_000_000_000),
        ("1GiB", 1_073_741_824),
    ] {
        assert_eq!(read(given), Ok(expected), "{given}");
    }
    for wrong in ["0", "1KiB", "2GiB", "64mib", "MiB", "-1MiB", "1.5MiB", "1 MiB 1", "99999999999999999999GiB"] {
        assert!(read(wrong).is_err(), "{wrong} gives {:?}", read(wrong));
    }
}

#[test]
fn calls_are_counted() {
    for (given, good) in [("1", true), ("10000", true), ("0", false), ("10001", false), ("many", false)] {
        let sources = beside_upstream(&[("IPS_GATEWAY_UPSTREAM_CALLS", given)]);
        assert_eq!(Config::read(&sources).is_ok(), good, "{given}");
    }
    let failures = |given| {
        Config::read(&beside_upstream(&[("IPS_GATEWAY_UPSTREAM_FAILURES", given)]))
            .map(|config| config.upstream_failures)
    };
    assert_eq!((failures("20"), failures("0")), (Ok(std::num::NonZeroU32::new(20)), Ok(None)));
    assert!(failures("-1").is_err());
}

#[test]
fn cors_origins_are_as_browsers_write_them() {
    let read = |origins| {
        Config::read(&beside_upstream(&[("IPS_GATEWAY_CORS_ORIGINS", origins)])).map(|config| config.cors_origins)
    };
    for (given, expected) in [
        ("*", vec!["*"]),
        ("https://app.example.com, http://localhost:3000", vec!["https://app.example.com", "http://localhost:3000"]),
        ("HTTPS://App.Example.com:443/", vec!["https://app.example.com"]),
    ] {
        assert_eq!(read(given), Ok(expected.into_iter().map(str::to_owned).collect()), "{given}");
    }
    for wrong in
        ["app.example.com", "https://app.example.com/path", "https://*.example.com", "null", "*,https://a.example.com"]
    {
        assert!(read(wrong).is_err(), "{wrong} gives {:?}", read(wrong));
    }
}

#[test]
fn cors_origins_in_the_file_are_an_array() {
    let (mut sources, _) = in_file("cors.toml", "cors_origins = ['https://a.example.com', 'https://b.example.com']");
    sources.variables.push((UPSTREAM.0.into(), UPSTREAM.1.into()));
    assert_eq!(config(&sources).cors_origins, ["https://a.example.com", "https://b.example.com"]);
}

#[test]
fn with_a_given_ips_the_settings_about_it_do_not_matter() {
    let sources = variables(&[UPSTREAM, ("IPS_GATEWAY_REGION", "mars"), ("IPS_GATEWAY_COMPANY", "Example Outfitters")]);
    let url: url::Url = "http://127.0.0.1:9/".parse().unwrap();
    let upstream = Upstream { url };
    let config = Config::read_for(&sources, upstream.clone(), "2022-11-01-beta".parse().unwrap()).unwrap();
    assert_eq!(config.upstream, upstream);
    assert_eq!(config.api_version.as_str(), "2022-11-01-beta");
    assert_eq!(config.company.as_deref(), Some("Example Outfitters"));
}
