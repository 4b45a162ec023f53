//! Panics in handlers.

use std::sync::Arc;

use ips_gateway::app::Dependencies;
use ips_gateway::config::LogFormat;
use ips_gateway::ips::types::*;
use ips_gateway::telemetry;
use ips_gateway::upstream::{Call, Caller, CircuitState, IpsApi, ServiceAccountState, UpstreamError, UpstreamHealth};

use crate::support::Socket;
use crate::support::{Gateway, any_job};

/// An upstream whose operations panic.
struct Broken;

macro_rules! implement_with_panics {
    ($($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+) => {
        impl IpsApi for Broken {
            fn health(&self) -> UpstreamHealth {
                UpstreamHealth { circuit: CircuitState::Closed, suspended_companies: 0, last_success: None, last_failure: None, in_flight: 0, queued: 0, service_account: ServiceAccountState::Unknown }
            }
            fn check_submit(&self, _: &SubmitJobParam) -> Result<(), UpstreamError> {
                panic!("a bug")
            }
            $(fn $method<'a>(&'a self, _: &'a Caller, _: &'a $request) -> Call<'a, $answer> {
                Box::pin(async { panic!("a bug") })
            })+
        }
    };
}

for_each_operation!(implement_with_panics);

fn gateway() -> Gateway {
    let dependencies = Dependencies { upstream: Some(Arc::new(Broken)), ..Dependencies::default() };
    Gateway::start_in(dependencies, "http://ips.invalid/", &ApiVersion::default(), &[])
}

#[tokio::test]
async fn a_panic_in_a_handler_is_a_500_problem_and_keeps_the_connection() {
    let gateway = gateway();
    let mut socket = Socket::open(&gateway).await;
    let body = any_job("n").to_string();
    let head = "POST /jobs/validate HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer t\r\n";
    for _ in 0..3 {
        let length = body.len();
        socket.send(&format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")).await;
        let problem = socket.hear().await.problem(500, "internal-error");
        assert_eq!(problem["outcome"], "unknown", "{problem:#}");
        assert!(!problem.to_string().contains("a bug"), "what it says is for the log: {problem:#}");
    }
    socket.send("GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n").await;
    socket.hear().await.expect(200);
}

#[tokio::test]
async fn every_panic_is_counted() {
    let _telemetry = telemetry::init(LogFormat::Json).expect("it can log");
    let gateway = gateway();
    gateway.post_json("/jobs/validate", &any_job("n")).await.problem(500, "internal-error").await;
    gateway.get("/jobs?companyHandle=c%7C110").await.problem(500, "internal-error").await;
    let metrics = gateway.get("/metrics").await.expect(200).text();
    let counted = metrics.lines().find_map(|line| line.strip_prefix("ips_gateway_panics_total ")?.parse::<u64>().ok());
    assert!(counted.is_some_and(|counted| counted >= 2), "{counted:?}\n{metrics}");
}
