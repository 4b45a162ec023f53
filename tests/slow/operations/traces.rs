//! Traces from the caller through the gateway to IPS.

use std::time::{Duration, Instant};

use reqwest::RequestBuilder;
use tokio::net::TcpListener;

use super::collector::Collector;
use crate::support::process::Process;
use crate::support::{ScriptedUpstream, fault, http_client};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

fn get(gateway: &Process, path: &str) -> RequestBuilder {
    http_client().get(format!("{}{path}", gateway.url)).basic_auth("katlyn@example.com", Some("hidden-password"))
}

fn of_caller(request: RequestBuilder) -> RequestBuilder {
    request.header("traceparent", format!("00-{TRACE}-{CALLER}-01")).header("tracestate", "vendor=opaque")
}

async fn expect(request: RequestBuilder, status: u16) {
    let answer = request.send().await.expect("an answer");
    let found = answer.status();
    assert_eq!(found, status, "{}", answer.text().await.unwrap_or_default());
}

/// A header of the only call of an operation.
#[track_caller]
fn header(upstream: &ScriptedUpstream, operation: &str, name: &str) -> Option<String> {
    let heads = upstream.heads(operation);
    assert_eq!(heads.len(), 1, "{operation}: {heads:#?}");
    let mut headers = heads[0].lines().filter_map(|line| line.split_once(": "));
    headers.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
}

#[tokio::test]
async fn trace_context_is_propagated_from_the_caller_to_ips() {
    let (collector, upstream) = (Collector::start().await, ScriptedUpstream::start().await);
    let gateway = Process::serve(
        upstream.url(),
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url), ("OTEL_SERVICE_NAME", "gateway-of-the-test")],
    );
    expect(of_caller(get(&gateway, "/jobs?companyHandle=c%7C110").header("X-Request-Id", "req-1")), 200).await;
    let exited = gateway.terminate().await;
    assert!(exited.status.success(), "{}", exited.stderr);

    let request = collector.span("GET /jobs");
    assert_eq!((request.trace.as_str(), request.parent.as_str(), request.kind), (TRACE, CALLER, 2), "{request:#?}");
    for (name, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/jobs"),
        ("http.response.status_code", "200"),
        ("ips_gateway.request_id", "req-1"),
    ] {
        assert_eq!(request.attributes.get(name).map(String::as_str), Some(value), "{name} in {request:#?}");
    }
    assert_eq!(request.resource["service.name"], "gateway-of-the-test");
    assert_eq!(request.resource["service.version"], env!("CARGO_PKG_VERSION"));

    let call = collector.span("IpsApiService/getActiveJobs");
    assert_eq!((&call.trace, &call.parent, call.kind), (&request.trace, &request.id, 3), "{call:#?}");
    for (name, value) in [("rpc.system", "soap"), ("rpc.method", "getActiveJobs"), ("server.address", "127.0.0.1")] {
        assert_eq!(call.attributes.get(name).map(String::as_str), Some(value), "{name} in {call:#?}");
    }
    assert_eq!(header(&upstream, "getActiveJobs", "traceparent"), Some(format!("00-{TRACE}-{}-01", call.id)));
    assert_eq!(header(&upstream, "getActiveJobs", "tracestate").as_deref(), Some("vendor=opaque"));

    let lines = exited.requests();
    assert_eq!(lines[0]["trace_id"], TRACE, "{lines:#?}");
    let exported = collector.text();
    for private in ["hidden-password", "katlyn", "c|110", "c%7C110"] {
        assert!(!exported.contains(private), "{private} is in {:#?}", collector.spans());
    }
}

#[tokio::test]
async fn failures_are_recorded_in_spans() {
    let (collector, upstream) = (Collector::start().await, ScriptedUpstream::start().await);
    upstream.reply("getActiveJobs", fault("ipsApiFault", 30000, "something hidden", 200));
    let gateway = Process::serve(upstream.url(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)]);
    expect(get(&gateway, "/jobs?companyHandle=c%7C110"), 502).await;
    expect(get(&gateway, "/nowhere/katlyn"), 404).await;
    gateway.terminate().await;

    let call = collector.span("IpsApiService/getActiveJobs");
    assert_eq!(call.status, 2, "{call:#?}");
    assert_eq!(
        (call.attributes["error.type"].as_str(), call.attributes["rpc.soap.fault_code"].as_str()),
        ("fault", "30000")
    );
    let request = collector.span("GET /jobs");
    assert_eq!((request.status, request.attributes["error.type"].as_str()), (2, "502"), "{request:#?}");
    assert_eq!((request.parent.as_str(), request.resource["service.name"].as_str()), ("", "ips-gateway"));
    let nowhere = collector.span("GET");
    assert_eq!(
        (nowhere.status, nowhere.attributes.get("http.route")),
        (0, None),
        "a 404 is no failure of the server: {nowhere:#?}"
    );
    assert!(!collector.text().contains("hidden"), "{:#?}", collector.spans());
}

