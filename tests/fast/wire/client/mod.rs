//! IPS client over real sockets: the requests that it sends and the answers that it reads.

mod failures;
mod retries;
mod server;

use std::io::Write;
use std::num::NonZeroU32;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use ips_gateway::ips::types::*;
use ips_gateway::runtime::clock::Clock;
use ips_gateway::runtime::timing::Timing;
use ips_gateway::upstream::{
    Caller, CredentialSource, Credentials, Delivery, Failure, IpsAnswer, IpsApi, UpstreamError,
};
use ips_gateway::upstream::{ClientConfig, IpsClient};

use self::server::{Script, Server, response, xml};
use super::{IDENTITY, active_jobs, envelope};

const MAX_ANSWER: usize = 1 << 20;

fn client_of(url: &str) -> IpsClient {
    let config = ClientConfig {
        url: url.parse().unwrap_or_else(|error| panic!("{url}: {error}")),
        version: ApiVersion::default(),
        authorities: Vec::new(),
        timeout: Duration::from_secs(1),
        connect_timeout: Duration::from_millis(500),
        max_calls: 8,
        read_retry: Timing::default().read_retry,
        max_queue_time: Duration::from_millis(200),
        min_failures: NonZeroU32::new(5),
        max_answer_bytes: MAX_ANSWER,
        app_name: "ips-gateway".into(),
        app_version: "1.2.3".into(),
        clock: Clock::system(),
    };
    IpsClient::new(config).unwrap_or_else(|error| panic!("no client: {error}"))
}

fn client(server: &Server) -> IpsClient {
    client_of(&format!("http://{}/scene7/services/IpsApiService", server.address))
}

fn caller() -> Caller {
    let credentials =
        Credentials::Password { user: "user@example.com".into(), password: "s3cret<&>".to_owned().into() };
    Caller::new(credentials, CredentialSource::Caller).with_locale(Some("de-DE".into()))
}

/// Calls getActiveJobs, a read.
async fn list(client: &IpsClient) -> Result<IpsAnswer<GetActiveJobsReturn>, UpstreamError> {
    client.get_active_jobs(&caller(), &GetActiveJobsParam::default()).await
}

/// Calls getActiveJobs of a server with a script.
async fn list_from(script: Script) -> Result<IpsAnswer<GetActiveJobsReturn>, UpstreamError> {
    list(&client(&Server::start(script).await)).await
}

/// Calls stopJob, a mutation.
async fn stop(client: &IpsClient) -> Result<IpsAnswer<StopJobReturn>, UpstreamError> {
    let request = StopJobParam { company_handle: "c|1".into(), job_handle: "j|1".into() };
    client.stop_job(&caller(), &request).await
}

async fn stop_at(script: Script) -> UpstreamError {
    let error = stop(&client(&Server::start(script).await)).await.expect_err("no answer");
    assert_eq!(error.operation, "stopJob");
    error
}

fn one_job() -> String {
    active_jobs(&format!("<jobArray><items>{IDENTITY}</items></jobArray>"))
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).expect("compressed");
    encoder.finish().expect("compressed")
}

#[tokio::test]
async fn a_call_carries_soap_action_credentials_and_version() {
    let server = Server::start(Script::Send(xml("200 OK", &one_job()))).await;
    let answered = list(&client(&server)).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(answered.value.job_array[0].name.as_deref(), Some("spring_1"));
    assert_eq!(answered.bad_items, []);

    let seen = server.seen();
    let (head, body) = seen[0].split_once("\r\n\r\n").expect("a head and a body");
    let head = head.to_ascii_lowercase();
    for line in [
        "post /scene7/services/ipsapiservice http/1.1",
        "soapaction: getactivejobs",
        "content-type: text/xml; charset=utf-8",
        "accept-encoding: gzip",
        "user-agent: ips-gateway/1.2.3",
    ] {
        assert!(head.lines().any(|seen| seen == line), "no {line} in {head}");
    }
    assert!(!head.contains("authorization"), "{head}");
    for part in [
        "<authHeader xmlns=\"http://www.scene7.com/IpsApi/xsd\"><user>user@example.com</user>\
         <password>s3cret&lt;&amp;&gt;</password><locale>de-DE</locale><appName>ips-gateway</appName>\
         <appVersion>1.2.3</appVersion></authHeader>",
        "<getActiveJobsParam xmlns=\"http://www.scene7.com/IpsApi/xsd/2014-04-03\">",
    ] {
        assert!(body.contains(part), "no {part} in {body}");
    }
}

#[tokio::test]
async fn an_access_token_replaces_user_and_password() {
    let server = Server::start(Script::Send(xml("200 OK", &one_job()))).await;
    let token = Credentials::AccessToken("t0ken".to_owned().into());
    let caller = Caller::new(token, CredentialSource::Caller);
    let answered = client(&server).get_active_jobs(&caller, &GetActiveJobsParam::default()).await;
    assert!(answered.is_ok(), "{answered:?}");
    let seen = server.seen();
    assert!(seen[0].contains("<accessToken>t0ken</accessToken><appName>"), "{seen:?}");
    assert!(!seen[0].contains("<user>") && !seen[0].contains("<password>"), "{seen:?}");
}

