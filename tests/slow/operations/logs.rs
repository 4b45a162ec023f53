//! The access log: one line of JSON per request.

use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::process::Process;
use crate::support::{ScriptedUpstream, http_client};

/// The only line of the request with this id.
#[track_caller]
fn line<'a>(lines: &'a [Value], id: &str) -> &'a Value {
    let found: Vec<_> = lines.iter().filter(|line| line["request_id"] == id).collect();
    assert_eq!(found.len(), 1, "{id} in {lines:#?}");
    found[0]
}

#[tokio::test]
async fn a_request_is_one_log_line_without_personal_data() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = Process::serve(upstream.url(), &[("IPS_GATEWAY_CORS_ORIGINS", "https://app.example.com")]);
    let client = http_client();
    let request = |id: &str, method: Method, path: &str| {
        let request = client.request(method, format!("{}{path}", gateway.url)).header("X-Request-Id", id);
        request.basic_auth("katlyn@example.com", Some("hidden-password"))
    };
    for (id, method, path) in [
        ("loaded", Method::GET, "/jobs?companyHandle=c%7C110"),
        ("hit", Method::GET, "/jobs?companyHandle=c%7C110&submittedBy=henrik@example.com"),
        ("company", Method::GET, "/jobs"),
        ("nowhere", Method::GET, "/henrik@example.com"),
        ("wrong-method", Method::PUT, "/jobs"),
        ("odd-method", Method::from_bytes(b"BREW").expect("a method"), "/jobs"),
        ("wrong-id", Method::GET, "/jobs/MXJjfDExMB9oZW5yaWs"),
    ] {
        request(id, method, path).send().await.expect("an answer");
    }
    let preflight = request("preflight", Method::OPTIONS, "/jobs").header("Origin", "https://app.example.com");
    preflight.header("Access-Control-Request-Method", "GET").send().await.expect("an answer");
    let no_id = client.get(format!("{}/livez", gateway.url)).send().await.expect("an answer");
    let made = no_id.headers()["x-request-id"].to_str().expect("a word").to_owned();

    let exited = gateway.terminate().await;
    let lines = exited.requests();
    assert_eq!(lines.len(), 9, "{lines:#?}");
    let loaded = line(&lines, "loaded");
    assert_eq!(
        (&loaded["level"], &loaded["method"], &loaded["route"], &loaded["status"], &loaded["calls"]),
        (&"INFO".into(), &"GET".into(), &"/jobs".into(), &200.into(), &"getActiveJobs".into()),
        "{loaded:#}"
    );
    assert!(loaded["duration_ms"].as_f64().is_some_and(|took| took > 0.0), "{loaded:#}");
    assert!(loaded["cache"].as_str().is_some_and(|cache| cache.contains("fwd=miss")), "{loaded:#}");
    let hit = line(&lines, "hit");
    assert!(hit["cache"].as_str().is_some_and(|cache| cache.contains("hit")), "{hit:#}");
    assert!(hit.get("calls").is_none(), "{hit:#}");
    assert_eq!(line(&lines, "company")["calls"], "getCompanyMembership", "{lines:#?}");
    assert_eq!(line(&lines, "nowhere")["route"], "unknown");
    assert_eq!(
        (&line(&lines, "wrong-method")["method"], &line(&lines, "wrong-method")["status"]),
        (&"PUT".into(), &405.into())
    );
    assert_eq!(line(&lines, "odd-method")["method"], "_OTHER");
    assert_eq!(
        (&line(&lines, "wrong-id")["route"], &line(&lines, "wrong-id")["status"]),
        (&"/jobs/{job}".into(), &422.into())
    );
    assert_eq!(line(&lines, "preflight")["method"], "OPTIONS");
    assert_eq!(line(&lines, &made)["route"], "/livez");
    for private in ["katlyn", "henrik", "hidden-password", "c|110", "c%7C110", "MXJjfDEx", "BREW"] {
        assert!(!exited.stderr.contains(private), "{private} is in\n{}", exited.stderr);
    }
}

