//! The client over real sockets: its requests, and how it classifies responses and failures.

use std::io::Write;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use ips_gateway::clock::Clock;
use ips_gateway::ips::types::*;
use ips_gateway::upstream::{
    Answered, Caller, CircuitState, CredentialSource, Credentials, Delivery, Failure, IpsApi, UpstreamError,
};
use ips_gateway::upstream::{ClientConfig, IpsClient};

use super::server::{Script, Server, response, xml};
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
        patience: Duration::from_millis(200),
        failures_before_rest: NonZeroU32::new(5),
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
    Caller {
        companies: None,
        holder: None,
        credentials: Credentials::Password { user: "user@example.com".into(), password: "s3cret<&>".to_owned().into() },
        source: CredentialSource::Caller,
        locale: Some("de-DE".into()),
    }
}

/// Reads the active jobs.
async fn list(client: &IpsClient) -> Result<Answered<GetActiveJobsReturn>, UpstreamError> {
    client.get_active_jobs(&caller(), &GetActiveJobsParam::default()).await
}

/// Reads the active jobs from a server with a script.
async fn list_from(script: Script) -> Result<Answered<GetActiveJobsReturn>, UpstreamError> {
    list(&client(&Server::start(script).await)).await
}

/// Stops a job: a mutation.
async fn stop(client: &IpsClient) -> Result<Answered<StopJobReturn>, UpstreamError> {
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
    assert_eq!(answered.value.job_array[0].name, "spring_1");
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
    let caller = Caller { credentials: token, locale: None, ..caller() };
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
    let document = active_jobs(&format!(
        "<jobArray><items>{IDENTITY}</items><items><name>n</name><progress>x</progress></items></jobArray>"
    ));
    let answered = list_from(Script::Send(xml("200 OK", &document))).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(answered.value.job_array.len(), 1);
    assert_eq!(answered.bad_items[0].path, "jobArray.items[1].progress");
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
    assert!(matches!(&error.failure, Failure::Cut(_)), "{error:?}");
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
                assert_eq!((*status, &**reason), (Some(expected), "it redirects elsewhere, which is not followed"));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(error.delivery, Delivery::Unknown);
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn an_answer_that_is_not_soap_is_malformed() {
    for (status, body, reason) in [
        (502, "<html><body>Bad gateway</body></html>", "the root element is html, not a SOAP Envelope"),
        (200, "", "holds no element"),
        (404, "Not here", "has text outside its root element"),
        (200, &*one_job(), "holds getActiveJobsReturn in place of stopJobReturn"),
    ] {
        let error = stop_at(Script::Send(xml(&format!("{status} X"), body))).await;
        match &error.failure {
            Failure::Malformed { status: seen, reason: given } => assert_eq!((*seen, &**given), (Some(status), reason)),
            other => panic!("{other:?}"),
        }
        assert_eq!(error.delivery, Delivery::Unknown);
    }
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let error = stop(&client_of(&format!("http://user:s3cret@{address}/"))).await.expect_err("no answer");
    assert!(matches!(&error.failure, Failure::Connect(_)), "{error:?}");
    assert_eq!(error.delivery, Delivery::NotSent);
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_failed_tls_handshake_is_not_sent() {
    // Plain text where TLS is expected.
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = plain.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = plain.accept().await {
            drop(tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
        }
    });
    let error = stop(&client_of(&format!("https://{address}/"))).await.expect_err("no answer");
    assert!(matches!(&error.failure, Failure::Tls(_)), "{error:?}");
    assert_eq!(error.delivery, Delivery::NotSent);
}

#[tokio::test]
async fn a_truncated_answer_leaves_the_outcome_unknown() {
    let whole = xml("200 OK", &one_job());
    for script in [
        Script::HangUp,
        Script::SendAndClose(Vec::new()),
        Script::SendAndClose(b"HTTP/1.1 200".to_vec()),
        Script::SendAndClose(whole[..whole.len() - 20].to_vec()),
    ] {
        let error = stop_at(script.clone()).await;
        assert!(matches!(&error.failure, Failure::Cut(_)), "{script:?}: {error:?}");
        assert_eq!(error.delivery, Delivery::Unknown);
    }
}

#[tokio::test]
async fn a_truncated_answer_without_content_length_is_not_complete() {
    let document = one_job();
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let cut = format!("{head}{}", &document[..document.len() - 20]);
    let error = list_from(Script::SendAndClose(cut.into_bytes())).await.expect_err("no answer");
    assert!(matches!(&error.failure, Failure::Malformed { status: Some(200), .. }), "{error:?}");
    let whole = list_from(Script::SendAndClose(format!("{head}{document}").into_bytes())).await;
    assert!(whole.is_ok(), "{whole:?}");
}

#[tokio::test]
async fn a_slow_answer_is_a_timeout() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<a>".to_vec();
    for script in [Script::StaySilent, Script::Send(head)] {
        let start = Instant::now();
        let error = stop_at(script).await;
        assert!(matches!(error.failure, Failure::Timeout(limit) if limit == Duration::from_secs(1)), "{error:?}");
        assert_eq!(error.delivery, Delivery::Unknown);
        assert!(start.elapsed() < Duration::from_secs(10), "it took {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn reads_share_a_connection_and_mutations_do_not() {
    let server = Server::start(Script::Send(xml("200 OK", &one_job()))).await;
    let reads = client(&server);
    for _ in 0..3 {
        let answered = list(&reads).await;
        assert!(answered.is_ok(), "{answered:?}");
    }
    assert_eq!(server.connections(), 1);

    let stopped = envelope("<stopJobReturn xmlns=\"http://www.scene7.com/IpsApi/xsd/2014-04-03\"/>");
    let server = Server::start(Script::Send(xml("200 OK", &stopped))).await;
    let changes = client(&server);
    for _ in 0..3 {
        let answered = stop(&changes).await;
        assert!(answered.is_ok(), "{answered:?}");
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_read_is_retried_after_a_lost_connection_and_a_mutation_never() {
    for script in
        [Script::HangUp, Script::SendAndClose(Vec::new()), Script::SendAndClose(b"HTTP/1.1 200 OK\r\n".to_vec())]
    {
        let server = Server::start(script.clone()).await;
        assert!(matches!(list(&client(&server)).await, Err(UpstreamError { failure: Failure::Cut(_), .. })));
        assert_eq!(server.connections(), 3, "{script:?}");
        let server = Server::start(script.clone()).await;
        assert!(stop(&client(&server)).await.is_err());
        assert_eq!(server.connections(), 1, "{script:?}");
    }
}

#[tokio::test]
async fn a_read_succeeds_on_its_retry() {
    let server = Server::start_with(vec![Script::HangUp, Script::Send(xml("200 OK", &one_job()))]).await;
    let answered = list(&client(&server)).await;
    assert!(answered.is_ok(), "{answered:?}");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn permanent_failures_are_not_retried() {
    let fault =
        envelope("<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>x</faultstring></soapenv:Fault>");
    for answer in
        [xml("503 Busy", "busy"), xml("500 X", &fault), xml("200 OK", ""), response("307 X", "Location: /\r\n", b"")]
    {
        let server = Server::start(Script::Send(answer)).await;
        assert!(list(&client(&server)).await.is_err());
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn all_attempts_share_one_timeout() {
    let slow_end = Script::WaitAndClose(Duration::from_millis(400));
    let server = Server::start(slow_end).await;
    let began = Instant::now();
    assert!(list(&client(&server)).await.is_err());
    assert!((2..=3).contains(&server.connections()), "{} tries", server.connections());
    assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
}

#[tokio::test]
async fn retries_have_a_budget_of_20_percent_and_then_the_circuit_opens() {
    let server = Server::start(Script::HangUp).await;
    let client = client(&server);
    let mut refused = None;
    for _ in 0..6 {
        refused = list(&client).await.err();
    }
    let refused = refused.expect("no answer");
    assert!(matches!(refused.failure, Failure::Suspended { .. }), "{refused:?}");
    assert_eq!((refused.delivery, client.health().circuit), (Delivery::NotSent, CircuitState::Open));
    assert!(server.connections() <= 6, "{} calls", server.connections());
    let before = server.connections();
    let change = stop(&client).await.expect_err("no answer");
    assert_eq!((change.failure.code(), change.delivery), ("suspended", Delivery::NotSent));
    assert_eq!(server.connections(), before);
}

#[tokio::test]
async fn calls_above_the_concurrency_limit_are_not_sent() {
    let server = Server::start(Script::StaySilent).await;
    let client = Arc::new(client(&server));
    let calls: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn({
                let client = Arc::clone(&client);
                async move { stop(&client).await }
            })
        })
        .collect();
    while server.seen().len() < 8 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let health = client.health();
    assert_eq!((health.in_flight, health.waiting), (8, 0));
    let refused = stop(&client).await.expect_err("no answer");
    assert_eq!((refused.failure.code(), refused.delivery), ("busy", Delivery::NotSent), "{refused:?}");
    assert!(refused.retry_after().is_some_and(|wait| wait >= Duration::from_millis(200)), "{refused:?}");
    for call in calls {
        let ended = call.await.expect("no panic").expect_err("no answer");
        assert_eq!((ended.failure.code(), ended.delivery), ("timeout", Delivery::Unknown));
    }
    assert_eq!((server.connections(), client.health().in_flight), (8, 0));
}

#[tokio::test]
async fn unwritable_characters_are_not_sent() {
    let server = Server::start(Script::Send(xml("200 OK", &one_job()))).await;
    let client = client(&server);
    let request = SubmitJobParam { job_name: "a\u{1}".into(), ..SubmitJobParam::default() };
    let checked = client.check_submit(&request).expect_err("a complaint");
    let sent = client.submit_job(&caller(), &request).await.expect_err("a complaint");
    for error in [checked, sent] {
        assert_eq!((error.operation, error.delivery), ("submitJob", Delivery::NotSent));
        assert_eq!(error.failure.to_string(), "/jobName: holds the character U+0001, which XML can't carry");
    }
    assert!(client.check_submit(&SubmitJobParam::default()).is_ok());
    assert_eq!(server.connections(), 0);
}
