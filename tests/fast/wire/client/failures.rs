//! Transport failures: the failure reported, and whether the request may have reached IPS.

use std::time::{Duration, Instant};

use ips_gateway::upstream::{Delivery, Failure};

use super::server::{Script, xml};
use super::{client_of, list_from, one_job, stop, stop_at};

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
        assert!(matches!(&error.failure, Failure::Incomplete(_)), "{script:?}: {error:?}");
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
