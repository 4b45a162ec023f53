//! Types with secrets redact them in their debug output.

use std::sync::Arc;

use ips_gateway::config::{Config, SETTINGS, Sources};
use ips_gateway::ips::soap::AuthHeader;
use ips_gateway::ips::types::SecretText;
use ips_gateway::upstream::{Caller, Credentials};
use secrecy::SecretString;

#[test]
fn no_debug_output_shows_a_secret() {
    let secret = || SecretString::from("hidden-password");
    let password = Credentials::Password { user: "katlyn@example.com".into(), password: secret() };
    let caller = Caller::service(&password).with_api_key(None, Some(Arc::from(["c|110".to_owned()])));
    let auth = AuthHeader {
        user: Some("katlyn@example.com".into()),
        password: Some(secret()),
        access_token: Some(secret()),
        saml_response: Some(secret()),
        ..AuthHeader::default()
    };
    let variables = [
        ("UPSTREAM_URL", "https://ips.example.com/"),
        ("SERVICE_USER", "gateway@example.com"),
        ("SERVICE_PASSWORD", "hidden-password"),
        ("API_KEYS_FILE", "keys.toml"),
        ("SHARED_CACHE_URL", "redis://user:hidden-password@cache.example.com"),
        ("SHARED_CACHE_KEY", "hidden-password-that-is-long-enough-to-be-a-key"),
    ];
    // Unknown settings are skipped.
    let is_known = |name: &String| SETTINGS.iter().any(|setting| setting.variable() == *name);
    let variables = variables.map(|(name, value)| (format!("IPS_GATEWAY_{name}"), value)).into_iter();
    let variables = variables.filter(|(name, _)| is_known(name)).map(|(name, value)| (name.into(), value.into()));
    let sources = Sources { variables: variables.collect(), ..Sources::default() };
    let config = Config::read(&sources).unwrap_or_else(|errors| panic!("{errors}"));
    let shown = [
        format!("{password:?}"),
        format!("{:?}", Credentials::AccessToken(secret())),
        format!("{caller:#?}"),
        format!("{auth:#?}"),
        format!("{:?}", SecretText::from("hidden-password")),
        format!("{config:#?}"),
    ];
    for text in shown {
        assert!(!text.contains("hidden-password"), "{text}");
        assert!(text.to_lowercase().contains("redacted"), "it is nowhere said that something is left out: {text}");
    }
}
