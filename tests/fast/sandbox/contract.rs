//! The WSDL, the schemas, and HTTP.

use ips_gateway::ips::types::OPERATIONS;
use ips_gateway::sandbox::users::{ORDINARY, OUTFITTERS};

use super::soap::{Fixture, company, envelope, envelope_in, upload};

async fn get(fixture: &Fixture, query: &str) -> (u16, String) {
    let response = fixture.http.get(format!("{}{query}", fixture.sandbox.url())).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn the_wsdl_refers_to_its_own_address_and_schemas() {
    let fixture = Fixture::empty();
    let (status, wsdl) = get(&fixture, "?wsdl").await;
    assert_eq!(status, 200);
    let url = fixture.sandbox.url();
    assert!(wsdl.contains(&format!("location=\"{url}\"")), "{wsdl}");
    for (name, holds) in [("ips-common.xsd", "authHeader"), ("ips-jobs.xsd", "getActiveJobsParam")] {
        assert!(wsdl.contains(&format!("schemaLocation=\"{url}?xsd={name}\"")), "{wsdl}");
        let (status, schema) = get(&fixture, &format!("?xsd={name}")).await;
        assert!(status == 200 && schema.contains(holds), "{status} {schema}");
    }
    assert_eq!(get(&fixture, "?xsd=../Cargo.toml").await.0, 404);
    assert_eq!(get(&fixture, "").await.0, 404);
}

#[tokio::test]
async fn the_contract_and_the_service_are_of_the_configured_version() {
    let fixture = Fixture::with(|config| config.version = "2014-04-03".parse().unwrap());
    let namespace = "http://www.scene7.com/IpsApi/xsd/2014-04-03";
    for query in ["?wsdl", "?xsd=ips-jobs.xsd"] {
        let (_, text) = get(&fixture, query).await;
        assert!(text.contains(namespace) && !text.contains("2022-11-01-beta"), "{query}: {text}");
    }
    let login = format!("<a:accessToken>{}</a:accessToken>", ORDINARY.access_token);
    let reply = fixture.post("getActiveJobs", envelope_in(namespace, &login, "getActiveJobs", "")).await;
    assert!(reply.answer().all("jobArray/items").len() > 1 && reply.text.contains(namespace), "{}", reply.text);
    assert_eq!(fixture.post("getActiveJobs", envelope(&login, "getActiveJobs", "")).await.code(), 30003);
}

#[tokio::test]
async fn an_older_version_lacks_newer_fields_and_operations() {
    let detail = upload(&["https://images.example.com/a.tif"])
        .replace("<createMask>", "<synchronizationComplete>true</synchronizationComplete><createMask>");
    let inner = format!("{}<jobName>newer</jobName>{detail}", company(&OUTFITTERS));
    let login = format!("<a:accessToken>{}</a:accessToken>", ORDINARY.access_token);
    for (version, known) in [("2014-04-03", false), ("2017-10-29-beta", true)] {
        let fixture = Fixture::with(|config| config.version = version.parse().unwrap());
        let (_, schema) = get(&fixture, "?xsd=ips-jobs.xsd").await;
        assert_eq!(schema.contains("synchronizationComplete"), known, "{version}");
        assert_eq!(schema.matches("<xsd:sequence>").count(), schema.matches("</xsd:sequence>").count(), "{version}");
        for query in ["?wsdl", "?xsd=ips-jobs.xsd"] {
            let (_, text) = get(&fixture, query).await;
            assert!(
                text.contains("getAssetJobLogsParam") && !text.contains("getAssetArchivedJobLogs"),
                "{query}: {text}"
            );
        }
        let namespace = format!("http://www.scene7.com/IpsApi/xsd/{version}");
        let asset = format!("{}<assetHandle>a|11000</assetHandle>", company(&OUTFITTERS));
        let archived = envelope_in(&namespace, &login, "getAssetArchivedJobLogs", &asset);
        assert_eq!(fixture.post("getAssetArchivedJobLogs", archived).await.code(), 30003, "{version}");
        let reply = fixture.post("submitJob", envelope_in(&namespace, &login, "submitJob", &inner)).await;
        if known {
            reply.answer();
        } else {
            let fault = reply.fault();
            assert!(fault.code == 30003 && fault.reason.contains("synchronizationComplete"), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn responses_are_compressed_for_clients_that_accept_gzip() {
    let fixture = Fixture::seeded();
    let login = format!("<a:accessToken>{}</a:accessToken>", ORDINARY.access_token);
    let plain = reqwest::Client::builder().no_proxy().no_gzip().build().unwrap();
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

/// The fields of a type in the schema: name, type, whether optional, whether repeated.
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
    let (_, schema) = get(&Fixture::empty(), "?xsd=ips-jobs.xsd").await;
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
