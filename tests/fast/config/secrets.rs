//! Secrets: given directly or by files, never shown, and required together with other settings.

use ips_gateway::config::AuthConfig;
use secrecy::ExposeSecret;

use super::{ACCOUNT, beside_upstream, config, errors, file};

#[test]
fn a_secret_is_read_from_a_file_without_its_last_line_break() {
    for (content, expected) in [("pw", "pw"), ("pw\n", "pw"), ("pw\r\n", "pw"), (" p w \n\n", " p w \n")] {
        let path = file("password", content);
        let by_file = [("IPS_GATEWAY_SERVICE_PASSWORD_FILE", path.to_str().unwrap())];
        let AuthConfig::ApiKeys { account, .. } = config(&beside_upstream(&[&ACCOUNT[..], &by_file].concat())).auth
        else {
            panic!("an account was given")
        };
        assert_eq!(account.password.expose_secret(), expected, "{content:?}");
        assert_eq!(account.user, "gateway@example.com");
    }
}

#[test]
fn a_secret_given_twice_is_an_error() {
    let twice = [("IPS_GATEWAY_SERVICE_PASSWORD", "hunter2"), ("IPS_GATEWAY_SERVICE_PASSWORD_FILE", "/run/secrets/pw")];
    let errors = errors(&beside_upstream(&[&ACCOUNT[..], &twice].concat()));
    let expected =
        "IPS_GATEWAY_SERVICE_PASSWORD: also given by IPS_GATEWAY_SERVICE_PASSWORD_FILE; expected one of the two";
    assert_eq!(errors, [expected]);
}

#[test]
fn an_empty_or_missing_secret_file_is_an_error() {
    let empty = file("empty", "\n");
    for (path, expected) in [
        (empty.to_str().unwrap(), "IPS_GATEWAY_SERVICE_PASSWORD_FILE: expected a text that is not empty"),
        (
            "/no/such",
            "IPS_GATEWAY_SERVICE_PASSWORD_FILE: \"/no/such\" can't be read: No such file or directory (os error 2)",
        ),
    ] {
        let by_file = [("IPS_GATEWAY_SERVICE_PASSWORD_FILE", path)];
        assert_eq!(errors(&beside_upstream(&[&ACCOUNT[..], &by_file].concat())), [expected]);
    }
}

#[test]
fn secrets_are_neither_in_the_debug_output_nor_in_errors() {
    let secrets = [
        ("IPS_GATEWAY_SERVICE_PASSWORD", "hunter2"),
        ("IPS_GATEWAY_SHARED_CACHE_URL", "redis://:hunter2@cache.example.com/"),
        ("IPS_GATEWAY_SHARED_CACHE_KEY", "hunter2-Jv3mQ8yXr0aLw5tNzB7cEdUhKf2SgPi9"),
    ];
    let shown = format!("{:?}", config(&beside_upstream(&[&ACCOUNT[..], &secrets].concat())));
    assert!(!shown.contains("hunter2"), "{shown}");

    let wrong = errors(&beside_upstream(&[("IPS_GATEWAY_SHARED_CACHE_URL", "http://:hunter2/")]));
    assert_eq!(wrong, ["IPS_GATEWAY_SHARED_CACHE_URL: expected a redis:// or rediss:// URL with a host"]);
}

#[test]
fn a_shared_cache_and_a_strong_key_are_required_together() {
    let url = ("IPS_GATEWAY_SHARED_CACHE_URL", "redis://cache.example.com/");
    let key = |key| ("IPS_GATEWAY_SHARED_CACHE_KEY", key);
    let good = key("Jv3mQ8yXr0aLw5tNzB7cEdUhKf2SgPi9");
    assert!(config(&beside_upstream(&[url, good])).replicas.is_some());
    let expected =
        "IPS_GATEWAY_SHARED_CACHE_KEY: expected at least 32 random characters, such as from `openssl rand -base64 32`";
    for (given, error) in [
        (&[url][..], "IPS_GATEWAY_SHARED_CACHE_KEY: is missing; required with IPS_GATEWAY_SHARED_CACHE_URL"),
        (&[good], "IPS_GATEWAY_SHARED_CACHE_URL: is missing; required with IPS_GATEWAY_SHARED_CACHE_KEY"),
        (&[url, key("Jv3mQ8yXr0aLw5tNzB7cEdUhKf2SgPi")], expected),
        (&[url, key("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")], expected),
    ] {
        assert_eq!(errors(&beside_upstream(given)), [error], "{given:?}");
    }
    let authority = ("IPS_GATEWAY_SHARED_CACHE_CA_FILE", "authority.pem");
    let nothing = "IPS_GATEWAY_SHARED_CACHE_CA_FILE: requires a rediss:// URL in IPS_GATEWAY_SHARED_CACHE_URL";
    for given in [&[authority][..], &[authority, url, good]] {
        assert_eq!(errors(&beside_upstream(given)), [nothing], "{given:?}");
    }
}

#[test]
fn a_service_account_and_api_keys_are_required_together() {
    let password = ("IPS_GATEWAY_SERVICE_PASSWORD", "hunter2");
    for (given, missing) in [
        (&[ACCOUNT[0], password][..], &["API_KEYS_FILE"][..]),
        (&[ACCOUNT[1]], &["SERVICE_USER", "SERVICE_PASSWORD"]),
        (&[ACCOUNT[0], ACCOUNT[1]], &["SERVICE_PASSWORD"]),
        (&[password, ACCOUNT[1]], &["SERVICE_USER"]),
    ] {
        let names: Vec<_> = given.iter().map(|(name, _)| *name).collect();
        let needed = format!("is missing; required with {}", names.join(" and "));
        let expected: Vec<_> = missing.iter().map(|name| format!("IPS_GATEWAY_{name}: {needed}")).collect();
        assert_eq!(errors(&beside_upstream(given)), expected);
    }
}