#[tokio::test]
async fn a_fault_is_a_fault_on_every_status() {
    let document = envelope(
        "<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>authorizationFault</faultstring><detail>\
         <authorizationFault xmlns=\"http://www.scene7.com/IpsApi/xsd\"><code>20003</code><reason>No permission</reason>\
         </authorizationFault></detail></soapenv:Fault>",
    );
    for status in ["200 OK", "500 Internal Server Error", "418 I'm a teapot"] {
        let error = stop_at(Script::Send(xml(status, &document))).await;
        assert_eq!(error.delivery, Delivery::Rejected, "on {status}");
        match error.failure {
            Failure::Fault(fault) => assert_eq!(
                fault,
                Fault { name: FaultName::Authorization, code: Some(20003), reason: "No permission".into() }
            ),
            other => panic!("on {status}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn unreadable_items_are_reported() {
    let document = active_jobs(&format!("<jobArray><items>{IDENTITY}</items><items><x/></items></jobArray>"));
    let answered = list_from(Script::Send(xml("200 OK", &document))).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(answered.value.job_array.len(), 1);
    assert_eq!(answered.bad_items[0].path, "jobArray.items[1]");
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    let body = gzip(one_job().as_bytes());
    let answered = list_from(Script::Send(response("200 OK", "Content-Encoding: gzip\r\n", &body))).await;
    assert_eq!(answered.unwrap_or_else(|error| panic!("{error}")).value.job_array.len(), 1);
}

#[tokio::test]
async fn a_large_answer_is_read() {
    let items = format!("<items>{IDENTITY}</items>").repeat(2_000);
    let document = active_jobs(&format!("<jobArray>{items}</jobArray>"));
    assert!(document.len() > 256 << 10 && document.len() < MAX_ANSWER, "{} bytes", document.len());
    let answered = list_from(Script::Send(xml("200 OK", &document))).await;
    assert_eq!(answered.unwrap_or_else(|error| panic!("{error}")).value.job_array.len(), 2_000);
}

#[tokio::test]
async fn an_answer_above_the_size_limit_is_not_read_to_its_end() {
    let plain = xml("200 OK", &" ".repeat(MAX_ANSWER + 1));
    let bomb = response("200 OK", "Content-Encoding: gzip\r\n", &gzip(&vec![b' '; 30 * MAX_ANSWER]));
    for script in [Script::Send(plain), Script::Send(bomb)] {
        let error = stop_at(script).await;
        assert!(matches!(error.failure, Failure::TooLarge(MAX_ANSWER)), "{error:?}");
        assert_eq!(error.delivery, Delivery::Unknown);
    }
}

#[tokio::test]
async fn invalid_gzip_is_malformed_and_incomplete_gzip_is_truncated() {
    let body = gzip(one_job().as_bytes());
    let fake = response("200 OK", "Content-Encoding: gzip\r\n", one_job().as_bytes());
    let error = stop_at(Script::Send(fake)).await;
    assert!(matches!(&error.failure, Failure::Malformed { status: Some(200), .. }), "{error:?}");
    let short = response("200 OK", "Content-Encoding: gzip\r\n", &body[..body.len() / 2]);
    let error = stop_at(Script::Send(short)).await;
    assert!(matches!(&error.failure, Failure::Incomplete(_)), "{error:?}");
    assert_eq!(error.delivery, Delivery::Unknown);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::start(Script::Send(xml("200 OK", &one_job()))).await;
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("Location: http://{}/\r\n", other.address);
        let error = stop_at(Script::Send(response(status, &location, b""))).await;
        let expected: u16 = status[..3].parse().expect("a status");
        match &error.failure {
            Failure::Malformed { status, reason } => {
                assert_eq!(
                    (*status, &**reason),
                    (
                        Some(expected),
                        &*format!("HTTP {expected} from IPS: a redirect, which the gateway does not follow")
                    )
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(error.delivery, Delivery::Unknown);
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn an_answer_that_is_not_soap_is_told_by_its_kind() {
    for (status, body, reason) in [
        (502, "<html><body>Bad gateway</body></html>", "an HTML page, not a SOAP answer"),
        (200, "", "an empty body"),
        (200, " \n", "an empty body"),
        (404, "Not here", "a text that is no XML: has text outside its root element"),
        (200, "{\"status\": 503}", "a JSON document, not a SOAP answer"),
        (
            200,
            "<?xml version=\"1.0\"?><feed><entry/></feed>",
            "an XML document that is not the expected SOAP answer: the root element is feed, not a SOAP Envelope",
        ),
        (
            200,
            &*one_job(),
            "an XML document that is not the expected SOAP answer: contains getActiveJobsReturn instead of stopJobReturn",
        ),
        (200, &one_job()[..100], "an XML document that ends early, after 100 bytes"),
        (
            200,
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>",
            "an XML document that ends early, after 72 bytes",
        ),
    ] {
        let error = stop_at(Script::Send(xml(&format!("{status} X"), body))).await;
        match &error.failure {
            Failure::Malformed { status: seen, reason: given } => {
                assert_eq!(*seen, Some(status));
                assert_eq!(*given, format!("HTTP {status} with text/xml from IPS: {reason}"));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(error.delivery, Delivery::Unknown);
    }
}

#[tokio::test]
async fn unwritable_characters_are_not_sent() {
    let server = Server::start(Script::Send(xml("200 OK", &one_job()))).await;
    let client = client(&server);
    let request = SubmitJobParam { job_name: "a\u{1}".into(), ..SubmitJobParam::default() };
    let checked = client.check_submit(&request).expect_err("an error");
    let sent = client.submit_job(&caller(), &request).await.expect_err("an error");
    for error in [checked, sent] {
        assert_eq!((error.operation, error.delivery), ("submitJob", Delivery::NotSent));
        assert_eq!(error.failure.to_string(), "/jobName: contains the character U+0001, which XML does not permit");
    }
    assert!(client.check_submit(&SubmitJobParam::default()).is_ok());
    assert_eq!(server.connections(), 0);
}