#[tokio::test]
async fn a_request_of_a_disconnected_client_is_logged_as_499() {
    let upstream = ScriptedUpstream::start().await;
    upstream.reply("getActiveJobs", crate::support::Reply::Silence);
    // The call goes on without the client: its timeout has to end before the grace period.
    let gateway = Process::serve(upstream.url(), &[("IPS_GATEWAY_UPSTREAM_TIMEOUT", "2s")]);
    let address = gateway.url.strip_prefix("http://").expect("an address").to_owned();
    let mut stream = TcpStream::connect(&address).await.expect("it listens");
    let head = "GET /jobs?companyHandle=c%7C110 HTTP/1.1\r\nHost: x\r\nX-Request-Id: gone\r\nAuthorization: Bearer token\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("it reads");
    while upstream.calls("getActiveJobs") == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    // A reset makes the server drop the request; an orderly end would not.
    stream.set_zero_linger().expect("it can be set");
    drop(stream);
    while !gateway.stderr().contains("\"gone\"") {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let lines = gateway.terminate().await.requests();
    assert_eq!(line(&lines, "gone")["status"], 499, "{lines:#?}");
}

#[tokio::test]
async fn the_duration_of_a_malformed_head_begins_with_its_first_byte() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = Process::serve(upstream.url(), &[]);
    let mut stream =
        TcpStream::connect(gateway.url.strip_prefix("http://").expect("an address")).await.expect("it listens");
    stream.write_all(b"GET /livez HTTP/1.1\r\n").await.expect("it reads");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    stream.write_all(b"No colon\r\n\r\n").await.expect("it reads");
    stream.read_to_end(&mut Vec::new()).await.expect("an answer");
    let lines = gateway.terminate().await.requests();
    assert!(lines[0]["duration_ms"].as_f64().is_some_and(|took| took >= 250.0), "{lines:#?}");
}

#[tokio::test]
async fn callers_cannot_forge_log_lines() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = Process::serve(upstream.url(), &[]);
    let address = gateway.url.strip_prefix("http://").expect("an address").to_owned();
    let forged = r#"{"level":"ERROR","message":"forged"}"#;
    let heads = [
        format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\x1b[31m{forged}\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\t{forged}\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-Id: {}\r\n\r\n", "a".repeat(129)),
        format!("GET /%0a{}HTTP HTTP/1.1\r\nHost: x\r\n\r\n", forged.replace('"', "%22").replace(' ', "%20")),
        format!("GET /jobs/%0d%0aforged/log?q=%0aforged HTTP/1.1\r\nHost: x\r\nReferer: {forged}\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\nHost: x\r\ntraceparent: {forged}\r\ntracestate: {forged}\r\n\r\n"),
        "FORGED /livez HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
    ];
    for head in &heads {
        let mut stream = TcpStream::connect(&address).await.expect("it listens");
        stream.write_all(head.as_bytes()).await.expect("it reads");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap_or_else(|error| panic!("no answer to {head:?}: {error}"));
        assert!(answer.starts_with(b"HTTP/1.1 "), "{answer:?}");
    }
    let exited = gateway.terminate().await;
    // The first line is that of the start.
    assert_eq!(exited.lines().len(), heads.len() + 1, "{}", exited.stderr);
    assert!(!exited.stderr.to_lowercase().contains("forged"), "{}", exited.stderr);
}

#[tokio::test]
async fn malformed_heads_are_logged_once_at_level_info() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = Process::serve(upstream.url(), &[("IPS_GATEWAY_REQUEST_TIMEOUT", "300ms")]);
    let address = gateway.url.strip_prefix("http://").expect("an address").to_owned();
    let begun = "GET /livez HTTP/1.1\r\nHost: x\r\n";
    let heads = [
        (format!("{begun}X-Request-Id: forged\0\r\n\r\n"), 400),
        ("FORGED\r\n\r\n".to_owned(), 400),
        (format!("{begun}{}\r\n", "X-Forged: 1\r\n".repeat(100)), 431),
        (format!("{begun}X-Forged: {}", "x".repeat(40_000)), 431),
        (format!("{begun}X-Forged: "), 408),
    ];
    let mut ids = Vec::new();
    for (head, _) in &heads {
        let mut stream = TcpStream::connect(&address).await.expect("it listens");
        stream.write_all(head.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        // Unread bytes of the head may cause a reset.
        let _ = stream.read_to_string(&mut answer).await;
        let id = answer.lines().find_map(|line| line.strip_prefix("x-request-id: "));
        ids.push(id.unwrap_or_else(|| panic!("no id in {answer:?}")).to_owned());
    }
    let exited = gateway.terminate().await;
    let lines = exited.requests();
    assert_eq!((lines.len(), exited.lines().len()), (heads.len(), heads.len() + 1), "{}", exited.stderr);
    for (id, (_, status)) in ids.iter().zip(&heads) {
        let line = line(&lines, id);
        assert_eq!(
            (&line["level"], &line["method"], &line["route"], &line["status"]),
            (&"INFO".into(), &"_OTHER".into(), &"unknown".into(), &(*status).into()),
            "{line:#}"
        );
    }
    assert!(!exited.stderr.to_lowercase().contains("forged"), "{}", exited.stderr);
}
