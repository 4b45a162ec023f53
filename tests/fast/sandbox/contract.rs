//! WSDL and schemas, and the HTTP side of the service.

use ips_gateway::ips::types::OPERATIONS;
use ips_gateway::sandbox::users::ORDINARY;

use super::soap::{Fixture, envelope};
use crate::support::http_client_builder;

async fn get(fixture: &Fixture, path: &str) -> (u16, String) {
    let response = fixture.http.get(format!("http://{}{path}", fixture.sandbox.address())).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Returns the URLs of the schemas that a WSDL or a schema refers to.
fn schema_locations(text: &str) -> Vec<&str> {
    text.split("schemaLocation=\"").skip(1).map(|rest| &rest[..rest.find('"').unwrap()]).collect()
}

#[tokio::test]
async fn the_wsdl_of_each_version_refers_to_its_own_address_and_schemas() {
    let fixture = Fixture::empty();
    let (url, address) = (fixture.sandbox.url(), fixture.sandbox.address());
    let folder = format!("http://{address}/scene7/webservice/");
    for version in ["", "2008-01-15", "2012-02-14", "2013-02-15", "2014-04-03", "2021-01-11-beta", "2022-11-01-beta"] {
        let suffix = if version.is_empty() { String::new() } else { format!("-{version}") };
        let (status, wsdl) = get(&fixture, &format!("/scene7/webservice/IpsApi{suffix}.wsdl")).await;
        assert!(status == 200 && wsdl.contains(&format!("location=\"{url}\"")), "{version}: {status} {wsdl}");
        let jobs = format!("{folder}ips-jobs{suffix}.xsd");
        let common = format!("{folder}ips-common.xsd");
        let expected = if version.is_empty() { vec![jobs] } else { vec![common, jobs] };
        assert_eq!(schema_locations(&wsdl), expected, "{version}");
        let (status, schema) = get(&fixture, &format!("/scene7/webservice/ips-jobs{suffix}.xsd")).await;
        assert!(status == 200 && schema.contains("getActiveJobsParam"), "{version}: {status} {schema}");
        let namespace = suffix.replacen('-', "http://www.scene7.com/IpsApi/xsd/", 1);
        let namespace = if version.is_empty() { "http://www.scene7.com/IpsApi/xsd" } else { &namespace };
        assert!(schema.contains(&format!("targetNamespace=\"{namespace}\"")), "{version}: {schema}");
        let included = if version.is_empty() { vec!["ips-common.xsd"] } else { vec![] };
        assert_eq!(schema_locations(&schema), included, "{version}");
    }
    let (_, common) = get(&fixture, "/scene7/webservice/ips-common.xsd").await;
    assert!(common.contains("authHeader") && !common.contains("samlResponse"), "{common}");
    for missing in [
        "IpsApi-.wsdl",
        "IpsApi-2099-01-01.wsdl",
        "IpsApi.xsd",
        "ips-jobs.wsdl",
        "IpsApix.wsdl",
        "x",
        "..%2FCargo.toml",
    ] {
        assert_eq!(get(&fixture, &format!("/scene7/webservice/{missing}")).await.0, 404, "{missing}");
    }
}

#[tokio::test]
async fn the_service_describes_itself_in_the_configured_version() {
    let fixture = Fixture::with(|config| config.version = "2014-04-03".parse().unwrap());
    let (_, expected) = get(&fixture, "/scene7/webservice/IpsApi-2014-04-03.wsdl").await;
    for query in ["?wsdl", "?WSDL"] {
        assert_eq!(get(&fixture, &format!("/scene7/services/IpsApiService{query}")).await, (200, expected.clone()));
    }
    assert_eq!(get(&fixture, "/scene7/services/IpsApiService").await.0, 404);
}

#[tokio::test]
async fn responses_are_compressed_for_clients_that_accept_gzip() {
    let fixture = Fixture::seeded();
    let login = format!("<a:accessToken>{}</a:accessToken>", ORDINARY.access_token);
    let plain = http_client_builder().no_gzip().build().unwrap();
    for (accepts, encoding) in [("gzip", Some("gzip")), ("identity", None)] {
        let request =
            plain.post(fixture.sandbox.url()).header("content-type", "text/xml").header("accept-encoding", accepts);
        let response = request.body(envelope(&login, "getActiveJobs", "")).send().await.unwrap();
        assert_eq!(
            response.headers().get("content-encoding").map(|value| value.to_str().unwrap()),
            encoding,
            "{accepts}"
        );
    }
}

#[tokio::test]
async fn the_soap_action_may_be_missing_or_quoted() {
    let fixture = Fixture::seeded();
    let login = format!("<a:accessToken>{}</a:accessToken>", ORDINARY.access_token);
    for action in ["", "\"\"", "\"getActiveJobs\"", "getActiveJobs"] {
        fixture.post(action, envelope(&login, "getActiveJobs", "")).await.answer();
    }
    let request = fixture.http.post(fixture.sandbox.url()).header("content-type", "text/xml");
    assert_eq!(request.body(envelope(&login, "getActiveJobs", "")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn calls_are_counted_by_operation_faults_included() {
    let fixture = Fixture::seeded();
    fixture.active(&ORDINARY).await;
    fixture.active(&ORDINARY).await;
    fixture.post("stopJob", envelope("", "stopJob", "")).await.fault();
    assert_eq!(["getActiveJobs", "stopJob", "submitJob"].map(|operation| fixture.sandbox.calls(operation)), [2, 1, 0]);
    let url = fixture.sandbox.url().replace("/scene7/services/IpsApiService", "/sandbox/calls");
    let text = fixture.http.get(url).send().await.unwrap().text().await.unwrap();
    assert_eq!(text, r#"{"getActiveJobs":2,"stopJob":1}"#);
}

#[tokio::test]
async fn the_clock_can_be_advanced_over_http() {
    let fixture = Fixture::empty();
    let url = fixture.sandbox.url().replace("/scene7/services/IpsApiService", "/sandbox/clock/advance?seconds=90");
    let text = fixture.http.post(url).send().await.unwrap().text().await.unwrap();
    assert_eq!(text, r#""2026-03-02T09:01:30-06:00""#);
}

#[tokio::test]
async fn a_stopped_sandbox_frees_its_port() {
    let fixture = Fixture::empty();
    let address = fixture.sandbox.address();
    fixture.sandbox.stop().await;
    std::net::TcpListener::bind(address).expect("the port is free");
}

/// Fields of a type in the schema: name, type, optional, repeated.
type Fields = Vec<(String, String, bool, bool)>;

fn served_fields(schema: &str, opening: &str) -> Fields {
    let line = schema.lines().find(|line| line.starts_with(opening)).unwrap_or_else(|| panic!("no {opening}"));
    let attribute = |piece: &str, name: &str| {
        piece.split(&format!("{name}=\"")).nth(1).map(|rest| rest[..rest.find('"').unwrap()].to_owned())
    };
    let fields = line[opening.len()..].split("<xsd:element ").skip(1).map(|piece| {
        let field_type = attribute(piece, "type").unwrap().replace("types:", "");
        let optional = attribute(piece, "minOccurs").as_deref() == Some("0");
        let repeated = attribute(piece, "maxOccurs").as_deref() == Some("unbounded");
        (attribute(piece, "name").unwrap(), field_type, optional, repeated)
    });
    fields.collect()
}

#[tokio::test]
async fn the_served_schema_has_every_field_of_the_reference_in_its_order() {
    let reference: serde_json::Value = serde_json::from_str(include_str!("../schema/schema.json")).unwrap();
    let (_, schema) = get(&Fixture::empty(), "/scene7/webservice/ips-jobs-2022-11-01-beta.xsd").await;
    let types = reference["types"].as_object().unwrap();
    for (name, fields) in types {
        let flag = |field: &serde_json::Value, flag: &str| field[flag].as_bool().unwrap_or(false);
        let text = |field: &serde_json::Value, key: &str| field[key].as_str().unwrap().to_owned();
        let expected: Fields = fields
            .as_array()
            .unwrap()
            .iter()
            .map(|field| (text(field, "name"), text(field, "type"), flag(field, "optional"), flag(field, "repeated")))
            .collect();
        let root = name[..1].to_lowercase() + &name[1..];
        let is_root = OPERATIONS
            .iter()
            .any(|operation| root == format!("{operation}Param") || root == format!("{operation}Return"));
        let opening = if is_root {
            format!("<xsd:element name=\"{root}\">")
        } else {
            format!("<xsd:complexType name=\"{name}\">")
        };
        assert_eq!(served_fields(&schema, &opening), expected, "{name}");
    }
    assert!(types.len() >= 100, "only {} types", types.len());
}
