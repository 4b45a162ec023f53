//! The upstream: URL, region and API version.

use super::{UPSTREAM, config, errors, in_file, variables, with_upstream};

#[test]
fn every_region_has_a_production_and_a_staging_url() {
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
fn a_url_excludes_region_and_staging() {
    let both = errors(&with_upstream(&[("IPS_GATEWAY_REGION", "na")]));
    assert_eq!(both, ["IPS_GATEWAY_REGION: also given by IPS_GATEWAY_UPSTREAM_URL; expected one of the two"]);
    let staging = errors(&with_upstream(&[("IPS_GATEWAY_STAGING", "true")]));
    assert_eq!(staging, ["IPS_GATEWAY_STAGING: requires IPS_GATEWAY_REGION"]);
}

#[test]
fn a_service_url_is_http_without_credentials() {
    for url in [
        "ips.example.com",
        "ftp://ips.example.com/",
        "https://u:hunter2@ips.example.com/",
        "https://x/?a=b",
        "https://x/#a",
    ] {
        let errors = errors(&variables(&[(UPSTREAM.0, url)])).join("\n");
        assert!(errors.contains("expected an http or https URL without credentials"), "{url}: {errors}");
        assert!(!errors.contains("hunter2"), "{errors}");
    }
}

#[test]
fn an_unquoted_toml_date_is_an_api_version() {
    let (mut sources, _) = in_file("date.toml", "api_version = 2013-02-15");
    sources.variables.push((UPSTREAM.0.into(), UPSTREAM.1.into()));
    assert_eq!(config(&sources).upstream.api_version.as_str(), "2013-02-15");
}

#[test]
fn the_api_without_a_version_is_named_none() {
    let config = config(&with_upstream(&[("IPS_GATEWAY_API_VERSION", "none")]));
    assert_eq!(config.upstream.api_version.as_str(), "");
}
