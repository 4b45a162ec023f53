//! Forms of requests: the authHeader of SOAP, envelopes of other SOAP versions, and the endpoint without SOAP.

use ips_gateway::sandbox::users::ORDINARY;

use super::soap::{Fixture, NAMESPACE, Reply, envelope, parse};

const COMMON: &str = "http://www.scene7.com/IpsApi/xsd";

/// Returns an envelope of getActiveJobs with the content of its Header.
fn with_header(header: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>{header}</s:Header>\
         <s:Body><getActiveJobsParam xmlns=\"{NAMESPACE}\"/></s:Body></s:Envelope>"
    )
}

fn auth_header(content: &str) -> String {
    with_header(&format!("<authHeader xmlns=\"{COMMON}\">{content}</authHeader>"))
}

const USER: &str = "<user>katlyn@example.com</user>";
const PASSWORD: &str = "<password>sandbox-katlyn</password>";
const APP: &str = "<appName>a</appName>";

#[tokio::test]
async fn every_element_of_the_auth_header_is_optional_and_their_order_is_free() {
    let fixture = Fixture::seeded();
    for content in [
        format!("{USER}{PASSWORD}"),
        format!("{PASSWORD}{USER}"),
        format!("{APP}{PASSWORD}<locale>en-US</locale>{USER}"),
        format!("<gzipResponse>false</gzipResponse><accessToken>{}</accessToken>", ORDINARY.access_token),
        format!("{USER}{PASSWORD}<accessToken/><appVersion/>"),
    ] {
        fixture.post("getActiveJobs", auth_header(&content)).await.answer();
    }
    for (content, code, mentioned) in [
        (APP.to_owned(), 10000, ""),
        (format!("{USER}{PASSWORD}{USER}"), 30003, "user"),
        (format!("{USER}{PASSWORD}<samlResponse>x</samlResponse>"), 30003, "samlResponse"),
        (format!("{USER}{PASSWORD}<colour>red</colour>"), 30003, "authHeader.colour"),
        (format!("{USER}{PASSWORD}<gzipResponse>perhaps</gzipResponse>"), 30003, "authHeader.gzipResponse"),
    ] {
        let fault = fixture.post("getActiveJobs", auth_header(&content)).await.fault();
        assert!(fault.code == code && fault.reason.contains(mentioned), "{content}: {fault:?}");
    }
}

#[tokio::test]
async fn only_an_auth_header_of_the_common_namespace_counts() {
    let fixture = Fixture::seeded();
    let of_version = with_header(&format!("<authHeader xmlns=\"{NAMESPACE}\">{USER}{PASSWORD}</authHeader>"));
    assert_eq!(fixture.post("getActiveJobs", of_version).await.code(), 10000);
    let former = "xmlns=\"http://www.scene7.com/IpsApi\"";
    let former = with_header(&format!(
        "<AuthUser {former}>katlyn@example.com</AuthUser><AuthPassword {former}>sandbox-katlyn</AuthPassword>"
    ));
    fixture.post("getActiveJobs", former).await.answer();
}

#[tokio::test]
async fn http_basic_does_instead_of_an_auth_header() {
    let fixture = Fixture::seeded();
    let post = |password, body: String| {
        let request = fixture.http.post(fixture.sandbox.url()).header("content-type", "text/xml");
        request.basic_auth(ORDINARY.email, Some(password)).body(body).send()
    };
    let bare = with_header("").replace("<s:Header></s:Header>", "");
    for body in [bare.clone(), with_header(""), auth_header(APP)] {
        assert_eq!(post(ORDINARY.password, body.clone()).await.unwrap().status(), 200, "{body}");
    }
    assert_eq!(post("wrong", bare).await.unwrap().status(), 500);
}

#[tokio::test]
async fn an_envelope_of_another_soap_version_is_a_version_mismatch() {
    let fixture = Fixture::seeded();
    let body = envelope("", "getActiveJobs", "")
        .replace("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope");
    let reply = fixture.post("getActiveJobs", body).await;
    let fault = parse(&reply.text).all("Body/Fault").remove(0);
    assert_eq!((reply.status, fault.text("faultcode").as_str()), (500, "soapenv:VersionMismatch"), "{reply:?}");
    assert!(fault.text("faultstring").contains("SOAP 1.1"), "{fault:?}");
}

/// Posts a document to the endpoint without SOAP.
async fn post_bare(fixture: &Fixture, document: String) -> Reply {
    let url = format!("http://{}/scene7/api/IpsApiService", fixture.sandbox.address());
    let response = fixture.http.post(url).header("content-type", "text/xml").body(document).send().await.unwrap();
    Reply { status: response.status().as_u16(), text: response.text().await.unwrap() }
}

fn bare(namespace: &str, auth: &str, inner: &str) -> String {
    let auth = format!("<authHeader>{auth}</authHeader>");
    format!("<Request xmlns=\"{namespace}\">{auth}<getActiveJobsParam>{inner}</getActiveJobsParam></Request>")
}

const APP_VERSION: &str = "<appVersion>1</appVersion>";

#[tokio::test]
async fn a_request_without_soap_gets_the_bare_answer() {
    let fixture = Fixture::seeded();
    for namespace in [NAMESPACE, "http://www.scene7.com/IpsApi/xsd/2017-10-29-beta", COMMON] {
        let inner = "<companyHandle>c|110</companyHandle>";
        let reply = post_bare(&fixture, bare(namespace, &format!("{USER}{PASSWORD}{APP}{APP_VERSION}"), inner)).await;
        let answer = parse(&reply.text);
        assert_eq!((reply.status, answer.name.as_str()), (200, "getActiveJobsReturn"), "{}", reply.text);
        assert!(answer.all("jobArray/items").len() > 1 && reply.text.contains(&format!("xmlns=\"{namespace}\"")));
    }
}

#[tokio::test]
async fn a_fault_without_soap_is_the_bare_element_with_the_requested_status() {
    let fixture = Fixture::seeded();
    let app = format!("{APP}{APP_VERSION}");
    let login = format!("{USER}{PASSWORD}{app}");
    for (document, status, code) in [
        (bare(NAMESPACE, &app, ""), 500, "10000"),
        (bare(NAMESPACE, &format!("{app}<faultHttpStatusCode>200</faultHttpStatusCode>"), ""), 200, "10000"),
        (bare(NAMESPACE, &login, "<companyHandle>c|0</companyHandle>"), 500, "20000"),
        (bare(NAMESPACE, &format!("{USER}{PASSWORD}"), ""), 500, "30003"),
        (bare(NAMESPACE, &format!("{PASSWORD}{USER}{app}"), ""), 500, "30003"),
        (bare("http://example.com/", &login, ""), 500, "30003"),
        (
            bare(NAMESPACE, &login, "").replace("<authHeader>", &format!("<authHeader xmlns=\"{COMMON}\">")),
            500,
            "30003",
        ),
        (bare(NAMESPACE, &login, "").replace("</Request>", "<stopJobParam/></Request>"), 500, "30003"),
        (format!("<Request xmlns=\"{NAMESPACE}\"/>"), 500, "30003"),
        (format!("<Request xmlns=\"{NAMESPACE}\"><getActiveJobsParam/></Request>"), 500, "10000"),
        (envelope("", "getActiveJobs", ""), 500, "30003"),
    ] {
        let reply = post_bare(&fixture, document.clone()).await;
        let fault = parse(&reply.text);
        assert!(fault.name.ends_with("Fault"), "{document}: {}", reply.text);
        assert_eq!((reply.status, fault.text("code").as_str()), (status, code), "{document}: {}", reply.text);
    }
}