#[tokio::test]
async fn without_an_exporter_trace_context_is_passed_on_or_created() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = Process::serve(upstream.url(), &[]);
    expect(of_caller(get(&gateway, "/jobs?companyHandle=c%7C110")), 200).await;
    assert_eq!(header(&upstream, "getActiveJobs", "traceparent"), Some(format!("00-{TRACE}-{CALLER}-01")));
    assert_eq!(header(&upstream, "getActiveJobs", "tracestate").as_deref(), Some("vendor=opaque"));

    expect(get(&gateway, "/companies"), 200).await;
    let begun = header(&upstream, "getCompanyMembership", "traceparent").expect("a trace");
    let parts: Vec<_> = begun.split('-').collect();
    assert!(matches!(parts[..], ["00", trace, parent, "00"] if trace.len() == 32 && parent.len() == 16), "{begun}");
    assert_eq!(header(&upstream, "getCompanyMembership", "tracestate"), None);
    let requests = gateway.terminate().await.requests();
    assert_eq!(requests[1]["trace_id"], parts[1], "{requests:#?}");
}

#[tokio::test]
async fn an_invalid_traceparent_starts_a_new_trace() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = Process::serve(upstream.url(), &[]);
    for broken in ["00-zz-zz-01", "", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "katlyn@example.com"] {
        expect(get(&gateway, "/livez").header("traceparent", broken), 200).await;
    }
    let requests = gateway.terminate().await.requests();
    let ids: Vec<_> = requests.iter().map(|line| line["trace_id"].as_str().expect("an id")).collect();
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|id| id.len() == 32 && id.contains(|digit| digit != '0')), "{ids:?}");
}

#[tokio::test]
async fn the_configured_sampler_is_used() {
    let (collector, upstream) = (Collector::start().await, ScriptedUpstream::start().await);
    let sampler = ("OTEL_TRACES_SAMPLER", "parentbased_always_off");
    let gateway = Process::serve(upstream.url(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url), sampler]);
    expect(of_caller(get(&gateway, "/jobs?companyHandle=c%7C110")), 200).await;
    expect(get(&gateway, "/companies"), 200).await;
    gateway.terminate().await;
    let names: Vec<_> = collector.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["IpsApiService/getActiveJobs", "GET /jobs"], "only what the caller samples");
    let begun = header(&upstream, "getCompanyMembership", "traceparent").expect("a trace");
    assert!(begun.ends_with("-00"), "{begun}");
}

#[tokio::test]
async fn a_hanging_or_unreachable_collector_delays_no_request_and_no_shutdown() {
    let upstream = ScriptedUpstream::start().await;
    // The kernel accepts connections, but nothing responds.
    let hanging = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let hanging_url = format!("http://{}", hanging.local_addr().expect("an address"));
    for url in [&*hanging_url, "http://127.0.0.1:1"] {
        let settings = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", url),
            ("OTEL_BSP_SCHEDULE_DELAY", "50"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "64"),
        ];
        let gateway = Process::serve(upstream.url(), &settings);
        let client = http_client();
        let began = Instant::now();
        for _ in 0..300 {
            expect(client.get(format!("{}/livez", gateway.url)), 200).await;
        }
        let took = began.elapsed();
        assert!(took < Duration::from_secs(10), "300 requests took {took:?} with {url}");
        let began = Instant::now();
        let exited = gateway.terminate().await;
        assert!(exited.status.success(), "{}", exited.stderr);
        assert!(began.elapsed() < Duration::from_secs(8), "it took {:?} to end with {url}", began.elapsed());
        assert_eq!(exited.requests().len(), 300);
    }
}

#[tokio::test]
async fn an_unsupported_export_protocol_is_a_warning() {
    let upstream = ScriptedUpstream::start().await;
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
    let gateway = Process::serve(upstream.url(), &settings);
    expect(get(&gateway, "/livez"), 200).await;
    let exited = gateway.terminate().await;
    let warnings: Vec<_> = exited.lines().into_iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(warnings.len(), 1, "{}", exited.stderr);
    assert_eq!(warnings[0]["problem"], "OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf");
}
