//! Errors in settings: all at once, each with its origin and the expected value.

use std::ffi::OsString;

use ips_gateway::config::Sources;

use super::{errors, in_file, with_upstream};

#[test]
fn a_missing_upstream_is_reported() {
    let expected = "IPS_GATEWAY_UPSTREAM_URL: is missing; expected it or IPS_GATEWAY_REGION";
    assert_eq!(errors(&Sources::default()), [expected]);
}

#[test]
fn all_errors_are_reported_at_once_with_origin_and_expected_value() {
    let (mut sources, path) =
        in_file("wrong.toml", "listen = 8080\nregion = 'mars'\nfresh = 2\ncompany = ['a', 'b']\ncolour = 1");
    sources.variables.extend([
        ("IPS_GATEWAY_UPSTREAM_TIMEOUT".into(), "0s".into()),
        ("IPS_GATEWAY_LOG_FROMAT".into(), "json".into()),
        ("IPS_GATEWAY_SERVICE_USER".into(), "gateway@example.com".into()),
        ("PATH".into(), "/bin".into()),
    ]);
    sources.flags.extend([("staging".into(), "maybe".into()), ("api_version".into(), "2014".into())]);

    let errors = errors(&sources);
    let expected = [
        "IPS_GATEWAY_LOG_FROMAT: is not a setting; did you mean IPS_GATEWAY_LOG_FORMAT?".to_owned(),
        format!("{path}: colour: is not a setting"),
        format!("{path}: region: \"mars\" given, expected na, emea or apac"),
        "--staging: \"maybe\" given, expected true or false".into(),
        "--api-version: \"2014\" given, expected a date, such as 2014-04-03 or 2022-11-01-beta, or none".into(),
        format!(
            "{path}: listen: \"8080\" given, expected an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080"
        ),
        "IPS_GATEWAY_UPSTREAM_TIMEOUT: \"0s\" given, expected a duration from 1ms to 10m, such as 2s or 1m 30s".into(),
        format!("{path}: fresh: \"2\" given, expected a duration from 0s to 10m, such as 2s or 1m 30s"),
        format!("{path}: company: expected one value, not a list"),
        "IPS_GATEWAY_SERVICE_PASSWORD: is missing; required with IPS_GATEWAY_SERVICE_USER".into(),
        "IPS_GATEWAY_API_KEYS_FILE: is missing; required with IPS_GATEWAY_SERVICE_USER".into(),
    ];
    assert_eq!(errors, expected, "\n{}\n\n{}", errors.join("\n"), expected.join("\n"));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_an_error() {
    use std::os::unix::ffi::OsStringExt;
    let mut sources = with_upstream(&[]);
    sources.variables.push(("IPS_GATEWAY_COMPANY".into(), OsString::from_vec(vec![0xff])));
    assert_eq!(errors(&sources), ["IPS_GATEWAY_COMPANY: is not UTF-8"]);
}

#[test]
fn a_missing_settings_file_is_an_error() {
    let errors = errors(&with_upstream(&[("IPS_GATEWAY_CONFIG", "/no/such.toml")]));
    assert_eq!(errors, ["/no/such.toml: can't be read: No such file or directory (os error 2)"]);
}

#[test]
fn a_settings_file_that_is_not_toml_is_an_error_without_its_content() {
    for content in [
        "company = 'a'\nservice_password = hunter2\n",
        "company = 'a'\nservice_password = \"hunter2\n",
        "company = 'a'\nservice_password 'hunter2'\n",
        "company = 'a'\nservice_password = 'hunter2' hunter2\n",
    ] {
        let (sources, path) = in_file("no.toml", content);
        let errors = errors(&sources);
        assert!(errors[0].starts_with(&format!("{path}: line 2: ")), "{errors:?}");
        assert!(!format!("{errors:?}").contains("hunter2"), "{errors:?}");
    }
}
