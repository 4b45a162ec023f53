//! Untrusted certificates: no byte of a call is sent to a server with one.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use chrono::TimeDelta;
use futures_util::future::join_all;
use ips_gateway::ips::types::ApiVersion;
use ips_gateway::runtime::clock::Clock;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::upstream::HostileUpstream;
use super::{SETTINGS, TIMEOUT, document};
use crate::support::certificate_authority::{Authority, for_host, key};
use crate::support::{Answer, Gateway, START, active_job, any_job, envelope, id};

const LIST: &str = "/jobs?companyHandle=c%7C110";
const TRUSTED: &str = "Trusted";
const UNTRUSTED: &str = "is issued by an authority that is not trusted";
/// The address of the upstream.
const HOST: &str = "127.0.0.1";

/// The handshake with a certificate of this authority.
fn handshake(authority: &Authority, params: CertificateParams) -> Handshake {
    let (certificate, key) = authority.certify(params);
    Handshake::Certificate(Arc::new(server(vec![certificate.der().clone()], &key)))
}

fn server(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> ServerConfig {
    let key = key.serialize_der().try_into().expect("a key");
    ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("they belong together")
}

/// How a server handles a new connection.
#[derive(Clone)]
enum Handshake {
    Certificate(Arc<ServerConfig>),
    /// Sends plain text instead of TLS.
    Plain(&'static str),
    /// Reads the client's hello and closes.
    Close,
}

/// An upstream behind TLS, or a broken one.
struct TlsUpstream {
    upstream: HostileUpstream,
    url: String,
    handshake: Arc<Mutex<Handshake>>,
}

impl TlsUpstream {
    async fn start(handshake: &Handshake) -> Self {
        let upstream = HostileUpstream::start().await;
        upstream.set("getActiveJobs", document(&envelope("getActiveJobs", &jobs())));
        upstream.set("submitJob", document(&envelope("submitJob", "<jobHandle>j|110|nightly||</jobHandle>")));
        let inner = upstream.url.split('/').nth(2).expect("an address").to_owned();
        let listener = TcpListener::bind((HOST, 0)).await.expect("a free port");
        let url = format!("https://{}/scene7/services/IpsApiService", listener.local_addr().expect("an address"));
        let handshake = Arc::new(Mutex::new(handshake.clone()));
        let shared = Arc::clone(&handshake);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let handshake = shared.lock().expect("no panic").clone();
                tokio::spawn(accept(stream, handshake, inner.clone()));
            }
        });
        Self { upstream, url, handshake }
    }

    fn gateway(&self, clock: &Clock, settings: &[(&str, &str)]) -> Gateway {
        let settings = [SETTINGS, settings].concat();
        Gateway::start(&self.url, &ApiVersion::default(), clock, &settings)
    }

    /// Sets the handling of new connections.
    fn set_handshake(&self, handshake: &Handshake) {
        *self.handshake.lock().expect("no panic") = handshake.clone();
    }
}

