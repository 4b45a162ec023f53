//! Connections, retries, circuit breaker and concurrency limit of the client.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ips_gateway::upstream::{CircuitState, Delivery, Failure, IpsApi, UpstreamError};

use super::super::envelope;
use super::server::{Script, Server, response, xml};
use super::{client, list, one_job, stop};

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
        assert!(matches!(list(&client(&server)).await, Err(UpstreamError { failure: Failure::Incomplete(_), .. })));
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
    assert!((2..=3).contains(&server.connections()), "{} attempts", server.connections());
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
    assert!(matches!(refused.failure, Failure::CircuitOpen { .. }), "{refused:?}");
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
    assert_eq!((health.in_flight, health.queued), (8, 0));
    let refused = stop(&client).await.expect_err("no answer");
    assert_eq!((refused.failure.code(), refused.delivery), ("busy", Delivery::NotSent), "{refused:?}");
    assert!(refused.retry_after().is_some_and(|wait| wait >= Duration::from_millis(200)), "{refused:?}");
    for call in calls {
        let ended = call.await.expect("no panic").expect_err("no answer");
        assert_eq!((ended.failure.code(), ended.delivery), ("timeout", Delivery::Unknown));
    }
    assert_eq!((server.connections(), client.health().in_flight), (8, 0));
}
