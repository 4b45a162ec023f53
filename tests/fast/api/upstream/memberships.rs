//! The three shapes of getCompanyMembership, and answers that have none of them.

use ips_gateway::runtime::clock::Clock;
use serde_json::{Value, json};

use crate::support::{Gateway, START, ScriptedUpstream};

const COMPANY: &str = "<companyHandle>c|31</companyHandle><name>Pebble Prints</name><rootPath>Pebble/</rootPath>\
                       <expires>2044-01-01T00:00:00Z</expires>";

async fn gateway(content: &str, version: &str) -> (ScriptedUpstream, Gateway) {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getCompanyMembership", content);
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = Gateway::start(upstream.url(), &version.parse().expect("a version"), &clock, &[]);
    (upstream, gateway)
}

fn company(role: &Value) -> Value {
    let mut company = json!({
        "companyHandle": "c|31", "name": "Pebble Prints", "rootPath": "Pebble/", "expires": "2044-01-01T00:00:00Z",
    });
    if !role.is_null() {
        company["role"] = role.clone();
        company["isActive"] = json!(true);
        company["maySubmit"] = json!(true);
    }
    company
}

#[tokio::test]
async fn a_membership_is_read_in_each_of_its_shapes() {
    let nested = format!(
        "<membershipArray><items><company>{COMPANY}</company><role>IpsUser</role><isActive>true</isActive></items></membershipArray>"
    );
    let flat = format!("<membershipArray><items>{COMPANY}</items></membershipArray>");
    let companies = format!("<companyArray><items>{COMPANY}</items></companyArray>");
    for (content, version, role) in [
        (&nested, "2014-04-03", json!("IpsUser")),
        (&flat, "2014-04-03", Value::Null),
        (&companies, "", Value::Null),
        (&companies, "2014-04-03", Value::Null),
    ] {
        let (_upstream, gateway) = gateway(content, version).await;
        let list = gateway.get("/companies").await.ok();
        assert_eq!(list, json!({ "companies": [company(&role)] }), "{content}");
        gateway.get("/jobs").await.expect(200);
        gateway.get("/companies/Pebble%20Prints").await.expect(200);
    }
}

#[tokio::test]
async fn an_empty_array_means_no_companies() {
    for content in ["<membershipArray/>", "<companyArray></companyArray>"] {
        let (_upstream, gateway) = gateway(content, "2014-04-03").await;
        let list = gateway.get("/companies").await.ok();
        assert_eq!(list, json!({ "companies": [] }), "{content}");
    }
}

#[tokio::test]
async fn an_answer_of_another_shape_is_an_error() {
    for content in [
        "",
        "<something><items><else/></items></something>",
        "<membershipArray><items><somewhere>else</somewhere></items></membershipArray>",
        "<membershipArray><items><role>IpsUser</role></items></membershipArray>",
        "<membershipArray><company/></membershipArray>",
    ] {
        let (_upstream, gateway) = gateway(content, "2014-04-03").await;
        for path in ["/companies", "/jobs"] {
            gateway.get(path).await.problem(502, "upstream-invalid-answer").await;
        }
    }
}