async fn accept(mut stream: TcpStream, handshake: Handshake, inner: String) {
    // The gateway closes the connection in most tests.
    match handshake {
        Handshake::Certificate(config) => {
            let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await else { return };
            let mut inner = TcpStream::connect(inner).await.expect("it listens");
            let _ = copy_bidirectional(&mut stream, &mut inner).await;
        }
        Handshake::Plain(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Handshake::Close => {
            let _ = stream.read(&mut [0; 16_384]).await;
        }
    }
}

fn jobs() -> String {
    format!("<jobArray>{}</jobArray>", active_job("nightly", ""))
}

fn clock() -> Clock {
    Clock::manual(START.parse().expect("a time"))
}

/// Untrusted servers, and the text of the problem that each causes.
fn untrusted_servers(trusted: &Authority) -> Vec<(&'static str, Handshake, &'static str)> {
    let dated = |from, until| {
        let mut params = for_host(HOST);
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
        handshake(trusted, params)
    };
    let key = key();
    let self_signed = for_host(HOST).self_signed(&key).expect("a certificate");
    let self_signed = Handshake::Certificate(Arc::new(server(vec![self_signed.der().clone()], &key)));
    vec![
        ("an unknown certificate authority", handshake(&Authority::named("Unknown"), for_host(HOST)), UNTRUSTED),
        (
            "a certificate authority of the same name",
            handshake(&Authority::named(TRUSTED), for_host(HOST)),
            "is not signed by its authority",
        ),
        ("a self-signed certificate", self_signed, UNTRUSTED),
        ("another host", handshake(trusted, for_host("inside.example.com")), "is for another host"),
        ("an expired certificate", dated(2001, 2002), "has expired"),
        ("a certificate that is not valid yet", dated(2999, 3000), "is not valid yet"),
        ("no TLS", Handshake::Plain("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), "TLS: "),
        ("a closed connection", Handshake::Close, "TLS: "),
    ]
}

/// Asserts that the call was not sent, and why.
async fn not_sent(what: &str, answer: Answer, why: &str) -> Value {
    let problem = answer.problem(502, "upstream-unreachable").await;
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(why)), "{what}{answer}");
    assert_eq!(problem["retryable"], true, "{what}{answer}");
    for private in [HOST, "inside.example.com", "sandbox-katlyn"] {
        assert!(!answer.to_string().contains(private), "{what}: {private} is in the problem{answer}");
    }
    problem
}

#[tokio::test]
async fn an_untrusted_server_gets_no_call_and_replaces_no_list() {
    let trusted = Authority::named(TRUSTED);
    let file = trusted.file();
    let good = handshake(&trusted, for_host(HOST));
    let trials = untrusted_servers(&trusted).into_iter().map(|(what, bad, why)| {
        let (file, good) = (file.as_str(), good.clone());
        async move { check_untrusted_server(what, &bad, &good, file, why).await }
    });
    join_all(trials).await;
}

/// First without a cached list, then with one, and trusted again at the end.
async fn check_untrusted_server(what: &str, bad: &Handshake, good: &Handshake, file: &str, why: &str) {
    let (secured, clock) = (TlsUpstream::start(bad).await, clock());
    let gateway = secured.gateway(&clock, &[("UPSTREAM_CA_FILE", file)]);
    let submit = || gateway.post_json(LIST, &any_job("nightly")).header("Idempotency-Key", "\"k\"");

    let began = Instant::now();
    not_sent(what, gateway.get(LIST).await, why).await;
    let problem = not_sent(what, submit().await, why).await;
    assert_eq!(problem["outcome"], "not_sent", "{what}: {problem:#}");
    assert!(began.elapsed() < TIMEOUT * 15, "{what} took {:?}", began.elapsed());

    secured.set_handshake(good);
    clock.advance(TimeDelta::seconds(60));
    let known = gateway.get(LIST).await.ok();
    assert_eq!(known["jobs"][0]["originalName"], "nightly", "{what} is no list");

    secured.set_handshake(bad);
    clock.advance(TimeDelta::seconds(60));
    let answer = gateway.get(LIST).await.expect(200);
    let kept = answer.json();
    assert_eq!((&kept["jobs"], &kept["stale"]), (&known["jobs"], &json!(true)), "{what}{answer}");
    assert!(answer.header("cache-status").contains("detail=upstream-failed"), "{what}{answer}");
    let problem = not_sent(what, gateway.post(&format!("/jobs/{}/stop", id(&known["jobs"][0]))).await, why).await;
    assert_eq!(problem["outcome"], "not_sent", "{what}: {problem:#}");
    for operation in ["submitJob", "stopJob"] {
        assert_eq!(secured.upstream.calls(operation), 0, "{what}: {operation} was sent");
    }

    secured.set_handshake(good);
    submit().await.expect(202);
    assert_eq!(secured.upstream.calls("submitJob"), 1, "{what}: it can be repeated");
}

#[tokio::test]
async fn a_private_certificate_authority_is_trusted_if_configured() {
    let authority = Authority::named(TRUSTED);
    let secured = TlsUpstream::start(&handshake(&authority, for_host(HOST))).await;
    let without_file = secured.gateway(&clock(), &[]);
    not_sent("without the file", without_file.get(LIST).await, UNTRUSTED).await;
    let other = Authority::named("Other").file();
    let with_other_file = secured.gateway(&clock(), &[("UPSTREAM_CA_FILE", &other)]);
    not_sent("with another file", with_other_file.get(LIST).await, UNTRUSTED).await;
    assert_eq!(secured.upstream.calls("getActiveJobs"), 0);

    let gateway = secured.gateway(&clock(), &[("UPSTREAM_CA_FILE", &authority.file())]);
    let list = gateway.get(LIST).await.ok();
    assert_eq!(list["jobs"][0]["originalName"], "nightly", "{list:#}");
    gateway.post_json(LIST, &any_job("nightly")).await.expect(202);
    assert_eq!(secured.upstream.calls("submitJob"), 1);
}
