//! Line breaks and NUL in paths, queries and headers: none reaches a response head or a call of IPS.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::ORDINARY;

use crate::support::World;
use crate::support::{Heard, Socket};

/// Texts that would inject a header or a response if written unescaped.
const BREAKS: [&str; 5] = [
    "%0d%0aInjected:%20yes",
    "%0aInjected:%20yes",
    "x%0d%0a%0d%0aHTTP/1.1%20200%20Injected",
    "%00",
    "c%7C110%00%0d%0aInjected:%20yes",
];

async fn ask(world: &World, method: &str, target: &str, lines: &str) -> Heard {
    let authorization = STANDARD.encode(format!("{}:{}", ORDINARY.email, ORDINARY.password));
    let mut socket = Socket::open(&world.gateway).await;
    let request = format!("{method} {target} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Basic {authorization}\r\n");
    socket.send(format!("{request}Connection: close\r\n{lines}\r\n")).await;
    let heard = socket.hear().await;
    // Exactly one response.
    socket.expect_end().await;
    assert!(!heard.head.contains("njected"), "{method} {target}: {heard:?}");
    heard
}

#[tokio::test]
async fn line_breaks_in_a_path_are_refused_without_a_call() {
    let world = World::with(Population::Seeded, &[("COMPANY", "c|110")]);
    for text in BREAKS {
        for (method, target) in [
            ("GET", format!("/jobs/{text}")),
            ("DELETE", format!("/jobs/{text}")),
            ("POST", format!("/jobs/{text}/stop")),
            ("GET", format!("/jobs/{text}/log")),
            ("GET", format!("/jobs/{text}/events")),
            ("GET", format!("/companies/{text}")),
            ("GET", format!("/assets/{text}/job-logs")),
            ("GET", format!("/problems/{text}")),
            ("GET", format!("/swagger-ui/{text}")),
            ("GET", format!("/board/{text}")),
            ("GET", format!("/{text}")),
        ] {
            let heard = ask(&world, method, &target, "").await;
            assert!([404, 422].contains(&heard.status), "{method} {target}: {heard:?}");
            assert!(heard.head.contains("application/problem+json"), "{method} {target}: {heard:?}");
            assert_eq!(world.calls(), 0, "{method} {target} asked IPS: {heard:?}");
        }
    }
}

#[tokio::test]
async fn line_breaks_in_a_query_are_refused_without_a_call() {
    let world = World::with(Population::Seeded, &[("COMPANY", "c|110")]);
    for text in BREAKS {
        for target in [
            format!("/jobs?companyHandle={text}"),
            format!("/jobs?company={text}"),
            format!("/jobs?status={text}"),
            format!("/jobs?phase={text}"),
            format!("/jobs?cursor={text}"),
            format!("/jobs?limit={text}"),
            format!("/jobs?{text}=1"),
            format!("/job-logs?from={text}"),
            format!("/job-logs?sort={text}"),
            format!("/job-logs?companyHandle={text}"),
            format!("/jobs/events?companyHandle={text}"),
            format!("/jobs/events?ticket={text}"),
        ] {
            let heard = ask(&world, "GET", &target, "").await;
            assert!((400..500).contains(&heard.status), "{target}: {heard:?}");
            assert!(heard.head.contains("application/problem+json"), "{target}: {heard:?}");
            assert_eq!(world.calls(), 0, "{target} asked IPS: {heard:?}");
        }
    }
}

#[tokio::test]
async fn echoed_headers_hold_no_escapes() {
    let world = World::empty();
    for text in BREAKS {
        let heard = ask(&world, "GET", "/livez", &format!("X-Request-Id: {text}\r\n")).await.expect(200);
        assert!(!heard.head.contains('%'), "{heard:?}");
        for name in
            ["traceparent", "tracestate", "If-None-Match", "Prefer", "Origin", "Accept-Language", "Last-Event-ID"]
        {
            let heard = ask(&world, "GET", "/jobs", &format!("{name}: {text}\r\n")).await.expect(200);
            assert!(!heard.head.contains('%'), "{name}: {heard:?}");
        }
    }
    for name in ["X-Request-Id", "traceparent", "Origin"] {
        for bare in ["\r", "\0", "\x1b[31m", "\x7f"] {
            let heard = ask(&world, "GET", "/livez", &format!("{name}: a{bare}Injected: yes\r\n")).await;
            heard.problem(400, "bad-request");
        }
    }
}
