//! Valid values: prefixes, durations, sizes, numbers, origins.

use ips_gateway::config::Config;

use super::{UPSTREAM, beside_upstream, config, errors, in_file};

#[test]
fn a_path_prefix_is_normalized_and_validated() {
    let read = |prefix| {
        Config::read(&beside_upstream(&[("IPS_GATEWAY_PATH_PREFIX", prefix)])).map(|config| config.listen.path_prefix)
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
            let error = errors(&beside_upstream(&[(&name, value)]));
            assert!(error[0].contains("expected a duration from"), "{name}={value}: {error:?}");
        }
    }
}

#[test]
fn sizes_have_units_and_limits() {
    let read = |size| {
        let sources = beside_upstream(&[("IPS_GATEWAY_UPSTREAM_ANSWER_LIMIT", size)]);
        Config::read(&sources).map(|config| config.upstream.max_answer_bytes)
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
fn numbers_of_calls_have_limits() {
    for (given, good) in [("1", true), ("10000", true), ("0", false), ("10001", false), ("many", false)] {
        let sources = beside_upstream(&[("IPS_GATEWAY_UPSTREAM_CALLS", given)]);
        assert_eq!(Config::read(&sources).is_ok(), good, "{given}");
    }
    let failures = |given| {
        Config::read(&beside_upstream(&[("IPS_GATEWAY_UPSTREAM_FAILURES", given)]))
            .map(|config| config.upstream.min_failures)
    };
    assert_eq!((failures("20"), failures("0")), (Ok(std::num::NonZeroU32::new(20)), Ok(None)));
    assert!(failures("-1").is_err());
}

#[test]
fn cors_origins_are_validated_as_serialized_origins() {
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
